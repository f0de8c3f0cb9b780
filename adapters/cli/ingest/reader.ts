import { parentPort } from 'node:worker_threads'
import type { Event } from '../../../engine/flow/event.ts'
import { type Readings, readAhead } from '../../../systems/memory/ahead.ts'
import type { ReadRequest } from './ahead.ts'
import { readLine } from './line.ts'
import { linesOf } from './loader.ts'

/** A thread of its own that reads the texts of lines before their events are published; see `ahead.ts`. */

parentPort?.on('message', ({ lines, rules, now_ms }: ReadRequest) => {
  const events: (Event | undefined)[] = []
  for (const bytes of linesOf(Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength))) {
    const fits = bytes.length > 0 && bytes.length <= rules.line_bytes_max
    const { event } = fits ? readLine(bytes, bytes.toString(), { ...rules, now_ms }) : { event: undefined }
    const { id, ts, source } = event ?? {}
    const whole = event !== undefined && id !== undefined && ts !== undefined && source !== undefined
    events.push(whole ? { ...event, id, ts, source } : undefined)
  }
  const readings = readAhead(events)
  parentPort?.postMessage(readings, transferable(readings))
})

/** Memory that changes hands instead of being copied. */
function transferable(readings: Readings): ArrayBuffer[] {
  return Object.values(readings).flatMap((part) => (ArrayBuffer.isView(part) ? [part.buffer as ArrayBuffer] : []))
}
