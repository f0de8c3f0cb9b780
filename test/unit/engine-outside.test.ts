import { expect, test } from 'vitest'
import { type Adapter, type Engine, EngineError, type Outside } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { hands, Line, listening, Note, note, opened } from '../support/toy.ts'

/** An adapter that only keeps what it is given. */
function neighbour(more: Partial<Adapter> = {}): { adapter: Adapter; outside: () => Outside } {
  let given: Outside | undefined
  const start = (outside: Outside): void => {
    given = outside
  }
  const outside = (): Outside => {
    if (given === undefined) throw new Error('the adapter has not been started')
    return given
  }
  return { adapter: { name: 'neighbour', start, ...more }, outside }
}

async function withNeighbour(options: Partial<Parameters<typeof opened>[0]> = {}): Promise<[Engine, Outside]> {
  const { adapter, outside } = neighbour()
  const engine = await opened({
    store: ram(),
    adapters: [adapter, ...(options.adapters ?? [])],
    ...withoutAdapters(options),
  })
  await engine.start()
  return [engine, outside()]
}

function withoutAdapters<T extends { adapters?: unknown }>({ adapters: _, ...rest }: T): Omit<T, 'adapters'> {
  return rest
}

test('a committed tick is heard before its effects leave and before its events are told, with its rows and records', async () => {
  const { adapter, calls } = hands()
  const [engine, outside] = await withNeighbour({ adapters: [adapter] })
  const order: string[] = []
  const { view } = outside
  outside.committed((tick) => {
    const row = view.world.rows(Line)
    order.push(
      `${tick} of ${view.tick}: line ${row}, ${row > 0 ? view.read('text', row) : 'none'}, ${calls.length} calls`,
    )
  })
  engine.on(Note.name, (event) => order.push(`heard ${event.payload['text']}`))
  engine.publish(note('one'))
  await engine.step(5)
  engine.publish(note('two'))
  await engine.step()
  expect(order).toEqual(['1 of 1: line 1, one, 0 calls', 'heard one', '2 of 2: line 2, two, 1 calls', 'heard two'])
  expect(view.now_ms).toBe(55)
  await engine.stop()
})

test('idle ticks are not heard, a listener that throws is logged, and one that has stopped hears no more', async () => {
  const log = listening()
  const [engine, outside] = await withNeighbour({ log })
  const heard: number[] = []
  const broken = outside.committed(() => {
    throw new Error('no index')
  })
  const stop = outside.committed((tick) => heard.push(tick))
  engine.publish({ type: 'toy.ended', payload: { line: 1, how: 'x' } })
  await engine.step()
  await engine.step()
  await engine.step()
  engine.publish({ type: 'toy.ended', payload: { line: 1, how: 'x' } })
  await engine.step()
  stop()
  broken()
  engine.publish({ type: 'toy.ended', payload: { line: 1, how: 'x' } })
  await engine.step()
  expect(heard).toEqual([1, 4])
  expect(log.lines.filter((line) => line.includes('a listener to commits threw'))).toHaveLength(2)
  expect(engine.health).toBe('ok')
  await engine.stop()
})

test('while an adapter stops, records can be read, and the last snapshot is still to come', async () => {
  const store = ram()
  const seen: unknown[] = []
  const stop = (): void =>
    void seen.push(outside().view.read('text', 1), outside().view.world.rows(Line), store.snapshots())
  const { adapter, outside } = neighbour({ stop })
  const engine = await opened({ store, adapters: [adapter] })
  await engine.start()
  engine.publish(note('kept'))
  await engine.step()
  await engine.stop()
  expect(seen).toEqual(['kept', 1, []])
  await store.open(['text', 'outbox', 'dead'])
  expect(store.snapshots()).toEqual([engine.tick])
})

test('room is there at once, or when the ring has been drained, or never when the engine stops', async () => {
  const [engine, outside] = await withNeighbour({ limits: { inbox_max: 2, batch_max: 2 } })
  await outside.room()
  const publish = (): boolean => outside.publish(note('again'))
  expect([publish(), publish(), publish()]).toEqual([true, true, false])
  let told = false
  const room = outside.room().then(() => {
    told = true
  })
  await engine.room()
  expect(told).toBe(false)
  await engine.step()
  await room
  expect([publish(), publish()]).toEqual([true, true])
  const never = outside.room().catch((thrown: unknown) => thrown)
  await engine.stop()
  const reason = await never
  expect(reason).toBeInstanceOf(EngineError)
  expect((reason as EngineError).code).toBe('ENGINE_STATE')
})

test('what was published is flushed when its tick is durable, in whichever ring, and not before', async () => {
  let release: (() => void) | undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let waits = false
  const [engine, outside] = await withNeighbour({ store: ram({ beforeCommit: () => (waits ? held : undefined) }) })
  await engine.flushed()
  await engine.step()
  waits = true
  outside.publish(note('mine'))
  const order: string[] = []
  const mine = outside.flushed().then(() => order.push('flushed'))
  await engine.flushed()
  outside.committed(() => order.push('committed'))
  const stepping = engine.step()
  const late = outside.flushed().then(() => order.push('late'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(order).toEqual([])
  release?.()
  await Promise.all([stepping, mine, late])
  expect(order).toEqual(['committed', 'flushed', 'late'])
  await outside.flushed()
  await engine.stop()
})

test('a flush learns why nothing will be durable', async () => {
  const failure = new EngineError('STORE_IO', 'the disk is gone')
  const [engine] = await withNeighbour({
    store: ram({
      beforeCommit: () => {
        throw failure
      },
    }),
  })
  engine.publish(note('lost'))
  const told = engine.flushed().catch((thrown: unknown) => thrown)
  await expect(engine.step()).rejects.toBe(failure)
  expect(await told).toBe(failure)
})
