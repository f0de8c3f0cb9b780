import type { Frame, Moment, Rows, Times } from '../shapes.ts'
import { ask } from './api.ts'
import { count, fill, make, moment, span, table } from './dom.ts'
import { orSay, type Panel, statusLine } from './panel.ts'
import { cellsOf } from './world.ts'

/** An earlier moment, replayed beside the world that runs. */
export function timePanel(): Panel {
  const status = statusLine()
  const slider = make('input', { id: 'moment', type: 'range', min: 1, max: 1, value: 1, step: 1 })
  const chosen = make('output', { for: 'moment' }, 'now')
  const shown = make('div', { 'aria-live': 'polite' })
  let now: Frame | undefined
  let dragged = false

  const load = (): Promise<void> =>
    orSay(status, async () => {
      const { first_tick, last_tick } = await ask<Times>('/api/times')
      slider.min = String(first_tick)
      slider.max = String(last_tick)
      if (!dragged) slider.value = slider.max
    })
  const visit = (): void =>
    void orSay(status, async () => {
      chosen.textContent = `tick ${slider.value}, replaying`
      const there = await ask<Moment>('/api/moment', { at: slider.value })
      chosen.textContent = `tick ${there.tick}, ${moment(there.now_ms)}`
      fill(shown, ...momentOf(there, now))
    })
  const back = (): void => {
    dragged = false
    slider.value = slider.max
    chosen.textContent = 'now'
    fill(shown)
  }
  slider.addEventListener('input', () => {
    dragged = true
    chosen.textContent = `tick ${slider.value}`
  })
  slider.addEventListener('change', visit)
  const bar = make(
    'div',
    { class: 'row' },
    make('label', { for: 'moment' }, 'The world at'),
    chosen,
    make('button', { type: 'button', onclick: back }, 'Back to now'),
  )
  return {
    id: 'time',
    title: 'Time',
    width: 'half',
    body: () => [bar, slider, shown, status],
    hear: (frame) => {
      now = frame
    },
    frame: ({ tick }) => {
      if (!dragged && tick > Number(slider.max)) {
        slider.max = String(tick)
        slider.value = slider.max
      }
    },
    shown: () => void load(),
  }
}

function momentOf(there: Moment, now: Frame | undefined): HTMLElement[] {
  const rows = Object.entries(there.gauges).map(([name, value]) => {
    const present = now?.gauges[name] ?? 0
    const by = present - value
    return [name.replaceAll('_', ' '), count(value), count(present), by === 0 ? '' : `${by > 0 ? '+' : ''}${count(by)}`]
  })
  const columns = [
    { name: 'gauge' },
    { name: 'then', number: true },
    { name: 'now', number: true },
    { name: 'since', number: true },
  ]
  const sessions = there.sessions.map(({ session, state, queued }) => [session, state, queued])
  const table_ = make('div')
  const status = statusLine()
  const choices = there.archetypes
    .filter((each) => each.count > 0)
    .map(({ name, count: many }) => make('option', { value: name }, `${name} (${many})`))
  const names = make('select', { 'aria-label': 'Rows of' }, make('option', { value: '' }, 'rows of …'), ...choices)
  names.addEventListener('change', () => {
    if (names.value === '') return
    void orSay(status, async () => {
      fill(table_, ...cellsOf(await ask<Rows>('/api/rows', { of: names.value, at: there.tick, limit: 50 })))
    })
  })
  return [
    make('p', { class: 'quiet' }, `replayed from tick ${there.from_tick} in ${span(there.took_ms)}`),
    table(columns, rows, ''),
    table(
      [{ name: 'session' }, { name: 'state' }, { name: 'queued', number: true }],
      sessions,
      'There were no sessions.',
    ),
    names,
    table_,
    status,
  ]
}
