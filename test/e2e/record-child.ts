import { writeSync } from 'node:fs'
import type { Adapter } from '../../engine/flow/adapter.ts'
import { createEngine, type Engine } from '../../engine/index.ts'
import { decodeEntry } from '../../engine/record/journal.ts'
import { markOf } from '../../engine/record/mark.ts'
import type { Store } from '../../engine/record/store.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { Memory } from '../../systems/components.ts'
import { mind } from '../../systems/index.ts'
import { Look, listening, note, opened, Send, settled } from '../support/toy.ts'

/**
 * A process for the record's fault tests: `record-child <task> <words>`. It prints a line at a time.
 * - `live <folder> <ticks>`: opens the toy and prints `open <tick> <digest> <same as a replay>`, lives for so many
 *   ticks with a snapshot every few of them, prints `durable <tick> <digest>` after each, and `end` after the stop.
 * - `recover <folder> <entries>`: recovers the mind and kills itself when it has read so many entries, or when it is
 *   about to drop a torn one; `entries` 0 lets it end with `open <tick> <digest> <same as a replay>`.
 * - `check <folder>...`: `state <folder> <JSON of Checked>` for each record of the toy.
 * - `texts <folder>...`: `state <folder> <JSON of Served>` for each record of the mind.
 */

/** What opening a toy's record came to. */
export type Checked =
  | {
      readonly ok: true
      readonly tick: number
      /** Digest of each journaled tick. */
      readonly digests: readonly (readonly [tick: number, digest: string])[]
      readonly same: boolean
      readonly warnings: readonly string[]
    }
  | { readonly ok: false; readonly code: string; readonly reason: string }

/** Which memories a mind's record serves: texts by row, rows without a text, and rows refused as damaged. */
export type Served =
  | {
      readonly ok: true
      readonly tick: number
      readonly memories: number
      readonly served: readonly (readonly [row: number, text: string])[]
      readonly refused: readonly string[]
      readonly same: boolean
      readonly warnings: readonly string[]
    }
  | { readonly ok: false; readonly code: string; readonly reason: string }

const [task = '', ...words] = process.argv.slice(2)
/** Answers as soon as it is asked. */
const quick: Adapter = {
  name: 'quick',
  effects: { [Look.name]: async () => ({ found: 'x' }), [Send.name]: async () => ({ receipt: 'r' }) },
}

function say(...said: readonly unknown[]): void {
  writeSync(1, `${said.join(' ')}\n`)
}

/** Whether the recovered world is the one that its journal alone leads to. */
async function isSame(engine: Engine): Promise<boolean> {
  const { identical, digest, core } = await engine.replay({ until: engine.tick })
  return identical && digest === engine.digest() && JSON.stringify(markOf(core)) === JSON.stringify(engine.mark())
}

async function live(folder: string, ticks: number): Promise<void> {
  const store = lmdb(folder, { preflight_ms: 20 })
  const engine = await opened({ store, adapters: [quick], limits: { snapshot_bytes: 3000 } })
  say('open', engine.tick, engine.digest(), await isSame(engine))
  await engine.start()
  for (let count = 0; count < ticks; count++) {
    engine.publish(note(`said ${count} `.repeat(20)))
    await engine.step()
    say('durable', engine.tick, engine.digest())
    await settled()
  }
  await engine.stop()
  say('end', engine.tick, engine.digest())
}

async function recover(folder: string, entries: number): Promise<void> {
  const store = lmdb(folder, { preflight_ms: 20 })
  const journal = store.journal.bind(store)
  const truncate = store.truncateJournal.bind(store)
  if (entries > 0) {
    store.journal = function* (from, to) {
      let read = 0
      for (const entry of journal(from, to)) {
        if (++read === entries) process.kill(process.pid, 'SIGKILL')
        yield entry
      }
    }
    store.truncateJournal = (from) => {
      const truncated = truncate(from)
      setImmediate(() => process.kill(process.pid, 'SIGKILL'))
      return truncated
    }
  }
  const engine = await createEngine({ ...mind(), store, drive: 'manual', clock: () => 1_000_000 })
  say('open', engine.tick, engine.digest(), await isSame(engine))
  await engine.stop()
}

async function check(store: Store): Promise<Checked> {
  const log = listening()
  const engine = await opened({ store, log })
  const digests = [...store.journal(1)].map(({ tick, bytes }) => [tick, decodeEntry(bytes, tick).head.digest] as const)
  const same = await isSame(engine)
  await engine.stop()
  return { ok: true, tick: engine.tick, digests, same, warnings: log.lines }
}

async function texts(store: Store): Promise<Served> {
  const log = listening()
  const engine = await createEngine({ ...mind(), store, log, drive: 'manual', clock: () => 1_000_000 })
  const memories = engine.world.rows(Memory)
  const served: [number, string][] = []
  const refused: string[] = []
  for (let row = 1; row <= memories; row++) {
    try {
      const text = engine.read('text', row)
      if (text !== undefined) served.push([row, text])
    } catch (thrown) {
      refused.push(codeOf(thrown))
    }
  }
  const same = await isSame(engine).catch(() => false)
  await engine.stop()
  return { ok: true, tick: engine.tick, memories, served, refused, same, warnings: log.lines }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
}

async function each(folders: readonly string[], look: (store: Store) => Promise<Checked | Served>): Promise<void> {
  for (const folder of folders) {
    const state = await look(lmdb(folder, { preflight_ms: 5000 })).catch((thrown: unknown): Checked => {
      return { ok: false, code: codeOf(thrown), reason: String(thrown) }
    })
    say('state', folder, JSON.stringify(state))
  }
}

const [folder = '', count = '0'] = words
if (task === 'live') await live(folder, Number(count))
if (task === 'recover') await recover(folder, Number(count))
if (task === 'check') await each(words, check)
if (task === 'texts') await each(words, texts)
