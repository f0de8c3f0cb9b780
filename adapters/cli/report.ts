import type { Engine } from '../../engine/engine.ts'
import type { Event } from '../../engine/flow/event.ts'
import { FsFileSkipped, SentinelDone, SentinelFailed, SentinelProposed, SentinelUndone } from '../../systems/events.ts'
import { gaugesOf } from '../../systems/olympia/gauges.ts'
import { diffOf, printable } from './diff.ts'

export type ReportOptions = {
  readonly json: boolean
  /** Whether the difference is shown also where it is written. */
  readonly diffs: boolean
  readonly out: NodeJS.WriteStream
}

/** Tells on standard output what the sentinels do: a live line on a terminal, plain lines in a pipe, or JSON lines. */
export class Report {
  readonly #engine: Engine
  readonly #options: ReportOptions
  readonly #live: boolean
  readonly #stop: () => void
  #timer: NodeJS.Timeout | undefined
  #shown = ''
  #ended = false

  constructor(engine: Engine, options: ReportOptions) {
    this.#engine = engine
    this.#options = options
    this.#live = !options.json && options.out.isTTY === true
    this.#stop = engine.on('*', (event) => this.#hear(event))
  }

  /** Begins the live line, where there is a terminal to show it. */
  live(): void {
    if (this.#live && !this.#ended) this.#timer = setInterval(() => this.#redraw(), 200)
  }

  /** Ends the live line while something else is written to the terminal; `live` begins it again. */
  still(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#erase()
    this.say(this.#line())
  }

  /** A line for people; not printed with --json. */
  say(line: string): void {
    if (!this.#options.json) this.#print(line)
  }

  /** How things stand, for a pipe or a file, where no live line tells. */
  stand(): void {
    if (!this.#live) this.say(this.#line())
  }

  /** The closing line, or the closing object. */
  end(): void {
    this.#ended = true
    this.#stop()
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#erase()
    if (this.#options.json) this.#json({ type: 'summary', ...this.#numbers() })
    else this.#print(this.#line())
  }

  #hear(event: Event): void {
    if (SentinelProposed.is(event)) {
      const { path, contract, before, after, writing } = event.payload
      if (this.#options.json) this.#json({ type: writing ? 'repairing' : 'proposed', path, contract, before, after })
      else if (this.#options.diffs || !writing) this.#print(diffOf(path, before, after))
    } else if (SentinelDone.is(event) && event.payload.written) this.#tell('repaired', event.payload)
    else if (SentinelFailed.is(event)) this.#tell('failed', event.payload)
    else if (FsFileSkipped.is(event)) this.#tell('skipped', event.payload)
    else if (SentinelUndone.is(event) && event.payload.undone) this.#tell('undone', event.payload)
  }

  #tell(type: string, payload: { path: string; reason?: string; code?: string }): void {
    if (this.#options.json) return this.#json({ type, ...payload })
    const why = payload.reason ? `: ${printable(payload.reason)}` : ''
    this.#print(`${type.padEnd(9)} ${printable(payload.path)}${why}`)
  }

  #numbers() {
    const gauges = gaugesOf(this.#engine.world)
    const { ticks, tick_total_ms } = this.#engine.timings()
    return {
      files: gauges.files,
      valid: gauges.sentinels_done,
      repaired: gauges.repaired,
      proposed: gauges.sentinels_proposed,
      failed: gauges.sentinels_failed,
      held: gauges.sentinels_held,
      skipped: gauges.skipped,
      memories: gauges.memories,
      tick_ms: Number((tick_total_ms / Math.max(1, ticks)).toFixed(3)),
    }
  }

  #line(): string {
    const { files, valid, repaired, failed, memories, tick_ms, ...seldom } = this.#numbers()
    const shown = Object.entries(seldom).map(([name, count]) => (count > 0 ? `, ${name} ${count}` : ''))
    return `files ${files}, valid ${valid}, repaired ${repaired}, failed ${failed}${shown.join('')}, memories ${memories}, tick ${tick_ms} ms`
  }

  #json(line: object): void {
    this.#options.out.write(`${JSON.stringify(line)}\n`)
  }

  #print(line: string): void {
    this.#erase()
    this.#options.out.write(`${line}\n`)
    this.#redraw()
  }

  #redraw(): void {
    if (!this.#live || this.#timer === undefined) return
    const line = this.#line()
    if (line === this.#shown) return
    this.#options.out.write(`\r\u001b[K${line.slice(0, Math.max(20, (this.#options.out.columns ?? 80) - 1))}`)
    this.#shown = line
  }

  #erase(): void {
    if (this.#live && this.#shown !== '') this.#options.out.write('\r\u001b[K')
    this.#shown = ''
  }
}
