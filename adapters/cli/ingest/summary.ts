import type { Counts } from '../desk.ts'
import { printable } from '../diff.ts'
import { counted, duration } from '../progress.ts'
import type { Block } from './blocks.ts'
import { type Finding, Findings } from './findings.ts'
import type { Loaded } from './loader.ts'

/** Memories that an index does not hold yet. */
export type Pending = { readonly lexical: number; readonly vectors: number }

/** What `ingest --json` prints. */
export type Summary = {
  readonly files: number
  readonly lines: number
  /** Events that went in; what became of them follows. */
  readonly read: number
  readonly stored: number
  readonly duplicates: number
  readonly families: number
  readonly loops: number
  /** Lines that were refused: the first hundred, how many in all, and of each code. */
  readonly refused: readonly Finding[]
  readonly refused_count: number
  readonly refused_by_code: { readonly [code: string]: number }
  /** Lines that were changed to be taken. */
  readonly changed: readonly Finding[]
  readonly changed_count: number
  readonly changed_by_code: { readonly [code: string]: number }
  /** Events that found no room in memory. */
  readonly no_room: number
  readonly pending: Pending
  readonly seconds: number
  readonly events_per_second: number
  readonly interrupted: boolean
}

/** Adds up what became of all files. */
export class Total {
  bytes = 0
  read = 0
  #files = 0
  #lines = 0
  #file = ''
  #linesOfFile = 0
  readonly #refused = new Findings()
  readonly #changed = new Findings()

  begin(file: string): void {
    this.#files++
    this.#file = file
    this.#linesOfFile = 0
  }

  add(block: Block, loaded: Loaded): void {
    this.bytes += block.lines?.length ?? block.overlong_bytes
    this.read += loaded.read
    this.#refused.merge(loaded.refused, this.#file, this.#linesOfFile)
    this.#changed.merge(loaded.changed, this.#file, this.#linesOfFile)
    this.#linesOfFile += loaded.lines
    this.#lines += loaded.lines
  }

  summary(
    before: Counts,
    after: Counts,
    end: { readonly pending: Pending; readonly elapsed_ms: number; readonly stopped: boolean },
  ): Summary {
    const refused = this.#refused.data()
    const changed = this.#changed.data()
    return {
      files: this.#files,
      lines: this.#lines,
      read: this.read,
      stored: after.memories - before.memories,
      duplicates: after.duplicates - before.duplicates,
      families: after.families - before.families,
      loops: after.loops - before.loops,
      refused: refused.first,
      refused_count: refused.count,
      refused_by_code: refused.by_code,
      changed: changed.first,
      changed_count: changed.count,
      changed_by_code: changed.by_code,
      no_room: after.refused - before.refused,
      pending: end.pending,
      seconds: Number((end.elapsed_ms / 1000).toFixed(3)),
      events_per_second: Math.round(this.read / Math.max(0.001, end.elapsed_ms / 1000)),
      interrupted: end.stopped,
    }
  }
}

/** The summary for people. @param place where the record rests */
export function summaryWords(summary: Summary, place: string): string {
  const { read, stored, duplicates, families, seconds, events_per_second, no_room, pending } = summary
  const lines = [
    `${counted(read)} events in ${duration(seconds * 1000)} (${counted(events_per_second)}/s) into ${place}`,
    `stored ${counted(stored)}, duplicates ${counted(duplicates)}, families ${counted(families)}`,
  ]
  if (summary.interrupted) lines.push('interrupted: the rest was not read; the same file can be given again')
  if (no_room > 0) lines.push(`${counted(no_room)} found no room in memory; see limits in the config`)
  if (pending.lexical + pending.vectors > 0) {
    lines.push(`pending: ${pending.lexical} by their words, ${pending.vectors} by meaning`)
  }
  lines.push(...findingLines('changed', summary.changed, summary.changed_count, summary.changed_by_code))
  lines.push(...findingLines('refused', summary.refused, summary.refused_count, summary.refused_by_code))
  return lines.join('\n')
}

function findingLines(
  what: string,
  first: readonly Finding[],
  count: number,
  byCode: { readonly [code: string]: number },
): string[] {
  if (count === 0) return []
  const codes = Object.entries(byCode).map(([code, times]) => `${code} ${counted(times)}`)
  const shown = first.map(
    ({ file = '', line, code, reason }) => `  ${printable(file)}:${line}: ${code}: ${printable(reason)}`,
  )
  const more = count > first.length ? [`  and ${counted(count - first.length)} more`] : []
  return [`${what} ${counted(count)}: ${codes.join(', ')}`, ...shown, ...more]
}
