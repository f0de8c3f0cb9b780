import { createRequire } from 'node:module'
import type { structuredPatch } from 'diff'

const require = createRequire(import.meta.url)

/** A unified diff of the heads of a note, with control characters made visible: file texts are data, not terminal codes. */
export function diffOf(path: string, before: string, after: string): string {
  // Loaded with the first difference: most commands show none.
  const { structuredPatch: patchOf } = require('diff') as { structuredPatch: typeof structuredPatch }
  const patch = patchOf(path, path, before, after, '', '', { context: 2 })
  const hunks = patch.hunks.map((hunk) => hunk.lines.filter((line) => !line.startsWith('\\')))
  const lines = hunks.flatMap((hunk, index) => (index === 0 ? hunk : ['…', ...hunk]))
  return [`--- ${printable(path)}`, ...lines.map(printable)].join('\n')
}

/** The text with everything a terminal could obey replaced by its escape. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === '\t' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** The text made safe in the same way, with its line ends kept. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
