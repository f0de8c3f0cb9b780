import type { TurnBlocks, TurnBrief } from '../shapes.ts'
import { ask } from './api.ts'
import { colour, count, fill, make, moment, table } from './dom.ts'
import { orSay, type Panel, statusLine } from './panel.ts'

const names = ['headers', 'related', 'persistent', 'recent', 'input', 'tools', 'answer', 'free']

/** What was put before a model in a turn, as blocks of its window. */
export function contextPanel(): Panel {
  const status = statusLine()
  const list = make('div')
  const one = make('div')
  let newest = -1
  let fetched = 0

  const open = (turn: number): void =>
    void orSay(status, async () => fill(one, ...blocksOf(await ask<TurnBlocks>('/api/turn', { id: turn }))))
  const load = (): Promise<void> =>
    orSay(status, async () => {
      fetched = performance.now()
      const { turns } = await ask<{ turns: readonly TurnBrief[] }>('/api/turns', { limit: 30 })
      const rows = turns.map((turn) => [
        make('button', { type: 'button', onclick: () => open(turn.turn) }, `turn ${turn.turn}`),
        turn.session,
        turn.state,
        moment(turn.asked_at_ms),
        count(turn.tokens_in),
        count(turn.tokens_out),
      ])
      const columns = [{ name: '' }, { name: 'session' }, { name: 'state' }, { name: 'begun' }]
      const numbers = [
        { name: 'read', number: true },
        { name: 'written', number: true },
      ]
      fill(list, table([...columns, ...numbers], rows, 'No agent has taken a turn yet: promethean chat begins one.'))
      const first = turns[0]?.turn ?? 0
      if (newest < 0 && first > 0) open(first)
      newest = first
    })

  return {
    id: 'context',
    title: 'Context of a turn',
    width: 'wide',
    body: () => [status, make('div', { class: 'split' }, list, one)],
    frame: () => {
      if (performance.now() - fetched > 5_000) void load()
    },
    shown: () => void load(),
  }
}

function blocksOf(turn: TurnBlocks): HTMLElement[] {
  const about = `turn ${turn.turn} of ${turn.session}: ${turn.state}; the least trusted of what it had before it: ${turn.trust}`
  if (turn.blocks.length === 0)
    return [make('p', {}, about), make('p', { class: 'empty' }, 'It has put nothing before a model.')]
  const detail = make('div', { 'aria-live': 'polite' })
  const tell = (block: TurnBlocks['blocks'][number]): void => fill(detail, ...itemsOf(block, turn))
  const bar = turn.blocks
    .filter(({ tokens }) => tokens > 0)
    .map((block) => {
      const label = `${block.name}: ${count(block.tokens)} tokens`
      const part = make('button', { type: 'button', title: label, 'aria-label': label, onclick: () => tell(block) })
      part.style.flexGrow = String(block.tokens)
      part.style.flexBasis = '4px'
      part.style.background = colourOf(block.name)
      return part
    })
  const legend = turn.blocks.map((block) => {
    const swatch = make('span', { class: 'swatch' })
    swatch.style.background = colourOf(block.name)
    const may = block.share > 0 ? ` of ${count(block.share * turn.window_tokens)}` : ''
    return make('li', {}, swatch, `${block.name} ${count(block.tokens)}${may}`)
  })
  const largest = turn.blocks.filter(({ items }) => items.length > 0).sort((a, b) => b.tokens - a.tokens)[0]
  if (largest !== undefined) tell(largest)
  const left = turn.left_out.map(({ label, why }) => make('li', {}, `${label}: ${why}`))
  return [
    make('p', {}, about),
    make(
      'p',
      { class: 'quiet' },
      `${count(turn.tokens)} of ${count(turn.budget_tokens)} tokens, in a window of ${count(turn.window_tokens)}. ${turn.outcome}`,
    ),
    make('div', { class: 'blocks', role: 'group', 'aria-label': 'The window, in proportion' }, ...bar),
    make('ul', { class: 'legend' }, ...legend),
    detail,
    ...(left.length === 0
      ? []
      : [make('details', {}, make('summary', {}, `${turn.left_out_count} left out`), make('ul', {}, ...left))]),
  ]
}

function itemsOf(block: TurnBlocks['blocks'][number], turn: TurnBlocks): HTMLElement[] {
  const share = `${((block.tokens / Math.max(1, turn.window_tokens)) * 100).toFixed(1)} % of the window`
  const rows = block.items.map(({ label, tokens, why }) => [label, count(tokens), why])
  const columns = [{ name: 'memory' }, { name: 'tokens', number: true }, { name: 'why' }]
  const list = rows.length === 0 ? [] : [table(columns, rows, '')]
  return [make('h3', {}, `${block.name}: ${count(block.tokens)} tokens, ${share}`), ...list]
}

function colourOf(name: string): string {
  if (name === 'free') return 'var(--bar)'
  return colour(Math.max(0, names.indexOf(name)), names.length)
}
