/** A whole terminal sequence: CSI, a string (OSC and others) with its end, or two characters. Every part is bounded. */
const escapes =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]{0,4096}(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]{0,4}[0-~]?/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
/** Characters nobody sees, by which a text can say what its reader does not know of; emoji and scripts keep theirs. */
const invisible = new RegExp(
  [
    '[\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e0fff}]',
    '(?<=[\\u0000-\\u02ff\\u200c\\u200d\\ufe00-\\ufe0e])[\\u200c\\u200d]',
    '(?<=[\\ufe00-\\ufe0f\\u200c\\u200d])[\\ufe00-\\ufe0f]',
  ].join('|'),
  'gu',
)

/** A text as its reader sees it: lines end with `\n`, tabs stay, other controls and what is invisible are gone. O(length). */
export function plain(text: string): string {
  const lines = text.replace(/\r\n?|[\u2028\u2029]/g, '\n')
  return lines.replace(escapes, '').replace(controls, '').replace(invisible, '').toWellFormed()
}
