import type { Frame, Hello } from '../shapes.ts'
import { make } from './dom.ts'

/** One part of the page. */
export type Panel = {
  readonly id: string
  readonly title: string
  readonly width: 'wide' | 'half' | 'third'
  /** What is in it; called once. */
  body(): readonly HTMLElement[]
  /** A frame has come while the panel is in sight. Drawing belongs here: at most ten times a second. */
  frame?(frame: Frame, hello: Hello): void
  /** A frame has come, in sight or not: for what must not be missed. Must be quick. */
  hear?(frame: Frame, hello: Hello): void
  /** It has come into sight; for what is fetched. */
  shown?(): void
}

const widths = { wide: 'wide', half: '', third: 'third' } as const

/** The section of a panel, with its heading. */
export function sectionOf(panel: Panel): HTMLElement {
  const heading = make('h2', { id: `${panel.id}-title` }, panel.title)
  const attributes = {
    id: panel.id,
    class: widths[panel.width],
    'aria-labelledby': `${panel.id}-title`,
    tabindex: '-1',
  }
  return make('section', attributes, heading, ...panel.body())
}

/** Says below a panel what went wrong there, instead of nowhere. */
export async function orSay(status: HTMLElement, work: () => Promise<void>): Promise<void> {
  try {
    status.textContent = ''
    await work()
  } catch (thrown) {
    status.textContent = thrown instanceof Error ? thrown.message : String(thrown)
  }
}

/** Where a panel says what goes wrong. */
export function statusLine(): HTMLElement {
  return make('p', { class: 'bad', role: 'status' })
}
