import { WordTable } from '../../text/word-table.ts'
import { notAscii, type Words } from '../../text/words.ts'

/** Shorter texts say too little about their language. */
const wordsMin = 40
/** How many words are looked at. */
const wordsMost = 200

/** Words that are frequent in one language and rare in the others; the letters are folded as words are. */
const frequent: Readonly<Record<string, string>> = {
  en: 'the and of to is that it with for was this are you have',
  de: 'der die und das ist nicht ein eine mit von den zu auf ich',
  fr: 'le les et des est une dans pour pas que qui sur vous nous',
  es: 'el los las y una por con para del pero muy esta como mas',
  it: 'il gli che di una per non sono con della nel piu questo anche',
  pt: 'os uma nao com para mais por muito voce ele isso dos tem foi',
  nl: 'het een van niet dat met zijn voor ook maar wij deze naar bij',
}
const languages = Object.keys(frequent)
/** In which languages a word is frequent, one bit each. */
const languageOf = new WordTable(
  languages.flatMap((language, index) =>
    frequent[language]!.split(' ').map((word): [string, number] => [word, 1 << index]),
  ),
)
const byWord = new Uint16Array(languages.length)

/** Scripts that are written for one language above all, by their ranges of units. */
const scripts: readonly (readonly [from: number, to: number, language: string])[] = [
  [0x370, 0x3ff, 'el'],
  [0x400, 0x52f, 'ru'],
  [0x590, 0x5ff, 'he'],
  [0x600, 0x6ff, 'ar'],
  [0x900, 0x97f, 'hi'],
  [0xe00, 0xe7f, 'th'],
  [0x3040, 0x30ff, 'ja'],
  [0x3400, 0x9fff, 'zh'],
  [0xac00, 0xd7af, 'ko'],
]

/** The language of a long text as two letters, guessed from its script and its commonest words; empty when unsure. */
export function languageOfWords(words: Words): string {
  const count = Math.min(words.count, wordsMost)
  if (count < wordsMin) return ''
  let byScript: Map<string, number> | undefined
  byWord.fill(0)
  for (let index = 0; index < count; index++) {
    const start = words.start[index]!
    const unit = words.units[start] === notAscii ? words.text.charCodeAt(start) : 0
    if (unit < 0x370) {
      for (let bits = languageOf.of(words.raw[index]!); bits !== 0; bits &= bits - 1)
        byWord[31 - Math.clz32(bits & -bits)]!++
      continue
    }
    const language = scripts.find(([from, to]) => unit >= from && unit <= to)?.[2] ?? ''
    byScript ??= new Map()
    byScript.set(language, (byScript.get(language) ?? 0) + 1)
  }
  return (byScript === undefined ? '' : ofScript(byScript, count)) || commonest(count)
}

/** The language that more than half of the words are written in the script of; empty when there is none. */
function ofScript(byScript: ReadonlyMap<string, number>, count: number): string {
  // Japanese is written in Chinese characters too, Chinese never in kana.
  if ((byScript.get('ja') ?? 0) * 10 > count) return 'ja'
  for (const [language, seen] of byScript) if (seen * 2 > count) return language
  return ''
}

function commonest(count: number): string {
  let best = 0
  for (let index = 1; index < byWord.length; index++) if (byWord[index]! > byWord[best]!) best = index
  const second = byWord.reduce((most, seen, index) => (index === best ? most : Math.max(most, seen)), 0)
  return byWord[best]! * 12 >= count && byWord[best]! >= second * 2 ? languages[best]! : ''
}
