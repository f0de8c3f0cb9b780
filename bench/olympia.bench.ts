import { Core } from '../engine/tick.ts'
import { Memory } from '../systems/components.ts'
import { mind } from '../systems/index.ts'
import { type Concern, percentile, type Row, type Scale } from './support.ts'

/** What the gauges cost a busy tick. */
export const olympia: Concern = {
  name: 'olympia',
  about: 'busy ticks of 64 events with the gauges and without, in turns',
  run: measured,
}

const eventsATick = 64
const ticksAHalf = 15
const goalShare = 2

type World = { readonly core: Core; readonly spent: Float64Array; at: number }

async function measured(scale: Scale): Promise<readonly Row[]> {
  const [on, off] = [worldWith(true, scale), worldWith(false, scale)]
  const index = mind().systems.findIndex(({ name }) => name === 'olympia')
  const pairs = scale.smoke ? 2 : 30
  const ratios: number[] = []
  const shares: number[] = []
  for (const world of [on, off]) for (let warm = 0; warm < (scale.smoke ? 1 : 10); warm++) half(world)
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [on, off] : [off, on]
    const took = new Map(order.map((world) => [world, half(world)]))
    ratios.push(took.get(on)! / took.get(off)!)
    const whole = on.spent.reduce((sum, each) => sum + each, 0)
    shares.push((100 * on.spent[index]!) / whole)
  }
  const ratio = percentile(ratios, 0.5)
  const stray = percentile(
    ratios.map((each) => Math.abs(each - ratio)),
    0.5,
  )
  const share = percentile(shares, 0.5)
  return [
    {
      name: 'gauges, of a busy tick',
      value: share,
      unit: '%',
      goal: `< ${goalShare} %`,
      met: share < goalShare,
      detail: `their own time, median of ${pairs} halves of ${ticksAHalf} ticks; every gauge, ring and count`,
    },
    {
      name: 'ticks with gauges / without',
      value: ratio,
      unit: 'x',
      detail: `median of ${pairs} pairs, which stray by ${stray.toFixed(3)}: more than there is to be seen`,
    },
  ]
}

function worldWith(olympia: boolean, scale: Scale): World {
  const parts = mind()
  const systems = parts.systems.filter(({ name }) => olympia || name !== 'olympia')
  const world: World = {
    spent: new Float64Array(systems.length),
    at: 0,
    core: new Core(
      { ...parts, systems },
      {
        read: () => undefined,
        backoff_max_ms: 1_000,
        ran: (index) => {
          const now = performance.now()
          world.spent[index]! += now - world.at
          world.at = now
        },
      },
    ),
  }
  world.core.apply([])
  world.core.world.append(Memory, scale.rows(100_000))
  return world
}

/** Milliseconds for some busy ticks; `spent` is that of each system in them. */
function half(world: World): number {
  world.spent.fill(0)
  for (let tick = 0; tick < ticksAHalf; tick++) {
    const batch = Array.from({ length: eventsATick }, (_, at) => message(at))
    world.at = performance.now()
    world.core.apply(batch)
  }
  return world.spent.reduce((sum, each) => sum + each, 0)
}

let said = 0

function message(at: number) {
  said++
  const text = `Heron ${said} stands in the water near Lake ${said % 977} and eats fish number ${said * 7}.`
  const source = { kind: 'chat', channel: `c${at % 8}`, author: 'Ann' }
  return { id: String(said), ts: 0, type: 'chat.message', source, payload: { text } }
}
