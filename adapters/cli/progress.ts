export type ProgressOptions = {
  readonly out: NodeJS.WriteStream
  /** Bytes there are in all; 0 when nobody knows. */
  readonly bytes_all: number
  /** False keeps silent, also on a terminal. */
  readonly shown: boolean
}

const redraw_ms = 150
const barCells = 24

/** A bar on a terminal that tells rate and remaining time while a long work goes on; nothing where nobody looks. */
export class Progress {
  readonly #options: ProgressOptions
  readonly #started_ms = performance.now()
  #drawn_ms = 0
  #isDrawn = false

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  /** Milliseconds since it began. */
  get elapsed_ms(): number {
    return performance.now() - this.#started_ms
  }

  /** How far the work is. @param bytes of `bytes_all`; @param things that were done so far */
  tell(bytes: number, things: number): void {
    if (!this.#live) return
    const now_ms = performance.now()
    if (now_ms - this.#drawn_ms < redraw_ms) return
    this.#drawn_ms = now_ms
    this.#draw(progressLine(bytes, this.#options.bytes_all, things, this.elapsed_ms))
  }

  /** What the work waits for now. */
  say(text: string): void {
    if (this.#live) this.#draw(text)
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#isDrawn) this.#options.out.write('\r\u001b[K')
    this.#isDrawn = false
  }

  get #live(): boolean {
    return this.#options.shown && this.#options.out.isTTY === true
  }

  #draw(line: string): void {
    this.#options.out.write(`\r\u001b[K${line.slice(0, Math.max(20, (this.#options.out.columns ?? 80) - 1))}`)
    this.#isDrawn = true
  }
}

/** One line: a bar where the whole is known, what was done, how fast, and how long it will still take. */
export function progressLine(bytes: number, bytes_all: number, things: number, elapsed_ms: number): string {
  const seconds = Math.max(elapsed_ms, 1) / 1000
  const rate = `${counted(Math.round(things / seconds))}/s`
  if (bytes_all <= 0) return `${counted(things)} events, ${rate}`
  const share = Math.min(1, bytes / bytes_all)
  const cells = Math.round(share * barCells)
  const bar = `${'█'.repeat(cells)}${'░'.repeat(barCells - cells)}`
  const left = share > 0 ? duration(((1 - share) / share) * elapsed_ms) : '…'
  return `${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${counted(things)} events, ${rate}, ${left} left`
}

/** A count with its thousands set apart. */
export function counted(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A length of time as a person says it. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
