import type { Size } from './draw.ts'

/** A terminal that is taken for as long as something is shown on it. */
export type Screen = {
  readonly size: Size
  /** Draws over what was there; nothing flickers, because nothing is cleared first. */
  show(lines: readonly string[]): void
  /** Gives the terminal back as it was. Safe to call twice. */
  leave(): void
}

type Input = NodeJS.ReadStream
type Output = NodeJS.WriteStream

/** Takes the terminal: the other screen, no cursor, no wrapping of wide characters, keys one by one. @param onKey hears each; @param onSize when it changes */
export function openScreen(input: Input, output: Output, hear: { onKey(key: string): void; onSize(): void }): Screen {
  const onData = (data: Buffer): void => {
    for (const key of data.toString('latin1')) hear.onKey(key)
  }
  let left = false
  const leave = (): void => {
    if (left) return
    left = true
    input.off('data', onData)
    output.off('resize', hear.onSize)
    process.off('exit', leave)
    input.setRawMode(false)
    input.pause()
    output.write('\u001b[?7h\u001b[?25h\u001b[?1049l')
  }
  input.setRawMode(true)
  input.resume()
  input.on('data', onData)
  output.on('resize', hear.onSize)
  // However the process ends, the terminal is given back.
  process.on('exit', leave)
  output.write('\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J')
  return {
    get size() {
      return { columns: output.columns || 80, rows: output.rows || 24 }
    },
    show(lines) {
      if (left) return
      output.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
    },
    leave,
  }
}
