import { nodeCrypto } from '../crypto.ts'
import { EngineError } from '../errors.ts'
import type { Event } from '../flow/event.ts'
import { frameText, recordName, unframeText } from './frame.ts'

/** Version of the journal's and snapshots' layout. */
export const recordFormat = 2

/** What goes into a tick: nothing else decides what it does. */
export type Batch = { readonly tick: number; readonly events: readonly Event[] }

/** CRC-32 of all bytes of a column, by `Archetype.column`: a mark by which replay finds where worlds part. */
export type WorldMark = { readonly [column: string]: number }

/** The first line of an entry. */
export type EntryHead = {
  readonly tick: number
  /** Chained digest: of the one before, the batch, and what the systems asked for. */
  readonly digest: string
  /** A mix of the CRC-32 of every put, request, emit and release of each system that had any. */
  readonly outputs: { readonly [system: string]: number }
  /** Present on the entries that carry a mark of the whole world after this tick. */
  readonly world?: WorldMark
}

export type Entry = { readonly head: EntryHead; readonly events: readonly Event[]; readonly batchText: string }

/**
 * An entry is text under a checksum: a head line of JSON, then one line of JSON an event, as the publisher gave it.
 * `lines` are those event lines, already encoded at the edge.
 */
export function encodeEntry(head: EntryHead, batchText: string): Buffer {
  return frameText(`${JSON.stringify(head)}\n${batchText}`, recordName('journal', head.tick))
}

/** @throws EngineError JOURNAL_DAMAGED */
export function decodeEntry(bytes: Uint8Array, tick: number): Entry {
  let text: string
  try {
    text = unframeText(bytes, recordName('journal', tick))
  } catch (thrown) {
    throw new EngineError('JOURNAL_DAMAGED', `entry ${tick} does not match its checksum`, {
      value: tick,
      cause: thrown,
    })
  }
  const split = text.indexOf('\n')
  const batchText = text.slice(split + 1)
  const head = JSON.parse(text.slice(0, split)) as EntryHead
  if (head.tick !== tick) {
    throw new EngineError('JOURNAL_DAMAGED', `entry ${tick} says it is ${head.tick}`, { value: tick })
  }
  return {
    head,
    events: batchText === '' ? [] : (JSON.parse(`[${batchText.replaceAll('\n', ',')}]`) as Event[]),
    batchText,
  }
}

/** The next link of the chain; 128 bits of SHA-256 in hex. */
export function chain(before: string, tick: number, batch: string | Uint8Array, outputs: EntryHead['outputs']): string {
  const hash = nodeCrypto()
    .createHash('sha256')
    .update(`${before}\n${tick}\n${JSON.stringify(outputs)}\n`)
  return hash.update(batch).digest('hex').slice(0, 32)
}
