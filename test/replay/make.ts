import { writeFile } from 'node:fs/promises'
import { createEngine } from '../../engine/index.ts'
import { ram } from '../../stores/ram.ts'
import { hands, Look, settled, toy } from '../support/toy.ts'
import { linesOf } from './golden.ts'

/** Writes the golden journal anew: `node test/replay/make.ts`. Only when a change of behaviour is meant. */
const store = ram()
let now_ms = 1_764_547_200_000
const clock = (): number => now_ms
const first = hands()
const options = { ...toy(), store, clock, seed: 7, drive: 'manual' as const, limits: { stop_ms: 1 } }
let engine = await createEngine({ ...options, adapters: [first.adapter] })
await engine.start()

let said = 0
function say(text: string): void {
  engine.publish({ type: 'toy.note', id: `note-${++said}`, payload: { text } })
}

async function answerAll(calls: typeof first.calls, from: number): Promise<number> {
  for (const call of calls.slice(from)) {
    if (call.effect_id % 5 === 3 && call.attempt === 1) call.fail('BUSY', { transient: true })
    else if (call.effect_id % 7 === 6) call.fail('REFUSED')
    else call.done(call.type === Look.name ? { found: `found ${call.effect_id}` } : { receipt: `r${call.effect_id}` })
  }
  const { length } = calls
  await settled()
  return length
}

let answered = 0
for (let tick = 0; tick < 40; tick++) {
  if (tick % 4 === 0) say(`note of tick ${tick}`)
  if (tick === 8) say('ünïcödé – 語 \u{1f98a}\n"quoted"')
  if (tick % 3 === 2) answered = await answerAll(first.calls, answered)
  now_ms += 50
  await engine.step(tick % 6 === 0 ? now_ms : undefined)
}
store.crash()
for (const call of first.calls) call.fail('DEAD')
await settled()

now_ms += 3_600_000
const second = hands()
engine = await createEngine({ ...options, adapters: [second.adapter] })
await engine.start()
answered = 0
for (let tick = 0; tick < 30; tick++) {
  if (tick === 3) say('after the crash')
  answered = await answerAll(second.calls, answered)
  now_ms += 50
  await engine.step()
}
await engine.step(now_ms + 10_000)
await answerAll(second.calls, answered)
await engine.step()
await engine.step()
await writeFile(new URL('toy.journal.jsonl', import.meta.url), linesOf(store))
const expected = { tick: engine.tick, now_ms: engine.now_ms, digest: engine.digest(), mark: engine.mark() }
await writeFile(new URL('toy.expected.json', import.meta.url), `${JSON.stringify(expected, null, 2)}\n`)
store.crash()
for (const call of second.calls) call.fail('DEAD')
