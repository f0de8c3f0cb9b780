import type { Frame, Hello } from '../shapes.ts'
import { colour, fill, make, micros } from './dom.ts'
import type { Panel } from './panel.ts'

const kept = 300

/** A bar a tick, with a part for each system. */
export function ticksPanel(): Panel {
  let rows: (readonly number[])[] = []
  let systems: readonly string[] = []
  let chosen = -1
  const canvas = make('canvas', { tabindex: '0', role: 'img', 'aria-label': 'Time of the last ticks, a bar each' })
  const told = make('p', { class: 'quiet mono', role: 'status' }, 'no ticks yet')
  const legend = make('ul', { class: 'legend' })

  const hear = (frame: Frame, hello: Hello): void => {
    systems = hello.systems
    const last = rows.at(-1)?.[0] ?? -1
    const fresh = frame.ticks.filter((row) => (row[0] ?? 0) > last)
    rows = [...rows, ...fresh].slice(-kept)
  }

  const draw = (): void => drawBars(canvas, { rows, systems, chosen })

  const tell = (): void => {
    const row = rows[chosen] ?? rows.at(-1)
    if (row === undefined) return
    told.textContent = wordsOf(row, systems)
  }

  const choose = (at: number): void => {
    chosen = Math.max(0, Math.min(rows.length - 1, at))
    tell()
    draw()
  }
  canvas.addEventListener('pointermove', (event) => {
    const slot = Math.floor((event.offsetX / canvas.clientWidth) * kept)
    choose(slot - (kept - rows.length))
  })
  canvas.addEventListener('pointerleave', () => {
    chosen = -1
  })
  canvas.addEventListener('keydown', (event) => {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (by === 0) return
    event.preventDefault()
    choose((chosen < 0 ? rows.length - 1 : chosen) + by)
  })

  return {
    id: 'ticks',
    title: 'Ticks',
    width: 'wide',
    body: () => [canvas, told, legend],
    hear,
    frame: () => {
      draw()
      if (chosen < 0) tell()
      fill(legend, ...legendOf(rows, systems))
    },
  }
}

type Bars = {
  readonly rows: readonly (readonly number[])[]
  readonly systems: readonly string[]
  /** Which bar has a frame; -1 = none. */
  readonly chosen: number
}

function drawBars(canvas: HTMLCanvasElement, { rows, systems, chosen }: Bars): void {
  const scale = window.devicePixelRatio || 1
  const width = canvas.clientWidth
  const height = canvas.clientHeight
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
  }
  const paper = canvas.getContext('2d')
  if (paper === null) return
  const ink = getComputedStyle(canvas).color
  paper.setTransform(scale, 0, 0, scale, 0, 0)
  paper.clearRect(0, 0, width, height)
  paper.strokeStyle = ink
  const most = ceilingOf(rows)
  const step = width / kept
  const first = kept - rows.length
  for (const [at, row] of rows.entries()) {
    let y = height
    for (let system = 0; system < systems.length; system++) {
      const high = Math.min(((row[system + 2] ?? 0) / most) * (height - 14), y)
      if (high < 0.2) continue
      paper.fillStyle = colour(system, systems.length)
      paper.fillRect((first + at) * step, y - high, Math.max(1, step - 0.5), high)
      y -= high
    }
    if (at === chosen) paper.strokeRect((first + at) * step - 1, 0, step + 2, height)
  }
  paper.fillStyle = ink
  paper.font = '11px system-ui'
  paper.fillText(micros(most), 2, 11)
}

function wordsOf(row: readonly number[], systems: readonly string[]): string {
  const parts = systems
    .map((name, at) => ({ name, micros: row[at + 2] ?? 0 }))
    .filter((part) => part.micros >= 1)
    .sort((a, b) => b.micros - a.micros)
  const words = parts.slice(0, 6).map((part) => `${part.name} ${micros(part.micros)}`)
  return `tick ${row[0]}: ${micros(row[1] ?? 0)}${words.length > 0 ? `; ${words.join(', ')}` : ', idle'}`
}

/** A round figure that the highest bar stays below. */
function ceilingOf(rows: readonly (readonly number[])[]): number {
  const most = rows.reduce((high, row) => Math.max(high, row[1] ?? 0), 100)
  let ceiling = 100
  while (ceiling < most) ceiling *= ceiling.toString().startsWith('2') ? 2.5 : 2
  return ceiling
}

function legendOf(rows: readonly (readonly number[])[], systems: readonly string[]): HTMLElement[] {
  return systems.map((name, at) => {
    const sum = rows.reduce((total, row) => total + (row[at + 2] ?? 0), 0)
    const swatch = make('span', { class: 'swatch' })
    swatch.style.background = colour(at, systems.length)
    return make('li', {}, swatch, `${name} ${micros(rows.length === 0 ? 0 : sum / rows.length)}`)
  })
}
