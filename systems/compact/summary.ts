import { checkLater, type JsonSchema } from '../../engine/schema.ts'

/** What a summary is, how one that a model gave is judged, and how it reads. */

/** Of a group. `sources` of a bullet are rows in Memory: what it was taken from. */
export type Summary = {
  readonly topic: string
  readonly bullets: readonly { readonly text: string; readonly sources: readonly number[] }[]
  readonly decisions: readonly string[]
  readonly open_loops: readonly string[]
  readonly patterns: readonly string[]
  readonly entities: readonly string[]
}

const line = (most: number): JsonSchema => ({ type: 'string', minLength: 1, maxLength: most, pattern: '\\S' })
const lines = (most: number): JsonSchema => ({ type: 'array', items: line(400), maxItems: most })

/** JSON Schema of a summary; a model is shown it. */
export const summarySchema: JsonSchema = {
  type: 'object',
  required: ['topic', 'bullets', 'decisions', 'open_loops', 'patterns', 'entities'],
  properties: {
    topic: line(120),
    bullets: {
      type: 'array',
      minItems: 1,
      maxItems: 64,
      items: {
        type: 'object',
        required: ['text', 'sources'],
        properties: {
          text: line(600),
          sources: { type: 'array', items: { type: 'integer', minimum: 1 }, minItems: 1, maxItems: 64 },
        },
        additionalProperties: false,
      },
    },
    decisions: lines(16),
    open_loops: lines(16),
    patterns: lines(16),
    entities: { type: 'array', items: line(80), maxItems: 32 },
  },
  additionalProperties: false,
}

const check = checkLater(summarySchema, 'summary')

/**
 * Judges what a model gave as a summary of these memories: it must be of the schema, and every bullet must name memories of the
 * group and no other. O(length)
 */
export function judge(value: unknown, members: readonly number[]): Summary | { readonly reason: string } {
  const [problem] = check(value)
  if (problem !== undefined) return { reason: `${problem.path || 'the summary'} ${problem.message}` }
  const summary = value as Summary
  const known = new Set(members)
  for (const { sources } of summary.bullets) {
    const stranger = sources.find((source) => !known.has(source))
    if (stranger !== undefined) return { reason: `bullets name the source ${stranger}, which is not in the group` }
  }
  return summary
}

/** A summary as it is remembered; when its members were said stands beside it. O(length) */
export function render({ bullets, decisions, open_loops, patterns, entities }: Summary): string {
  const text = bullets.map((bullet) => `- ${oneLine(bullet.text)}`)
  const also = (name: string, what: readonly string[]): void => {
    if (what.length > 0) text.push(`${name}: ${what.map(oneLine).join('; ')}`)
  }
  also('Decided', decisions)
  also('Open', open_loops)
  also('Again and again', patterns)
  also('About', entities)
  return text.join('\n')
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
