import type { Change, Rows, WorldShape } from '../shapes.ts'
import { ask } from './api.ts'
import { fill, make, table } from './dom.ts'
import { orSay, type Panel, statusLine } from './panel.ts'

const changesShown = 100

/** The columns themselves, and what changes in them. @param watch opens the stream anew for these archetypes */
export function worldPanel(watch: (names: readonly string[]) => void): Panel {
  const status = statusLine()
  const rows = make('div')
  const changes = make('div')
  const names = make('select', { id: 'archetype' })
  const from = make('input', { id: 'from', type: 'number', min: 1, value: 1 })
  const watching = make('button', { type: 'button', 'aria-pressed': 'false' }, 'Watch')
  let watched = ''
  let seen: Change[] = []

  const loadNames = (): Promise<void> =>
    orSay(status, async () => {
      const { archetypes } = await ask<WorldShape>('/api/world')
      const chosen = names.value || 'Gauge'
      const options = archetypes.map(({ name, count, kind }) =>
        make(
          'option',
          { value: name, selected: name === chosen },
          `${name} (${count} ${kind === 'table' ? 'rows' : 'alive'})`,
        ),
      )
      names.replaceChildren(...options)
      await loadRows()
    })
  const loadRows = (): Promise<void> =>
    orSay(status, async () => {
      const first = Math.max(1, Number(from.value) || 1)
      fill(rows, ...cellsOf(await ask<Rows>('/api/rows', { of: names.value, from: first, limit: 50 })))
    })
  const show = (): void => {
    const cells = seen.map(({ of, id, column, before, after }) => [`${of} ${id}`, column, before ?? '–', after ?? '–'])
    const columns = [{ name: 'row' }, { name: 'column' }, { name: 'was', number: true }, { name: 'is', number: true }]
    fill(changes, table(columns, cells, watched === '' ? '' : `Nothing has changed in ${watched} yet.`))
  }
  names.addEventListener('change', () => void loadRows())
  from.addEventListener('change', () => void loadRows())
  watching.addEventListener('click', () => {
    watched = watched === '' ? names.value : ''
    seen = []
    watching.setAttribute('aria-pressed', String(watched !== ''))
    watch(watched === '' ? [] : [watched])
    show()
  })
  const bar = [
    make('label', { for: 'archetype' }, 'Archetype'),
    names,
    make('label', { for: 'from' }, 'from'),
    from,
    make('button', { type: 'button', onclick: () => void loadNames() }, 'Read'),
    watching,
  ]
  return {
    id: 'world',
    title: 'World',
    width: 'half',
    body: () => [make('div', { class: 'row' }, ...bar), rows, changes, status],
    hear: (frame) => {
      if (frame.changes.length > 0) seen = [...[...frame.changes].reverse(), ...seen].slice(0, changesShown)
    },
    frame: (frame) => {
      if (frame.changes.length > 0) show()
    },
    shown: () => {
      if (names.options.length === 0) void loadNames()
    },
  }
}

/** One row is shown downwards, several across: columns are many. */
export function cellsOf({ columns, ids, cells, count }: Rows): HTMLElement[] {
  const [only] = cells
  if (ids.length === 1 && only !== undefined) {
    const rows = columns.map((column, at) => [column, numberOf(only[at])])
    return [table([{ name: 'column' }, { name: `row ${ids[0]}`, number: true }], rows, '')]
  }
  const rows = ids.map((id, row) => [id, ...columns.map((_, at) => numberOf(cells[row]?.[at]))])
  const heads = [{ name: 'id', number: true }, ...columns.map((name) => ({ name, number: true }))]
  return [make('p', { class: 'quiet' }, `${count} in all`), table(heads, rows, 'There is none.')]
}

function numberOf(value = 0): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(6)
}
