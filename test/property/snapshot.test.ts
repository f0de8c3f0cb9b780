import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EngineError } from '../../engine/errors.ts'
import { markOf } from '../../engine/record/mark.ts'
import { readSnapshot } from '../../engine/record/read.ts'
import { restoreSnapshot } from '../../engine/record/recover.ts'
import { copyBytes, copyWorld, decodeSnapshot, encodeSnapshot, type Snapshot } from '../../engine/record/snapshot.ts'
import { system } from '../../engine/system.ts'
import { Core, type Parts } from '../../engine/tick.ts'
import { archetype, table } from '../../engine/world/archetype.ts'
import { Note, toy } from '../support/toy.ts'

const Fox = archetype('Fox', { age: 'u32' })
const Hen = archetype('Hen', { eggs: 'u8', warm: 'f64' })
const Log = table('Log', { weight: 'f32', key_high: 'u32', key_low: 'u32' }, { capacity: 2 })
const Place = table('Place', { visits: 'u16' }, { capacity: 2 })

/** Each note's text is a small program over the world, so that any sequence of changes is a sequence of events. */
const program = system('program', (tick) => {
  const { world } = tick
  for (const event of tick.events) {
    if (!Note.is(event)) continue
    const [what, amount = '0'] = event.payload.text.split(' ')
    const n = Number(amount)
    if (what === 'fox') world.of(Fox).age[world.spawn(Fox)] = n
    else if (what === 'hen') world.of(Hen).warm[world.spawn(Hen)] = n / 3
    else if (what === 'place') world.of(Place).visits[world.appendKeyed(Place, amount)]!++
    else if (what === 'name') world.names.id(amount)
    else if (what === 'log') {
      if (world.findPair(Log, 'key', n, n) !== 0) continue
      const row = world.append(Log)
      world.of(Log).key_high[row] = n
      world.of(Log).key_low[row] = n
      world.of(Log).weight[row] = tick.random()
    } else {
      const all = [...world.each(what === 'kill' ? Fox : Hen)]
      const id = all[n % Math.max(1, all.length)]
      if (id !== undefined && world.alive(what === 'kill' ? Fox : Hen, id)) world.kill(id)
    }
  }
})

const parts: Parts = { ...toy(), archetypes: [Fox, Hen, Log, Place], systems: [program] }
const order = fc
  .tuple(fc.constantFrom('fox', 'fox', 'hen', 'kill', 'cull', 'log', 'place', 'name'), fc.nat(40))
  .map(([what, n]) => `${what} ${n}`)
const ticks = (most: number) => fc.array(fc.array(order, { maxLength: 40 }), { minLength: 1, maxLength: most })

const coreOptions = { read: () => undefined, backoff_max_ms: 1000 }

function fresh(): Core {
  return new Core(parts, coreOptions)
}

function run(core: Core, batches: readonly (readonly string[])[]): void {
  for (const texts of batches) {
    core.apply(
      texts.map((text, n) => ({ id: `${n}`, ts: 1, type: Note.name, source: { kind: 't' }, payload: { text } })),
    )
    core.link(texts.join('\n'))
  }
}

function fileOf(core: Core): Uint8Array {
  const about = { version: '1', runtime: 'r', journal_tick: core.tick }
  return new Uint8Array(Buffer.concat([...encodeSnapshot(copyWorld(core, about))]))
}

function restored(file: Uint8Array): Core {
  const core = fresh()
  restoreSnapshot(core, decodeSnapshot(file))
  return core
}

/** As recovery does it: part by part, to where the columns will live. */
async function reread(file: Uint8Array, core = fresh()): Promise<Core> {
  const read = async (at: number, into: Uint8Array): Promise<number> => {
    const found = file.subarray(at, at + into.byteLength)
    into.set(found)
    return found.byteLength
  }
  restoreSnapshot(core, await readSnapshot(core, read))
  return core
}

describe('Snapshot', () => {
  test('a restored world has the same mark and the same future, ids included', () => {
    fc.assert(
      fc.property(ticks(12), ticks(6), (past, future) => {
        const live = fresh()
        run(live, past)
        const again = restored(fileOf(live))
        expect(markOf(again)).toEqual(markOf(live))
        for (const batch of future) {
          run(live, [batch])
          run(again, [batch])
          expect(markOf(again)).toEqual(markOf(live))
        }
        expect(again.world.shape()).toEqual(live.world.shape())
        expect(again.digest).toBe(live.digest)
        expect([again.world.spawn(Fox), again.world.spawn(Hen)]).toEqual([live.world.spawn(Fox), live.world.spawn(Hen)])
      }),
      { numRuns: 40 },
    )
  })

  test('an archetype whose columns are shorter than the highest id is restored alike', () => {
    const live = fresh()
    run(live, [['hen 1', ...Array.from({ length: 150 }, (_, n) => `fox ${n}`)]])
    const again = restored(fileOf(live))
    expect(markOf(again)).toEqual(markOf(live))
    expect(markOf(restored(fileOf(again)))).toEqual(markOf(live))
  })

  test('the copy is of its moment: what happens while it is written is not in it', () => {
    const live = fresh()
    run(live, [['fox 1', 'log 3']])
    const before = markOf(live)
    const chunks = encodeSnapshot(copyWorld(live, { version: '1', runtime: 'r', journal_tick: 1 }))
    const first = chunks.next().value as Uint8Array
    run(live, [['fox 2', 'kill 0', 'log 4']])
    const file = new Uint8Array(Buffer.concat([first, ...chunks]))
    expect(markOf(restored(file))).toEqual(before)
  })

  test('any flipped bit and any cut is refused, or lies in padding and changes nothing', () => {
    const live = fresh()
    run(live, [['fox 1', 'hen 2', 'log 3', 'place 4', 'name 5']])
    const file = fileOf(live)
    const whole = decodeSnapshot(file)
    const told = ({ head, bytes }: Snapshot) => [head, [...bytes].map(([name, view]) => [name, [...view]])]
    fc.assert(
      fc.property(fc.nat(file.byteLength - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const damaged = file.slice()
        damaged[at]! ^= 1 << bit
        expect(refusedOrEqual(damaged)).toBe(true)
      }),
      { numRuns: 400 },
    )
    for (let length = 0; length < file.byteLength; length += 7) {
      expect(() => decodeSnapshot(file.slice(0, length))).toThrowError(/SNAPSHOT_DAMAGED/)
    }

    function refusedOrEqual(damaged: Uint8Array): boolean {
      let decoded: Snapshot
      try {
        decoded = decodeSnapshot(damaged)
      } catch (thrown) {
        return thrown instanceof EngineError && thrown.code === 'SNAPSHOT_DAMAGED'
      }
      expect(told(decoded)).toEqual(told(whole))
      return true
    }
  })

  test('read part by part it is the same world, and every cut and flipped bit is refused or changes nothing', async () => {
    const live = fresh()
    run(live, [['fox 1', 'hen 2', 'log 3', 'place 4', 'name 5'], Array.from({ length: 100 }, (_, n) => `log ${n}`)])
    const file = fileOf(live)
    expect(markOf(await reread(file))).toEqual(markOf(live))
    run(live, [['log 7']])
    const again = await reread(file)
    run(again, [['log 7']])
    expect(markOf(again)).toEqual(markOf(live))
    const before = markOf(await reread(file))
    const refusals = fc.asyncProperty(fc.nat(file.byteLength - 1), fc.nat(7), async (at, bit) => {
      const damaged = file.slice()
      damaged[at]! ^= 1 << bit
      for (const bytes of [damaged, file.slice(0, at)]) {
        const outcome = await reread(bytes).then(markOf, (thrown: unknown) => thrown)
        if (outcome instanceof EngineError) expect(outcome.code).toBe('SNAPSHOT_DAMAGED')
        else expect(outcome).toEqual(before)
      }
    })
    await fc.assert(refusals, { numRuns: 100 })
  })

  test('rows of a fixed table are not copied, and are still those of its moment after it has grown', async () => {
    const Leaf = table('Leaf', { weight: 'u32', at_ms: 'f64' }, { capacity: 4, rows_max: 50, fixed: true })
    const grow = system('grow', ({ world, events }) => {
      for (const event of events) {
        const row = world.append(Leaf)
        world.of(Leaf).weight[row] = Number(event.payload['text'])
      }
    })
    const leaves = (): Core =>
      new Core({ ...parts, archetypes: [Leaf, ...parts.archetypes], systems: [grow] }, coreOptions)
    const live = leaves()
    const all = copyBytes(live)
    run(live, [['1', '2', '3']])
    expect(copyBytes(live)).toBe(all)
    const before = markOf(live)
    const about = { version: '1', runtime: 'r', journal_tick: 1 }
    const room = new Uint8Array(all >> 1)
    const snapshot = copyWorld(live, about, room)
    const kept = snapshot.bytes.get('Leaf.weight')
    expect(kept?.buffer).toBe(live.world.of(Leaf).weight.buffer)
    expect([...snapshot.bytes.values()].some(({ buffer }) => buffer === room.buffer)).toBe(true)
    run(live, [Array.from({ length: 40 }, (_, n) => `${n + 4}`)])
    expect(kept?.buffer).not.toBe(live.world.of(Leaf).weight.buffer)
    const file = new Uint8Array(Buffer.concat([...encodeSnapshot(snapshot)]))
    expect(markOf(await reread(file, leaves()))).toEqual(before)
  })
})
