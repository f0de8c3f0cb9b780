import type { FamilyBrief } from '../shapes.ts'
import { ask } from './api.ts'
import { count, fill, make, moment, table } from './dom.ts'
import { orSay, type Panel, statusLine } from './panel.ts'

type SentinelRow = {
  readonly path: string
  readonly verdict: string
  readonly contract: string
  readonly reason: string
}

/** Families of what programs say over and over. */
export function familiesPanel(): Panel {
  const status = statusLine()
  const body = make('div')
  let fetched = 0
  const load = (): Promise<void> =>
    orSay(status, async () => {
      fetched = performance.now()
      const { families } = await ask<{ families: readonly FamilyBrief[] }>('/api/families', { limit: 100 })
      const rows = families.map(({ template, author, channel, count: members, last_at_ms }) => [
        template,
        channel === '' ? author : `${author} in ${channel}`,
        count(members),
        moment(last_at_ms),
      ])
      const columns = [{ name: 'template' }, { name: 'who' }, { name: 'times', number: true }, { name: 'last' }]
      fill(body, table(columns, rows, 'No program has repeated itself enough yet.'))
    })
  return {
    id: 'families',
    title: 'Families',
    width: 'half',
    body: () => [body, status],
    frame: () => {
      if (performance.now() - fetched > 10_000) void load()
    },
    shown: () => void load(),
  }
}

/** Every note and its verdict. */
export function sentinelsPanel(): Panel {
  const status = statusLine()
  const body = make('div')
  const filter = make('input', { id: 'sentinel-filter', type: 'text', placeholder: 'path, verdict or reason' })
  let all: readonly SentinelRow[] = []
  let fetched = 0
  const show = (): void => {
    const wanted = filter.value.trim().toLowerCase()
    const rows = all.filter((row) => `${row.path} ${row.verdict} ${row.reason}`.toLowerCase().includes(wanted))
    const counts = new Map<string, number>()
    for (const { verdict } of all) counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
    const board = [...counts].map(([verdict, number]) =>
      make('li', { class: toneOf(verdict) }, `${verdict} ${count(number)}`),
    )
    const cells = rows.map(({ path, verdict, contract, reason }) => [
      path,
      make('span', { class: toneOf(verdict) }, verdict),
      contract,
      reason,
    ])
    const columns = [{ name: 'note' }, { name: 'verdict' }, { name: 'contract' }, { name: 'reason' }]
    fill(body, make('ul', { class: 'legend' }, ...board), table(columns, cells, 'No note.'))
  }
  const load = (): Promise<void> =>
    orSay(status, async () => {
      fetched = performance.now()
      all = (await ask<{ sentinels: readonly SentinelRow[] }>('/api/sentinels')).sentinels
      show()
    })
  filter.addEventListener('input', show)
  return {
    id: 'sentinels',
    title: 'Sentinels',
    width: 'half',
    body: () => [
      make('div', { class: 'row' }, make('label', { for: 'sentinel-filter' }, 'Filter'), filter),
      body,
      status,
    ],
    frame: () => {
      if (performance.now() - fetched > 10_000) void load()
    },
    shown: () => void load(),
  }
}

function toneOf(verdict: string): string {
  return verdict === 'failed' ? 'bad' : verdict === 'done' ? 'good' : ''
}
