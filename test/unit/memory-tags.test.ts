import { describe, expect, test } from 'vitest'
import { type About, Mentions, readMentions, unknownAbout } from '../../systems/memory/mentions.ts'
import { tagsMax, tagsOf } from '../../systems/memory/tags.ts'
import { readWords, Words } from '../../systems/text/words.ts'

const words = new Words()
const mentions = new Mentions()

function tags(text: string, some: Partial<About> = {}): string[] {
  const about = { ...unknownAbout, ...some }
  readWords(text, words)
  readMentions(words, about, mentions)
  return tagsOf(words, about, mentions)
}

describe('Tags', () => {
  test('say where a memory comes from', () => {
    expect(tags('hello', { source: 'Discord', channel: '42', author: 'Mel B' })).toEqual([
      'author/mel b',
      'chan/42',
      'src/discord',
    ])
  })

  test('say what is in the text: failures, files, hosts, hashtags', () => {
    expect(tags('ECONNRESET in docs/a.md, see https://example.org/x #build', { paths: ['b.TS'] })).toEqual([
      'err/econnreset',
      'file/md',
      'file/ts',
      'net/example.org',
      'topic/build',
    ])
  })

  test('that were given come first, each once, in the order of their code units', () => {
    expect(
      tags('nothing else', { source: 'note', tags: ['zeta', 'Alpha', '#zeta', ' beta  two ', '', '__proto__'] }),
    ).toEqual(['__proto__', 'alpha', 'beta two', 'zeta', 'src/note'])
  })

  test('are few, and rules have room beside those that were given', () => {
    const given = Array.from({ length: 100_000 }, (_, index) => `t${index}`)
    const found = tags('ECONNRESET', { source: 'note', tags: given })
    expect(found).toHaveLength(14)
    expect(found.slice(-2)).toEqual(['err/econnreset', 'src/note'])
    const hashtags = Array.from({ length: 40 }, (_, index) => `#tag${index}`).join(' ')
    expect(tags(hashtags)).toHaveLength(tagsMax)
  })

  test.each([
    ['fs.read', 'docs/a.md', 'read-only'],
    ['search', 'who wrote the deletion policy', 'read-only'],
    ['fs.write', 'docs/a.md', 'side-effect'],
    ['sendMessage', 'hi', 'side-effect'],
    ['shell', 'rm -rf /tmp/x', 'destructive'],
    ['git', 'push --force origin', 'destructive'],
    ['sql', 'DROP TABLE users', 'destructive'],
    ['deleteFile', 'a', 'destructive'],
  ])('the risk of %s %s is %s', (tool, text, risk) => {
    expect(tags(text, { tool })).toContain(`risk/${risk}`)
  })

  test('no risk is said of what is no tool call', () => {
    expect(tags('rm -rf /')).toEqual([])
  })
})

describe('The language of a text', () => {
  const many = (sentence: string): string => `${sentence} `.repeat(8)
  test.each([
    ['en', many('The harbour is one of those places that you have to see with somebody who was there before.')],
    ['de', many('Der Hafen ist einer der Orte, die man mit jemand sehen soll, und nicht allein auf den Wegen.')],
    [
      'fr',
      many('Le port est un des lieux que vous devez voir avec une personne qui les aime, et pas seul dans la nuit.'),
    ],
    ['es', many('El puerto es uno de los lugares que hay que ver con una persona para no estar solo, pero sin prisa.')],
    ['ru', many('Порт это одно из тех мест, которые надо увидеть вместе с другом.')],
    ['ja', many('これは港の写真です。とても静かなところでした。')],
    ['zh', many('港口是必须和朋友一起去看的地方之一，夜里非常安静。')],
  ])('%s', (language, text) => {
    expect(tags(text)).toContain(`lang/${language}`)
  })

  test('is not guessed from few words, nor from words of none', () => {
    expect(tags('The harbour is one of those places.')).toEqual([])
    expect(tags('alpha beta gamma delta '.repeat(30))).toEqual([])
  })
})
