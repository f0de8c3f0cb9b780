import { isPlain, Letter, letterOf, lettersOf } from './letters.ts'

/** What a text hides, as bits. */
export const Concealed = {
  /** Characters of no width between letters. */
  zeroWidth: 1,
  /** Controls that turn the direction of writing. */
  direction: 2,
  /** Tag characters, which spell out ASCII that nobody sees. */
  tags: 4,
  /** Variation selectors in a row, which can carry bytes. */
  selectors: 8,
  /** More marks on one letter than any writing has. */
  marks: 16,
  /** Greek or Cyrillic letters in a word that is otherwise Latin. */
  lookalikes: 32,
} as const

/** A text as a reader sees it, and what was concealed in it as bits of `Concealed`. */
export type Revealed = { readonly text: string; readonly concealed: number }

/** No writing puts more marks on one letter; more of them would also make normalisation quadratic. */
const marksMax = 30

/**
 * The text for matching: NFKC, invisible characters gone, letters that pretend to be Latin folded.
 * Plain text comes back as it is; what belongs to an emoji or to a script that needs joiners goes, but is no concealment.
 */
export function reveal(text: string): Revealed {
  if (isPlain(text)) return { text, concealed: 0 }
  const bits = lettersOf(text)
  let result = text
  let concealed = 0
  if ((bits & (Letter.hidden | Letter.mark)) !== 0) {
    const visible = withoutHidden(text)
    result = visible.text
    concealed = visible.concealed
  }
  const unstable = (bits & Letter.unstable) !== 0
  if (unstable) result = result.normalize('NFKC')
  // Letters in a mathematical style are of no script before NFKC, and Greek after it.
  const shown = unstable ? lettersOf(result) : bits
  if ((shown & Letter.lookalike) === 0) return { text: result, concealed }
  const folded = withoutLookalikes(result)
  if (folded === result) return { text: result, concealed }
  return { text: folded.normalize('NFKC'), concealed: concealed | Concealed.lookalikes }
}

function withoutHidden(text: string): Revealed {
  let result = ''
  let kept = 0
  let concealed = 0
  let marks = 0
  let visible = 0
  let hiddenRun = 0
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at)!
    const bits = letterOf(point)
    const next = at + (point > 0xffff ? 2 : 1)
    const hides = (bits & Letter.hidden) !== 0
    if (!hides) marks = (bits & Letter.mark) === 0 ? 0 : marks + 1
    if (hides || marks > marksMax) {
      concealed |= hides ? kindOf(point, visible, hiddenRun, at) : Concealed.marks
      result += text.slice(kept, at)
      kept = next
    } else visible = point
    hiddenRun = hides ? hiddenRun + 1 : 0
    at = next
  }
  return { text: result + text.slice(kept), concealed }
}

const flag = 0x1f3f4

/** What one hidden character means: nothing after an emoji or in a script that joins letters, much after a Latin letter. */
function kindOf(point: number, before: number, hiddenBefore: number, at: number): number {
  if (point >= 0xe0000 && point <= 0xe007f) return before === flag && hiddenBefore < 8 ? 0 : Concealed.tags
  if ((point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069)) return Concealed.direction
  const ordinary = hiddenBefore < 2 && before > 0x2ff
  if ((point >= 0xfe00 && point <= 0xfe0f) || point >= 0xe0100)
    return ordinary || keycap(before) ? 0 : Concealed.selectors
  if (point === 0x00ad || (point === 0xfeff && at === 0) || ordinary) return 0
  return Concealed.zeroWidth
}

/** Digits, `#`, `*`, © and ® become emoji by a selector. */
function keycap(point: number): boolean {
  return (point >= 0x30 && point <= 0x39) || point === 0x23 || point === 0x2a || point === 0xa9 || point === 0xae
}

const lookalikes = new Map<string, string>(
  ['аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝw', 'АAВBЕEКKМMНHОOРPСCТTХXУYІIЈJЅS', 'αaοoνvρpιiυuκk', 'ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX']
    .join('')
    .match(/../gu)!
    .map((pair): [string, string] => [pair[0]!, pair[1]!]),
)

/** Only words that mix Latin with look-alikes, and hold nothing of the other script that has no Latin double. */
function withoutLookalikes(text: string): string {
  return text.replace(/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]+/gu, (word) => {
    if (!/\p{Script=Latin}/u.test(word)) return word
    let folded = ''
    for (const letter of word) {
      const latin = (letterOf(letter.codePointAt(0)!) & Letter.lookalike) === 0 ? letter : lookalikes.get(letter)
      if (latin === undefined) return word
      folded += latin
    }
    return folded
  })
}
