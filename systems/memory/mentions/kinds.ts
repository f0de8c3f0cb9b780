export { KeyKind, MentionField } from '../../components.ts'

/** What the text of a key begins with, by kind. */
export const kindPrefix: readonly string[] = [
  '',
  'tag:',
  'topic:',
  'path:',
  'url:',
  'site:',
  'tool:',
  'chan:',
  'thread:',
  'author:',
  'ent:',
  'err:',
  'ops:',
  'day:',
  'year:',
  'src:',
  'id:',
]

/**
 * How useful a mention is when there are more than a memory may keep: the highest stay. What a kind is worth in a walk
 * is another number, and the business of the walk.
 */
export const rank = {
  context: 240, //  who said it, where: a memory without these is an orphan
  title: 220,
  error: 200,
  path: 190,
  url: 180,
  identifier: 170,
  entity: 150, //   and a little more for each word and each time it is said
  tag: 140,
  opening: 120,
  site: 100,
  day: 90,
  year: 60,
  part: 40, //      a part of a longer name: it helps to meet, no more
} as const

/** The word of a mention that stands in no word of the text. */
export const noWord = 0xffff_ffff
