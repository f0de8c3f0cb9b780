import { describe, expect, test } from 'vitest'
import { ram } from '../../stores/ram.ts'
import { Content, Memory, MemoryKind } from '../../systems/components.ts'
import { botWindow_ms, personWindow_ms } from '../../systems/memory/duplicate.ts'
import { examples_max } from '../../systems/memory/flood.ts'
import { floodWindow_ms } from '../../systems/memory/floods/pending.ts'
import {
  alive,
  found,
  gauge,
  type Line,
  line,
  noon_ms,
  remembering,
  removed,
  saved,
  tell,
  textAt,
  whole,
} from '../support/memory.ts'

const opened = () => remembering(ram())

/** How many memories are made when the second is said so much later than the first. */
async function memoriesOf(first: Line, second: Line): Promise<number> {
  const engine = await opened()
  await tell(engine, { ts: noon_ms, ...first }, second)
  const count = alive(engine).length
  expect(gauge(engine, 'memories')).toBe(count)
  expect(gauge(engine, 'duplicates')).toBe(2 - count)
  await engine.stop()
  return count
}

describe('The same delivery', () => {
  test('is one memory whenever it comes again, in the same tick or later, whatever it says by then', async () => {
    const engine = await opened()
    const event = line({ text: 'The arm64 runner is back.', id: 'one' })
    await tell(engine, event, event)
    await tell(engine, { ...event, payload: { text: 'The arm64 runner is gone again.' } })
    expect(whole(engine)).toEqual([1])
    expect(textAt(engine, 1)).toBe('The arm64 runner is back.')
    expect([gauge(engine, 'memories'), gauge(engine, 'duplicates')]).toEqual([1, 2])
    expect(engine.world.of(Memory).copies[1], 'a redelivery is not said again').toBe(0)
    await engine.stop()
  })

  test('one id in two channels, or from two kinds of source, is two deliveries', async () => {
    const engine = await opened()
    await tell(
      engine,
      { text: 'Lunch is at noon.', id: 'one', channel: 'general' },
      { text: 'Lunch is at one.', id: 'one', channel: 'kitchen' },
      { text: 'Lunch is at two.', id: 'one', channel: 'general', kind: 'chat' },
    )
    expect(whole(engine)).toHaveLength(3)
    await engine.stop()
  })

  test('a copy that was counted is not counted again, nor remembered when its like has long been said anew', async () => {
    const engine = await opened()
    const hour_ms = 3_600_000
    const log = [
      line({ text: 'ok, on my way', id: 'a', ts: noon_ms }),
      line({ text: 'ok, on my way', id: 'b', ts: noon_ms + 10_000 }),
      line({ text: 'ok, on my way', id: 'c', ts: noon_ms + hour_ms }),
      line({ text: 'disk 81 % full on host-3', id: 'd', ts: noon_ms, bot: true, author: 'ops' }),
      line({ text: 'disk 84 % full on host-3', id: 'e', ts: noon_ms + 60_000, bot: true, author: 'ops' }),
      line({ text: 'disk 97 % full on host-3', id: 'f', ts: noon_ms + 2 * hour_ms, bot: true, author: 'ops' }),
    ]
    await tell(engine, ...log)
    const before = { rows: engine.world.rows(Memory), copies: [...engine.world.of(Memory).copies.slice(0, 9)] }
    expect(before.rows).toBe(4)
    await tell(engine, ...log)
    expect({ rows: engine.world.rows(Memory), copies: [...engine.world.of(Memory).copies.slice(0, 9)] }).toEqual(before)
    expect(gauge(engine, 'duplicates')).toBe(2 + log.length)
    await engine.stop()
  })
})

describe('The same words', () => {
  test.each([
    ['a person, within the window', { text: 'Any news?' }, personWindow_ms, 1],
    ['a person, after it', { text: 'Any news?' }, personWindow_ms + 1, 2],
    ['a program, within the window', { text: 'Deployed build 71.', bot: true }, botWindow_ms, 1],
    ['a program, after it', { text: 'Deployed build 71.', bot: true }, botWindow_ms + 1, 2],
    ['a tool, within the window', { text: 'Deployed build 71.', role: 'tool' as const }, botWindow_ms, 1],
  ])('of %s', async (_who, said, later_ms, count) => {
    expect(await memoriesOf(said, { ...said, ts: noon_ms + later_ms })).toBe(count)
    expect(await memoriesOf({ ...said, ts: noon_ms + later_ms }, { ...said, ts: noon_ms })).toBe(count)
  })

  test.each([
    ['by somebody else', { author: 'Ben' }],
    ['in another channel', { channel: 'kitchen' }],
    ['by a program of the same name', { bot: true }],
    ['at an unknown time', { ts: 0 }],
    ['with other blanks inside a word', { text: 'Any ne ws?' }],
  ])('%s are a memory of their own', async (_how, other: Partial<Line>) => {
    expect(await memoriesOf({ text: 'Any news?' }, { text: 'Any news?', ...other })).toBe(2)
  })

  test('numbers are what a person says, and noise in what a program says', async () => {
    expect(await memoriesOf({ text: 'We meet in room 1204.' }, { text: 'We meet in room 1205.' })).toBe(2)
    const [first, second] = ['Ping 35 ms at 12:01:07', 'Ping 41 ms at 12:02:11']
    expect(await memoriesOf({ text: first, bot: true }, { text: second, bot: true })).toBe(1)
    expect(await memoriesOf({ text: ' Any   news?\n' }, { text: 'Any news?' })).toBe(1)
  })

  test('of an unknown time are never within a window', async () => {
    expect(await memoriesOf({ text: 'Any news?', ts: 0 }, { text: 'Any news?', ts: 0 })).toBe(2)
    expect(await memoriesOf({ text: 'Ping', bot: true, ts: 0 }, { text: 'Ping', bot: true, ts: 0 })).toBe(2)
  })

  test('said again later are linked to the first, and recall shows them once', async () => {
    const engine = await opened()
    for (let day = 0; day < 3; day++) {
      await tell(engine, { text: 'The compost needs turning.', id: `day ${day}`, ts: noon_ms + day * 86_400_000 })
    }
    expect([...engine.world.of(Memory).same_as.slice(1, 4)]).toEqual([0, 1, 1])
    expect(found(engine, 'compost')).toHaveLength(1)
    await engine.stop()
  })
})

describe("The agent's own words, read back", () => {
  const answer = 'The arm64 build breaks because the cache key leaves out the architecture of the runner.'
  const spoken: Line = { text: answer, role: 'assistant', author: 'Duck', channel: 'general' }

  test.each([
    ['quoted by a person in another channel', { text: answer, channel: 'builds', author: 'Ada' }],
    [
      'posted by a program much later',
      { text: answer, channel: 'log', author: 'bridge', bot: true, ts: noon_ms + 9e9 },
    ],
    ['returned by a tool', { text: `  ${answer.replaceAll(' ', '\n')}`, role: 'tool' as const }],
    ['written as a note of the library', { text: answer, type: 'note.written' as const, kind: 'library' }],
  ])('%s stay one memory and are counted', async (_how, again: Line) => {
    const engine = await opened()
    await tell(engine, spoken, again, { ...again, id: 'once more' })
    expect(alive(engine)).toEqual([1])
    expect([gauge(engine, 'loops'), gauge(engine, 'duplicates'), gauge(engine, 'memories')]).toEqual([2, 2, 1])
    expect(engine.world.of(Memory).copies[1]).toBe(2)
    await engine.stop()
  })

  test('saved as a file stay one memory, which outlives the file', async () => {
    const engine = await opened()
    const text = `---\ntitle: The build\ntags: [ci]\n---\n${answer}\n`
    await tell(engine, spoken)
    await saved(engine, 'answer.md', text)
    await saved(engine, 'answer.md', text)
    expect(alive(engine)).toEqual([1])
    expect([gauge(engine, 'loops'), gauge(engine, 'duplicates')]).toEqual([1, 2])

    await saved(engine, 'answer.md', `${text}\nAnd Ben has mended it.\n`)
    expect(alive(engine), 'an edited note says something of its own').toEqual([1, 2])
    await removed(engine, 'answer.md')
    expect(alive(engine)).toEqual([1])
    expect(gauge(engine, 'memories')).toBe(1)
    await engine.stop()
  })

  test("short words are anybody's, and the agent may say the same twice", async () => {
    const engine = await opened()
    await tell(engine, { text: 'Yes.', role: 'assistant' }, { text: 'Yes.', channel: 'builds' })
    expect(alive(engine)).toHaveLength(2)
    await tell(engine, spoken, { ...spoken, ts: noon_ms + personWindow_ms + 1 })
    expect(alive(engine)).toHaveLength(4)
    expect(gauge(engine, 'loops')).toBe(0)
    await engine.stop()
  })
})

describe('A flood', () => {
  const words = 'apple birch cedar daisy elder ferns grape hazel'.split(' ')
  /** Two lines of a program that differ by one word of many, as SimHash sees it. */
  const alert = (n: number): string =>
    `Warning from the watcher of the northern greenhouse: the valve of bed ${words[n % 8]} did not answer in time, ` +
    'the pump was stopped, the reserve tank took over, and somebody should look at the pressure before the evening.'

  test('of a line whose numbers change is one memory and a number', async () => {
    const engine = await opened()
    for (let n = 0; n < 10_000; n++) {
      const text = `Job ${n} failed after ${n % 977} ms with exit code ${n % 251}`
      const event = line({ text, bot: true, author: 'ci', ts: noon_ms + n * 10 })
      while (!engine.publish(event)) await engine.step()
    }
    await tell(engine)
    const memory = engine.world.of(Memory)
    expect(alive(engine)).toEqual([1])
    expect(memory.copies[1]).toBe(9_999)
    expect([memory.happened_at_ms[1], memory.copied_at_ms[1]]).toEqual([noon_ms, noon_ms + 99_990])
    expect(engine.world.rows(Content)).toBe(1)
    await engine.stop()
  })

  test('of lines that are nearly alike is one aggregate, a few examples, and a number', async () => {
    const engine = await opened()
    for (let n = 0; n < 1_000; n++) {
      await tellOne(engine, { text: alert(n), bot: true, author: 'watcher', ts: noon_ms + n * 100, id: `alert-${n}` })
    }
    await tell(engine)
    const memory = engine.world.of(Memory)
    const [aggregate] = alive(engine)
    expect(alive(engine)).toHaveLength(1)
    expect(memory.kind[aggregate!]).toBe(MemoryKind.aggregate)
    expect(memory.copies[aggregate!]).toBe(999)
    expect(memory.copied_at_ms[aggregate!]).toBe(noon_ms + 99_900)
    const examples = whole(engine).filter((row) => memory.replaced_by[row] === aggregate)
    expect(examples).toHaveLength(examples_max)
    expect(gauge(engine, 'families')).toBe(1)
    expect(gauge(engine, 'memories')).toBe(1)
    expect(gauge(engine, 'duplicates')).toBe(1_000 - 1 - examples.length)
    expect(found(engine, 'which valve did not answer?')).toEqual(['alert-0'])
    await engine.stop()
  })

  test('ends with its window, its channel and its program', async () => {
    const engine = await opened()
    const said = { bot: true, author: 'watcher' }
    await tell(engine, { text: alert(0), ...said }, { text: alert(1), ...said, channel: 'garden' })
    await tell(engine, { text: alert(2), ...said, ts: noon_ms + floodWindow_ms + 1 })
    await tell(engine, { text: 'The heating of the south wing is on again since this morning.', ...said })
    expect(alive(engine)).toHaveLength(4)
    await engine.stop()
  })

  test('is never made of what people say', async () => {
    const engine = await opened()
    for (let n = 0; n < 400; n++) {
      await tellOne(engine, { text: `${alert(n)} (${n})`, author: n % 2 === 0 ? 'Ada' : 'Ben', ts: noon_ms + n * 10 })
    }
    await tell(engine)
    expect(alive(engine)).toHaveLength(400)
    expect(gauge(engine, 'duplicates')).toBe(0)
    await engine.stop()
  })

  async function tellOne(engine: Awaited<ReturnType<typeof opened>>, said: Line): Promise<void> {
    const event = line(said)
    while (!engine.publish(event)) await engine.step()
  }
})
