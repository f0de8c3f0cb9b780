import { plain } from '../../../systems/cephalon/leaks/plain.ts'

/** A text from outside as a terminal may show it: nothing is left that a terminal would obey. */
export { plain }

const invisible = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu

/**
 * A text as the operator must see it before it is obeyed: nothing is taken out, and whatever does not print, or prints as a
 * blank without being one, stands as `\u{…}`. Line feeds stay. O(length).
 */
export function visible(text: string): string {
  return text.replace(invisible, (character) =>
    character === '\n' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** What may be the beginning of something longer: a sequence for a terminal, the end of a line, half a character. */
const begun =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /(?:(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]{0,4096}\u001b?|\u001b[ -/]{0,4}|\r|[\ud800-\udbff])$/

/** Makes a text plain that comes in pieces: what has only begun is held back until it is whole. */
export class PlainPieces {
  #held = ''

  /** The part of the text so far that can be shown and was not. */
  take(piece: string): string {
    const text = this.#held + piece
    const at = text.search(begun)
    const cut = at < 0 ? text.length : at
    this.#held = text.slice(cut)
    return plain(text.slice(0, cut))
  }

  /** What was held back, at the end. */
  end(): string {
    const rest = plain(this.#held)
    this.#held = ''
    return rest
  }
}
