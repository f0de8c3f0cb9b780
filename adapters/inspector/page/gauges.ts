import type uPlot from 'uplot'
import type { History } from '../shapes.ts'
import { ask } from './api.ts'
import { make } from './dom.ts'
import { orSay, type Panel, statusLine } from './panel.ts'

declare global {
  interface Window {
    uPlot: typeof uPlot
  }
}

const every_ms = { tick: 2_000, minute: 30_000 } as const

/** One gauge over the last minutes or the last day. */
export function gaugesPanel(): Panel {
  let every: History['every'] = 'tick'
  let name = 'memories'
  let fetched = 0
  const status = statusLine()
  const holder = make('div', { class: 'chart' })
  const draw = chartIn(holder)
  const names = make('select', { id: 'gauge-name' }, make('option', { value: name }, name))
  const spans = make(
    'select',
    { id: 'gauge-every' },
    make('option', { value: 'tick' }, 'the last ticks'),
    make('option', { value: 'minute' }, 'the last day'),
  )

  const load = (): Promise<void> =>
    orSay(status, async () => {
      fetched = performance.now()
      const history = await ask<History>('/api/history', { every })
      const known = Object.keys(history.gauges)
      if (names.options.length !== known.length) {
        names.replaceChildren(
          ...known.map((each) => make('option', { value: each, selected: each === name }, each.replaceAll('_', ' '))),
        )
      }
      draw(
        name,
        history.at_ms.map((ms) => ms / 1000),
        history.gauges[name] ?? [],
      )
    })

  names.addEventListener('change', () => {
    name = names.value
    void load()
  })
  spans.addEventListener('change', () => {
    every = spans.value === 'minute' ? 'minute' : 'tick'
    void load()
  })

  return {
    id: 'gauges',
    title: 'Gauges',
    width: 'half',
    body: () => [
      make(
        'div',
        { class: 'row' },
        make('label', { for: 'gauge-name' }, 'Gauge'),
        names,
        make('label', { for: 'gauge-every' }, 'over'),
        spans,
      ),
      holder,
      status,
    ],
    frame: () => {
      if (performance.now() - fetched > every_ms[every]) void load()
    },
    shown: () => void load(),
  }
}

type Draw = (name: string, seconds: readonly number[], values: readonly number[]) => void

/** A line chart in a holder, as wide as that; it is made when there is something to show. */
function chartIn(holder: HTMLElement): Draw {
  let chart: uPlot | undefined
  const size = (): { width: number; height: number } => ({ width: Math.max(200, holder.clientWidth), height: 210 })
  new ResizeObserver(() => chart?.setSize(size())).observe(holder)
  return (name, seconds, values) => {
    const data: uPlot.AlignedData = [[...seconds], [...values]]
    if (chart !== undefined && chart.series[1]?.label === name) {
      chart.setData(data)
      return
    }
    chart?.destroy()
    const style = getComputedStyle(holder)
    const axis = { stroke: style.color, grid: { stroke: style.borderColor, width: 0.5 } }
    const line = { label: name, stroke: '#c8743c', width: 2, points: { show: false } }
    const axes = [axis, { ...axis, size: 60 }]
    chart = new window.uPlot({ ...size(), series: [{}, line], axes, cursor: { drag: { x: false } } }, data, holder)
  }
}
