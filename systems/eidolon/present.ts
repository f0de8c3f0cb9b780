import type { Tick } from '../../engine/system.ts'
import { Gauge, Memory } from '../components.ts'
import { Embedding, FieldInForce } from './columns.ts'
import { type Circumstances, embeddingBucket_ms, type Field, type FieldClasses, fieldAt } from './field.ts'

/** The field under which memories are embedded now; a row is kept of each that differs from the one before. */
export function presentField(tick: Tick): Field {
  const { world, now_ms } = tick
  const row = world.rows(FieldInForce)
  const before = row === 0 ? undefined : fieldOf(tick, row)
  const now = fieldAt(before, circumstancesOf(tick), now_ms, embeddingBucket_ms)
  if (now === before) return now
  const same = before !== undefined && before.text === now.text
  const kept = same ? row : world.append(FieldInForce)
  const columns = world.of(FieldInForce)
  columns.bucket[kept] = now.bucket
  if (same) return now
  columns.hash_high[kept] = now.hash_high
  columns.hash_low[kept] = now.hash_low
  tick.put('field', kept, now.text)
  return now
}

function fieldOf({ world, read }: Tick, row: number): Field | undefined {
  const text = read('field', row)
  if (text === undefined) return undefined
  const { hash_high, hash_low, bucket } = world.of(FieldInForce)
  const classes = JSON.parse(text) as FieldClasses
  return { text, classes, hash_high: hash_high[row]!, hash_low: hash_low[row]!, bucket: bucket[row]! }
}

/** What the world knows of the present. */
function circumstancesOf({ world, now_ms }: Tick): Circumstances {
  const gauge = world.of(Gauge)
  const newest = world.rows(Memory)
  return {
    health: 'ok',
    focus: '',
    rates: {},
    backlog: world.of(Embedding).waiting[1]! + gauge.outbox_pending[1]!,
    memory_age_ms: newest === 0 ? 0 : now_ms - world.of(Memory).stored_at_ms[newest]!,
    outbox_oldest_ms: gauge.outbox_oldest_ms[1]!,
    errors: [],
    tags: {},
    keys: {},
  }
}
