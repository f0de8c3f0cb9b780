import type { Json } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import type { Contract } from '../../../systems/sentinel/contract.ts'

/** What a suite is, as its file says it and with its defaults filled in. */

/** A tool that does nothing and always gives what the suite says. */
export type CannedTool = {
  readonly name: string
  readonly about: string
  /** JSON Schema of the arguments; without one there are none. */
  readonly schema?: JsonSchema
  readonly returns?: Json
  /** The first whose schema the arguments meet says what is given instead. */
  readonly cases?: readonly { readonly when: JsonSchema; readonly returns: Json }[]
  /** What the tool says went wrong, where no case is met. */
  readonly fails?: string
}

/** What the answer must be like. Texts are compared without regard to case and to how blanks are set. */
export type AnswerRule = {
  readonly equals?: string
  /** All of them. */
  readonly contains?: readonly string[]
  readonly contains_any?: readonly string[]
  /** None of them. */
  readonly lacks?: readonly string[]
  /** A regular expression over the whole answer. */
  readonly matches?: string
  /** The answer is JSON of this schema, alone or in a code fence. */
  readonly json?: JsonSchema
}

/** Which tools must have been run, each with arguments that meet its schema. */
export type CallsRule = {
  readonly expect: readonly { readonly tool: string; readonly arguments?: JsonSchema }[]
  /** `in`: in the order given. Default `any`. */
  readonly order?: 'in' | 'any'
  /** Whether other calls may have been made as well; default no. */
  readonly besides?: boolean
}

/** The note meets a contract, and its body is as it was, byte for byte. */
export type FrontmatterRule = {
  readonly contract?: string
  /** What else must be true of the front matter. */
  readonly data?: JsonSchema
  /** Texts that must stand in the new head as they are here. */
  readonly keeps?: readonly string[]
}

/** One thing that must be true of a run; exactly one member is there. */
export type Validator = {
  readonly answer?: AnswerRule
  readonly calls?: CallsRule
  /** No tool was asked for. */
  readonly refuses?: true
  readonly frontmatter?: FrontmatterRule
  /** The note is as it was, byte for byte. */
  readonly untouched?: true
}

/** One task: a prompt that a turn answers, or a note that a sentinel repairs. */
export type Task = {
  readonly name: string
  readonly about?: string
  readonly prompt?: string
  readonly note?: { readonly path?: string; readonly text: string }
  readonly tools?: readonly CannedTool[]
  readonly validators: readonly Validator[]
  readonly runs?: number
}

/** A suite as its file says it. */
export type SuiteFile = {
  readonly name: string
  readonly about: string
  readonly instructions?: string
  readonly answer_tokens_max?: number
  /** The longest that one run may take. */
  readonly run_ms?: number
  /** Which contract notes are held to; default `frontmatter/v1`. */
  readonly contract?: string
  readonly contracts?: readonly (Omit<Contract, 'order' | 'attempts_max'> & Partial<Contract>)[]
  readonly tasks: readonly Task[]
}

/** A suite with its defaults, and what tells it from another of the same name. */
export type Suite = {
  readonly name: string
  readonly about: string
  readonly instructions: string
  readonly answer_tokens_max: number
  readonly run_ms: number
  readonly contract: string
  readonly contracts: readonly Contract[]
  readonly tasks: readonly Task[]
  /** The beginning of the SHA-256 of its file, in hex. */
  readonly hash: string
}

const defaults = { instructions: '', answer_tokens_max: 2_048, run_ms: 180_000, contract: 'frontmatter/v1' } as const

/** Fills in what a file leaves out. */
export function suiteOf({ contracts = [], ...file }: SuiteFile, hash: string): Suite {
  return {
    ...defaults,
    ...file,
    contracts: contracts.map((contract) => ({
      ...contract,
      order: contract.order ?? Object.keys((contract.schema['properties'] as object | undefined) ?? {}),
      attempts_max: contract.attempts_max ?? 5,
    })),
    hash,
  }
}
