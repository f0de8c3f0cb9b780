import type { Frame, Hello } from '../../inspector/shapes.ts'
import { oneLine } from '../words.ts'
import type { Averages } from './averages.ts'

/** How much there is to draw on, in characters. */
export type Size = { readonly columns: number; readonly rows: number }

const systemsMax = 12

/**
 * The screen as lines, none longer than there are columns and no more than there are rows. What comes first matters most: where the
 * room ends, the rest is left out. All names are made safe for a terminal.
 */
export function drawn(hello: Hello, frame: Frame, averages: Averages, size: Size): string[] {
  const fit = (line: string): string => [...line].slice(0, size.columns).join('')
  const room = Math.max(4, size.rows - 1)
  const lines = [...headLines(hello, frame, averages), '', ...systemLines(hello, averages, size)]
  const lists = [sessionLines(frame), sourceLines(frame), jobLines(frame), modelLines(frame)]
  return [...lines, ...shared(lists, room - lines.length)].slice(0, room).map(fit)
}

function headLines(hello: Hello, frame: Frame, averages: Averages): string[] {
  const { tick, now_ms, health, paused, gauges, outbox } = frame
  const time = new Date(now_ms).toISOString().slice(0, 19).replace('T', ' ')
  const count = (name: string): string => number(gauges[name] ?? 0)
  const state = paused ? `${health}, paused` : health
  return [
    `promethean ${oneLine(hello.version, 20)}  tick ${tick}  ${oneLine(state, 40)}  ${time} UTC`,
    `ticks ${averages.rate().toFixed(1)}/s  tick ${micros(averages.of(0))} of ${number(hello.tick_ms)} ms  longest ${micros(averages.longest())}`,
    `memories ${count('memories')}  keys ${count('keys')}  families ${count('families')}  files ${count('files')}  ` +
      `outbox ${number(outbox.pending)} waiting, ${number(outbox.in_flight)} out, oldest ${span(outbox.oldest_ms)}`,
  ]
}

/** A bar for each of the slowest systems, as a share of the tick. */
function systemLines(hello: Hello, averages: Averages, { columns, rows: high }: Size): string[] {
  const most = Math.max(3, Math.min(systemsMax, Math.floor(high / 5)))
  const whole = averages.of(0)
  const rows = hello.systems
    .map((name, at) => ({ name, micros: averages.of(at + 1) }))
    .sort((a, b) => b.micros - a.micros || (a.name < b.name ? -1 : 1))
  const width = Math.max(10, Math.min(50, columns - 40))
  const lines = rows.slice(0, most).map((row) => {
    const share = whole > 0 ? Math.min(1, row.micros / whole) : 0
    return `${oneLine(row.name, 16).padEnd(16)} ${micros(row.micros).padStart(9)} ${`${Math.round(share * 100)}%`.padStart(4)} ${bar(share, width)}`
  })
  const rest = rows.slice(most).reduce((sum, row) => sum + row.micros, 0)
  if (rows.length > most) lines.push(`${`${rows.length - most} others`.padEnd(16)} ${micros(rest).padStart(9)}`)
  return lines
}

function sessionLines({ sessions }: Frame): string[] {
  if (sessions.length === 0) return []
  const lines = sessions.map(({ session, lane, state, why, queued, queue_max }) => {
    const name = `${oneLine(session, 26).padEnd(26)} ${oneLine(lane, 8).padEnd(8)} ${oneLine(state, 10).padEnd(10)}`
    return `${name} ${`${number(queued)}/${number(queue_max)}`.padStart(9)} ${bar(queue_max > 0 ? queued / queue_max : 0, 8)} ${oneLine(why, 40)}`
  })
  return ['SESSION                    LANE     STATE         QUEUE', ...lines]
}

function sourceLines({ sources }: Frame): string[] {
  if (sources.length === 0) return []
  const lines = sources.map(
    ({ source, events, per_minute }) =>
      `${oneLine(source, 36).padEnd(36)} ${number(events).padStart(10)} ${number(per_minute).padStart(9)}/min`,
  )
  return ['SOURCE                                   EVENTS', ...lines]
}

function jobLines({ jobs }: Frame): string[] {
  const busy = jobs.filter(({ waiting, running }) => waiting + running > 0)
  if (jobs.length === 0) return []
  const words = busy.map(
    ({ name, waiting, running }) => `${oneLine(name, 20)} ${number(waiting)} waiting, ${number(running)} running`,
  )
  return [`JOBS  ${words.join('; ') || 'none'}`]
}

function modelLines({ models }: Frame): string[] {
  if (models.length === 0) return []
  const lines = models.map(({ model, calls, failed, tokens_in, tokens_out, cost }) => {
    const counts = [calls, failed, tokens_in, tokens_out].map((count) => number(count).padStart(9)).join(' ')
    return `${oneLine(model, 30).padEnd(30)} ${counts} ${cost > 0 ? cost.toFixed(4) : ''}`
  })
  return ['MODEL                              CALLS    FAILED TOKENS IN       OUT COST', ...lines]
}

/**
 * Gives each list its fair part of the rows that are left, beginning with its first lines, and an empty line before it. A list of
 * which not even one line below its heading would fit is left out.
 */
function shared(lists: readonly (readonly string[])[], room: number): string[] {
  const parts: { readonly list: readonly string[]; taken: number }[] = []
  let left = room
  for (const list of lists) {
    const least = Math.min(2, list.length)
    if (least === 0 || left < least + 1) continue
    parts.push({ list, taken: least })
    left -= least + 1
  }
  for (let moved = true; moved && left > 0; ) {
    moved = false
    for (const part of parts) {
      if (left <= 0 || part.taken >= part.list.length) continue
      part.taken++
      left--
      moved = true
    }
  }
  return parts.flatMap(({ list, taken }) => ['', ...list.slice(0, taken)])
}

/** A share from 0 to 1 as blocks. */
function bar(share: number, width: number): string {
  const filled = Math.max(0, Math.min(width, Math.round(share * width)))
  return `${'█'.repeat(filled)}${'·'.repeat(width - filled)}`
}

function micros(value: number): string {
  return value >= 1000 ? `${(value / 1000).toFixed(2)} ms` : `${value.toFixed(0)} µs`
}

function span(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(0)} s` : `${Math.round(ms)} ms`
}

/** Large counts in thousands and millions; what is no number is said to be none. */
function number(value: number): string {
  if (!Number.isFinite(value)) return '?'
  const size = Math.abs(value)
  if (size >= 10_000_000) return `${(value / 1_000_000).toFixed(1)}M`
  if (size >= 100_000) return `${(value / 1000).toFixed(0)}k`
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}
