import type { DebugOrder, DebugState } from '../shapes.ts'
import { post } from './api.ts'
import { make } from './dom.ts'
import { orSay, type Panel, statusLine } from './panel.ts'

/** Pause, single steps, pace: only where the daemon allows it. */
export function debugPanel(): Panel {
  const status = statusLine()
  const state = make('p', { role: 'status' })
  const rate = make('input', { id: 'rate', type: 'number', min: 0.1, max: 1000, step: 0.1, value: 20 })
  const give = (order: DebugOrder): void =>
    void orSay(status, async () => tell(await post<DebugState>('/api/debug', order)))
  const tell = ({ paused, ticks_per_second, tick }: DebugState): void => {
    state.textContent = `${paused ? 'paused' : `${ticks_per_second} ticks a second`}, tick ${tick}`
  }
  const button = (words: string, order: () => DebugOrder): HTMLElement =>
    make('button', { type: 'button', onclick: () => give(order()) }, words)
  const bar = make(
    'div',
    { class: 'row' },
    button('Pause', () => ({ order: 'pause' })),
    button('Step', () => ({ order: 'step' })),
    button('Resume', () => ({ order: 'resume' })),
    make('label', { for: 'rate' }, 'Ticks a second'),
    rate,
    button('Set', () => ({ order: 'rate', ticks_per_second: Number(rate.value) })),
  )
  return { id: 'debug', title: 'Debug', width: 'half', body: () => [bar, state, status] }
}
