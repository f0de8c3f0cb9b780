import { expect, test } from 'vitest'
import { noteCheckOf } from '../../adapters/cli/note-check.ts'
import { frontmatterV1 } from '../../systems/sentinel/contract.ts'

const good = '---\ntitle: A\nslug: a\ndescription: It is.\ntags: []\n---\nText.\n'
const mood = {
  ...frontmatterV1,
  name: 'mood/v1',
  schema: { type: 'object', required: ['mood'], properties: { mood: { enum: ['calm'] } } },
}

/** The contract `mood/v1` under a name of its own, and the one that follows on it. */
const moodThen = (name: string, next: string) => ({ ...mood, name, ...Object.fromEntries([['then', next]]) })

test('a note is held to the contract in force', () => {
  const check = noteCheckOf({ contract: 'frontmatter/v1', contracts: [] })
  expect(check(good)).toEqual([])
  expect(check('Only text.\n')).toEqual(
    ['title', 'slug', 'description', 'tags'].map((key) => `${key} is missing (frontmatter/v1)`),
  )
  expect(check('---\ntitle: [\n---\n')).toEqual([expect.stringMatching(/^line \d+: the front matter /)])
})

test('and to those that follow on it, even in a circle', () => {
  const contracts = [moodThen('first/v1', 'frontmatter/v1'), moodThen('mood/v1', 'first/v1')]
  const check = noteCheckOf({ contract: 'first/v1', contracts })
  expect(check(good)).toEqual(['mood is missing (first/v1)'])
  expect(check(good.replace('---\n', '---\nmood: calm\n'))).toEqual([])
  const circle = noteCheckOf({ contract: 'mood/v1', contracts: [moodThen('mood/v1', 'mood/v1')] })
  expect(circle('---\nmood: calm\n---\n')).toEqual([])
})
