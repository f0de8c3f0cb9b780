/** What a note says of itself before it begins. */
const frontMatter = /^\uFEFF?---[ \t]*\r?\n[\s\S]*?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/
const codeBlock = /^[ \t]*(```|~~~)[\s\S]*?(?:^[ \t]*\1[ \t]*$|$(?![\s\S]))/gm
const fence = /^[ \t]*(```|~~~)[ \t]*(\S*).*$/gm
const heading = /^#{1,6}[ \t]+(.*?)[ \t:#]*$/gm
const link = /\[([^\][]{1,200})\]\([^()\s]{1,500}\)/g
/** A text with less prose than this is quoted with its code. */
const proseUnitsMin = 80
/** The share of a sentence that is letters and blanks. */
const proseShare = 0.75
const shortUnits = 280
const quoteUnits = 400

/**
 * Of a short text all; of a long one the sentence that weighs most, with the next where there is room.
 * @param weigh what a sentence is worth; of those worth as much the first is taken
 */
export function bestPassage(text: string, weigh: (sentence: string) => number): string {
  const whole = readable(text)
  if (whole.length <= shortUnits) return whole
  const all = sentencesOf(whole)
  const prose = all.filter(isProse)
  const sentences = prose.length > 0 ? prose : all
  let best = 0
  let most = 0
  for (const [at, sentence] of sentences.entries()) {
    const weight = weigh(sentence)
    if (weight <= most) continue
    most = weight
    best = at
  }
  let part = sentences[best] ?? whole
  for (let at = best + 1; at < sentences.length; at++) {
    const longer = `${part} ${sentences[at]}`
    if (longer.length > quoteUnits) break
    part = longer
  }
  return part
}

/** Whether a sentence is mostly words: what is left of a cut block of code is not. */
function isProse(sentence: string): boolean {
  const words = sentence.replace(/[^\p{L}\p{M}\s]/gu, '')
  return words.length >= sentence.length * proseShare
}

/** A text without what is not meant to be read aloud: front matter, code, marks of headings, targets of links. */
export function readable(text: string): string {
  const body = text.replace(frontMatter, '').trim() || text.trim()
  const prose = afterCode(body).replace(codeBlock, '\n\n').trim()
  const kept = prose.length >= Math.min(proseUnitsMin, body.length) ? prose : body
  return kept.replace(heading, '$1:').replace(link, '$1')
}

/** A part of a note may begin in the middle of its code: then the first fence is one that closes. */
function afterCode(text: string): string {
  const fences = [...text.matchAll(fence)]
  const [first] = fences
  if (first === undefined || fences.length % 2 === 0 || first[2] !== '') return text
  return text.slice(first.index + first[0].length)
}

/** Sentences and headings, without the blanks around them. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?。！？]["'”’)\]]{0,2})\s+(?=\S)|\n\s*\n|\n(?=\s{0,3}(?:[-*+#>]|\d{1,3}[.)])\s?)/u)
    .map((sentence) => sentence.replace(/\s+/g, ' ').trim())
    .filter((sentence) => sentence !== '')
}
