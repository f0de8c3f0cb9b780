import { isUtf8 } from 'node:buffer'
import type { Engine } from '../../../engine/engine.ts'
import { EngineError } from '../../../engine/errors.ts'
import type { EventInput } from '../../../engine/flow/event.ts'
import { type Readings, readAheadOf } from '../../../systems/memory/ahead.ts'
import { Findings, type FindingsData } from './findings.ts'
import { type LineRules, type Remark, readLine } from './line.ts'

/** What became of a run of lines: all of its events are in the world's rings when this is told, or refused. */
export type Loaded = {
  /** Lines, empty ones included. */
  readonly lines: number
  /** Events that went in. */
  readonly read: number
  readonly refused: FindingsData
  readonly changed: FindingsData
}

export type LoadRules = Omit<LineRules, 'now_ms'> & { readonly line_bytes_max: number }

/** Codes of events that are refused, while all else an engine throws is about the engine. */
const refusals = new Set(['EVENT_TYPE_UNKNOWN', 'EVENT_INVALID', 'EVENT_TOO_LARGE'])
const newline = 10
const carriageReturn = 13
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** What was read of the lines before: entry `n` is about line `n`, counted from 0. */
export type Ahead = { readonly readings: Readings | undefined; readonly now_ms: number }

/**
 * Puts a run of lines into the world, waiting wherever it has no room. Line numbers count from 1 in this run.
 * @param ahead what a reader has made of the same lines at `now_ms`
 */
export async function load(engine: Engine, lines: Buffer, rules: LoadRules, ahead?: Ahead): Promise<Loaded> {
  const lineRules = { ...rules, now_ms: ahead?.now_ms ?? Date.now() }
  const known = readAheadOf(engine.world)
  const valid = isUtf8(lines)
  const refused = new Findings()
  const changed = new Findings()
  let line = 0
  let read = 0
  const refuse = ({ code, reason }: Remark): void => refused.add({ line, code, reason })
  for (const bytes of linesOf(lines)) {
    line++
    if (isBlank(bytes)) continue
    if (bytes.length > rules.line_bytes_max) {
      refuse(overlong(bytes.length, rules.line_bytes_max))
      continue
    }
    const { event, refusal, changes } = readLine(bytes, bytes.toString(), lineRules)
    if (event === undefined) {
      if (refusal !== undefined) refuse(refusal)
      continue
    }
    if (ahead?.readings !== undefined) known.offer(event, ahead.readings, line - 1)
    let taken = offer(engine, event)
    while (taken === false) {
      await engine.room()
      taken = offer(engine, event)
    }
    if (taken !== true) {
      refuse(taken)
      continue
    }
    read++
    if (!valid && !isUtf8(bytes)) changed.add({ line, code: 'NOT_UTF8', reason: 'what was not UTF-8 became U+FFFD' })
    for (const { code, reason } of changes) changed.add({ line, code, reason })
  }
  return { lines: line, read, refused: refused.data(), changed: changed.data() }
}

/** The lines of a run, without their ends and a byte order mark. */
export function* linesOf(lines: Buffer): Generator<Buffer> {
  let start = lines.subarray(0, 3).equals(byteOrderMark) ? 3 : 0
  while (start < lines.length) {
    const found = lines.indexOf(newline, start)
    const next = found < 0 ? lines.length : found
    const end = next > start && lines[next - 1] === carriageReturn ? next - 1 : next
    yield lines.subarray(start, end)
    start = next + 1
  }
}

/** Why a line is refused that is longer than an event may be. */
export function overlong(bytes: number, line_bytes_max: number): Remark {
  return { code: 'LINE_TOO_LONG', reason: `it has ${bytes} bytes; ${line_bytes_max} are allowed` }
}

/** True when the event went in, false when there is no room now, or why it never will. */
function offer(engine: Engine, event: EventInput): boolean | Remark {
  try {
    return engine.publish(event)
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || !refusals.has(thrown.code)) throw thrown
    return { code: thrown.code, reason: thrown.message.slice(thrown.code.length + 2, 400) }
  }
}

function isBlank(bytes: Buffer): boolean {
  if (bytes.length > 0 && (bytes[0] ?? 0) > 32) return false
  return bytes.every((byte) => byte <= 32)
}
