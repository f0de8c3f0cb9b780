import { reasonOf } from '../../engine/errors.ts'
import type { Json } from '../../engine/flow/event.ts'
import { type Check, compileForeignSchema, compileSchema, type JsonSchema, type Problem } from '../../engine/schema.ts'

/** How to ask for front matter and how to judge it: plain data, so a config may hold one. */
export type Contract = {
  /** With its version: `frontmatter/v1`. */
  readonly name: string
  /** What a model is told to do. */
  readonly about: string
  /** JSON Schema of the front matter; keys it does not name belong to the author and are allowed. */
  readonly schema: JsonSchema
  /** In which order missing keys are added. */
  readonly order: readonly string[]
  /** The key that receives the time of a successful write, as an ISO string. */
  readonly stamp?: string
  readonly attempts_max: number
  /** The contract that starts when this one is met. */
  readonly then?: string
  /** What the offline proposer gives when it finds nothing better. */
  readonly defaults?: { readonly [key: string]: Json }
}

export type CompiledContract = {
  readonly contract: Contract
  /** What is wrong with front matter; empty when it meets the contract. Pure. */
  readonly check: Check
}

/** A title, a slug, a description and tags, in a form that Obsidian understands too. An empty list of tags is valid. */
export const frontmatterV1: Contract = {
  name: 'frontmatter/v1',
  about:
    'Propose YAML front matter for the note: title (one line, as the note would call itself), slug (lower-case ASCII ' +
    'words joined by single hyphens), description (one or two sentences that say what the note is about), tags (a few ' +
    'short topics, without blanks or #). Answer with one JSON object that holds only the keys that were asked for.',
  schema: {
    type: 'object',
    required: ['title', 'slug', 'description', 'tags'],
    properties: {
      // A folded block scalar ends with a line end, which is still one line.
      title: { type: 'string', maxLength: 300, allOf: [{ pattern: '\\S' }, { pattern: '^[^\\r\\n]*\\n?$' }] },
      // Says ^[a-z0-9]+(-[a-z0-9]+)*$ without a repetition inside a repetition, which compileSchema refuses.
      slug: {
        type: 'string',
        maxLength: 120,
        allOf: [{ pattern: '^[a-z0-9-]+$' }, { pattern: '^(?!-)(?!.*--)(?!.*-$)' }],
      },
      description: { type: 'string', pattern: '\\S' },
      tags: { type: 'array', uniqueItems: true, items: { type: 'string', pattern: '^(?!\\d+$)[^\\s#,]+$' } },
    },
  },
  order: ['title', 'slug', 'description', 'tags'],
  stamp: 'tagged_at',
  attempts_max: 5,
  defaults: { tags: [] },
}

/**
 * Compiles a contract once; the caller keeps the result.
 * @throws EngineError SCHEMA_INVALID
 */
export function compileContract(contract: Contract): CompiledContract {
  const compile = contract === frontmatterV1 ? compileSchema : compileForeignSchema
  const check = compile(contract.schema, contract.name)
  return {
    contract,
    check: (data) => {
      try {
        return check(data)
      } catch (thrown) {
        // A note may hold keys such as `valueOf`, on which the comparison of objects stumbles.
        return [{ path: '', message: `cannot be checked: ${reasonOf(thrown)}` }]
      }
    },
  }
}

/** The top-level keys that problems are about, in the contract's order: what a proposal may set. */
export function keysAtFault(contract: Contract, problems: readonly Problem[]): readonly string[] {
  const properties = contract.schema['properties']
  const named = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  const keys = new Set([...contract.order, ...named])
  return [...keys].filter((key) => problems.some(({ path }) => path === key || path.startsWith(`${key}.`)))
}
