import { states } from '../../../engine/world/archetype.ts'

/** What kind of thing a key names. The numbers are stored with every key: new kinds go to the end. */
export const KeyKind = states(
  'none',
  'tag', //        a tag that was given or a hashtag: `tag:build`, or typed: `tag:risk/destructive`
  'topic', //      `topic:gardening`
  'path', //       `path:docs/a.md`
  'url', //        `url:example.org/page?q=1`, without the scheme
  'site', //       `site:example.org`: the host of a url
  'tool', //       `tool:search`
  'channel', //    `chan:general`
  'thread', //     `thread:session 1`
  'author', //     `author:melanie`
  'entity', //     `ent:university of copenhagen`
  'error', //      `err:timeout`, `err:http-503`, `err:exit-137`
  'ops', //        `ops:backlog-high`
  'day', //        `day:2023-05-07`, in UTC
  'year', //       `year:2023`
  'source', //     `src:discord`
  'identifier', // `id:readwords`
)

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
 * Where a key was mentioned: as the whole title; in the text; in the metadata or inside the title; and, weakest, as a
 * single word whose capital may be only that of its sentence (`opening`).
 */
export const MentionField = states('none', 'title', 'text', 'metadata', 'opening')

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
