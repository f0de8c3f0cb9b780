import { createRequire } from 'node:module'
import { EngineError, reasonOf } from '../engine/errors.ts'

/** Counts the tokens of a text. */
export type Count = (text: string) => number

const require = createRequire(import.meta.url)
/** What looks like a mark of a chat's template is text like any other: a count must not refuse it. */
const options = { disallowedSpecial: new Set<string>() }

/**
 * Loads the tokenizer of an encoding (`o200k_base`, `cl100k_base`) of the package gpt-tokenizer, at once, because who needs it is a
 * tick. It takes 100 to 300 ms and up to 31 MB. @throws EngineError PACKAGE_MISSING
 */
export function loadTokenizer(encoding: string): Count {
  try {
    const { countTokens } = require(`gpt-tokenizer/encoding/${encoding}`) as {
      countTokens(text: string, options: { disallowedSpecial: ReadonlySet<string> }): number
    }
    return (text) => countTokens(text, options)
  } catch (thrown) {
    const reason = `the tokenizer ${encoding} cannot be loaded; install it with npm install gpt-tokenizer (${reasonOf(thrown)})`
    throw new EngineError('PACKAGE_MISSING', reason, { value: encoding, cause: thrown })
  }
}

/** Whether the package is there, without loading it. */
export function hasTokenizers(): boolean {
  try {
    require.resolve('gpt-tokenizer/encoding/o200k_base')
    return true
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) return false
    throw thrown
  }
}
