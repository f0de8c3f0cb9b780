import type { Frame } from '../shapes.ts'
import { make } from './dom.ts'
import type { Panel } from './panel.ts'

type Told = Frame['events'][number]
const shownMax = 200

/** The tap: events as they become durable. @param listen opens the stream anew with another pattern */
export function eventsPanel(listen: (pattern: string) => void): Panel {
  const list = make('ul', { class: 'cards scroll', 'aria-label': 'Events, newest first' })
  const note = make('p', { class: 'quiet', role: 'status' })
  const pattern = make('input', { id: 'tap', type: 'text', value: '*', placeholder: 'chat.*', spellcheck: 'false' })
  const pause = make('button', { type: 'button', 'aria-pressed': 'false' }, 'Hold')
  let held = false
  let missed = 0
  pause.addEventListener('click', () => {
    held = !held
    missed = 0
    pause.setAttribute('aria-pressed', String(held))
  })
  const form = make(
    'form',
    {
      class: 'row',
      onsubmit: (event) => {
        event.preventDefault()
        list.replaceChildren()
        listen(pattern.value.trim())
      },
    },
    make('label', { for: 'tap' }, 'Types'),
    pattern,
    make('button', { type: 'submit' }, 'Listen'),
    pause,
  )
  return {
    id: 'events',
    title: 'Events',
    width: 'half',
    body: () => [form, note, list],
    hear: ({ events, events_left_out }) => {
      if (held) {
        missed += events.length + events_left_out
        note.textContent = missed === 0 ? 'held' : `held; ${missed} went by`
        return
      }
      if (events.length === 0) return
      note.textContent = events_left_out > 0 ? `${events_left_out} more went by too fast` : ''
      list.prepend(...[...events].reverse().map(itemOf))
      while (list.childElementCount > shownMax) list.lastElementChild?.remove()
    },
  }
}

function itemOf(event: Told): HTMLElement {
  const { type, id, ts, source } = event
  const where = [source.kind, source.channel, source.thread, source.author].filter(
    (part) => part !== undefined && part !== '',
  )
  const time = ts > 0 ? `${new Date(ts).toLocaleTimeString()} ` : ''
  const summary = make(
    'summary',
    {},
    make('span', { class: 'mono' }, type),
    make('span', { class: 'quiet' }, ` ${time}${where.join(' · ')} ${id}`),
  )
  const details = make('details', {}, summary)
  // What is inside is made when it is looked at: there may be two hundred.
  details.addEventListener('toggle', () => {
    if (details.childElementCount === 1) details.append(make('pre', {}, JSON.stringify(event, null, 2)))
  })
  return make('li', { class: 'card' }, details)
}
