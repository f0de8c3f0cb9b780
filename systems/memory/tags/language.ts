import { hashText } from '../../text/hash.ts'
import type { Words } from '../../text/words.ts'

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
const languageOf = new Map<number, number[]>()
languages.forEach((language, index) => {
  for (const word of frequent[language]!.split(' ')) {
    const raw = hashText(word)
    languageOf.set(raw, [...(languageOf.get(raw) ?? []), index])
  }
})

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
  const byScript = new Map<string, number>()
  const byWord = new Uint16Array(languages.length)
  for (let index = 0; index < count; index++) {
    const unit = words.text.charCodeAt(words.start[index]!)
    if (unit >= 0x370) {
      const language = scripts.find(([from, to]) => unit >= from && unit <= to)?.[2] ?? ''
      byScript.set(language, (byScript.get(language) ?? 0) + 1)
    } else for (const language of languageOf.get(words.raw[index]!) ?? []) byWord[language]!++
  }
  // Japanese is written in Chinese characters too, Chinese never in kana.
  if ((byScript.get('ja') ?? 0) * 10 > count) return 'ja'
  for (const [language, seen] of byScript) if (seen * 2 > count) return language
  return commonest(byWord, count)
}

function commonest(byWord: Uint16Array, count: number): string {
  let best = 0
  for (let index = 1; index < byWord.length; index++) if (byWord[index]! > byWord[best]!) best = index
  const second = byWord.reduce((most, seen, index) => (index === best ? most : Math.max(most, seen)), 0)
  return byWord[best]! * 12 >= count && byWord[best]! >= second * 2 ? languages[best]! : ''
}
