import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EngineError } from '../../engine/errors.ts'
import type { Event } from '../../engine/flow/event.ts'
import { frameText, isWhole, unframeText } from '../../engine/record/frame.ts'
import { chain, decodeEntry, type EntryHead, encodeEntry } from '../../engine/record/journal.ts'
import { ram } from '../../stores/ram.ts'
import { hands, listening, note, opened, settled } from '../support/toy.ts'

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown.code
    throw thrown
  }
  return undefined
}

const event: fc.Arbitrary<Event> = fc.record({
  id: fc.string(),
  ts: fc.integer(),
  type: fc.string({ unit: 'binary' }),
  source: fc.record({ kind: fc.string({ unit: 'binary' }) }),
  payload: fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<string>),
})
const head: fc.Arbitrary<EntryHead> = fc.record({
  tick: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  digest: fc.stringMatching(/^[0-9a-f]{32}$/),
  outputs: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.nat(0xffff_ffff), { noNullPrototype: true }),
})

describe('Journal entry', () => {
  test('is decoded to what was encoded', () => {
    fc.assert(
      fc.property(head, fc.array(event, { maxLength: 6 }), (given, events) => {
        const texts = events.map((each) => JSON.stringify(each))
        const entry = decodeEntry(encodeEntry(given, texts.join('\n')), given.tick)
        expect(entry.head).toEqual(given)
        expect(entry.batchText).toBe(texts.join('\n'))
        expect(entry.events).toEqual(texts.map((text) => JSON.parse(text)))
      }),
    )
  })

  test('any changed byte and any cut is noticed', () => {
    const bytes = fc.tuple(head, fc.array(event, { maxLength: 3 }), fc.nat(), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(bytes, ([given, events, pick, change]) => {
        const entry = new Uint8Array(encodeEntry(given, events.map((each) => JSON.stringify(each)).join('\n')))
        const damaged = entry.slice()
        damaged[pick % entry.length]! ^= change
        expect(codeOf(() => decodeEntry(damaged, given.tick))).toBe('JOURNAL_DAMAGED')
        expect(codeOf(() => decodeEntry(entry.subarray(0, pick % entry.length), given.tick))).toBe('JOURNAL_DAMAGED')
      }),
    )
  })

  test('an entry under another tick is damage', () => {
    const entry = encodeEntry({ tick: 7, digest: '', outputs: {} }, '')
    expect(decodeEntry(entry, 7).events).toEqual([])
    expect(codeOf(() => decodeEntry(entry, 8))).toBe('JOURNAL_DAMAGED')
  })

  test('the chain depends on everything that goes into it', () => {
    const base = chain('a', 1, 'x', { s: 1 })
    const others = [
      chain('b', 1, 'x', { s: 1 }),
      chain('a', 2, 'x', { s: 1 }),
      chain('a', 1, 'y', { s: 1 }),
      chain('a', 1, 'x', { s: 2 }),
      chain('a', 1, 'x', { t: 1 }),
      chain('a', 1, 'x', {}),
    ]
    expect(new Set([base, ...others]).size).toBe(7)
    expect(chain('a', 1, 'x', { s: 1 })).toBe(base)
  })
})

describe('Frame', () => {
  test('gives back every well-formed text, and notices damage', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, pick) => {
        const framed = new Uint8Array(frameText(text, 'r'))
        expect(unframeText(framed, 'r')).toBe(text.toWellFormed())
        framed[pick % framed.length]! ^= 0x40
        expect(isWhole(framed, 'r')).toBe(false)
        expect(codeOf(() => unframeText(framed, 'r'))).toBe('RECORD_DAMAGED')
      }),
    )
  })
})

/** A record of some ticks, with the damage done to one entry of its journal: 0 is the last, 1 the one before. */
async function damagedJournal(back: number, damage: (bytes: Uint8Array) => Uint8Array) {
  const store = ram()
  const { adapter } = hands()
  const engine = await opened({ store, adapters: [adapter] })
  const digests: string[] = []
  for (let n = 0; n < 5; n++) {
    engine.publish(note(`n${n}`))
    await engine.step()
    digests.push(engine.digest())
  }
  await settled()
  store.crash()
  await store.open(['text', 'outbox', 'dead'])
  const entries = [...store.journal(1)]
  const { tick, bytes } = entries[entries.length - 1 - back]!
  await store.commit({ tick, entry: damage(bytes), puts: [] })
  store.crash()
  return { store, digests, tick }
}

const damages: [string, (bytes: Uint8Array) => Uint8Array][] = [
  ['cut', (bytes) => bytes.subarray(0, bytes.byteLength - 3)],
  ['cut to nothing', () => new Uint8Array(0)],
  ['cut within the checksum', (bytes) => bytes.subarray(0, 2)],
  ['flipped', (bytes) => bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte))],
]

describe('A damaged journal', () => {
  test.each(damages)('drops a last entry that was %s, says so, and goes on', async (_name, damage) => {
    const { store, digests, tick } = await damagedJournal(0, damage)
    const log = listening()
    const engine = await opened({ store, log })
    expect(log.lines.filter((line) => line.includes(`tick ${tick}`) && line.includes('torn'))).toHaveLength(1)
    expect(engine.digest()).toBe(digests.at(-2))
    engine.publish(note('after'))
    await engine.step()
    expect(engine.tick).toBe(tick)
    const report = await engine.replay()
    expect([report.identical, report.digest]).toEqual([true, engine.digest()])
    await engine.stop()
  })

  test.each(damages)('refuses to start when an entry in the middle was %s', async (_name, damage) => {
    const { store } = await damagedJournal(2, damage)
    await expect(opened({ store })).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' })
    await expect(opened({ store }), 'the refusal has let go of the store').rejects.toMatchObject({
      code: 'JOURNAL_DAMAGED',
    })
  })
})
