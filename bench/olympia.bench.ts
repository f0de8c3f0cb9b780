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
const ticksAHalf = 30
const goalShare = 2

type World = { readonly core: Core; readonly spent: Float64Array; at: number }

async function measured(scale: Scale): Promise<readonly Row[]> {
  const [on, off] = [worldWith(true, scale), worldWith(false, scale)]
  const index = mind().systems.findIndex(({ name }) => name === 'olympia')
  const pairs = scale.smoke ? 2 : 30
  const added: number[] = []
  const shares: number[] = []
  const warm = scale.smoke ? 1 : 200
  for (let tick = 0; tick < warm; tick++) for (const world of [on, off]) busyTick(world)
  for (let pair = 0; pair < pairs; pair++) {
    const took = { on: [] as number[], off: [] as number[] }
    on.spent.fill(0)
    // Tick by tick in turns: what the machine does meanwhile hits both.
    for (let tick = 0; tick < ticksAHalf; tick++) {
      if (tick % 2 === 0) took.on.push(busyTick(on))
      took.off.push(busyTick(off))
      if (tick % 2 === 1) took.on.push(busyTick(on))
    }
    added.push((percentile(took.on, 0.5) / percentile(took.off, 0.5) - 1) * 100)
    const whole = on.spent.reduce((sum, each) => sum + each, 0)
    shares.push((100 * on.spent[index]!) / whole)
  }
  const middle = percentile(added, 0.5)
  const stray = percentile(
    added.map((each) => Math.abs(each - middle)),
    0.5,
  )
  const own = percentile(shares, 0.5)
  return [
    {
      name: 'gauges, added to a busy tick',
      value: middle,
      unit: '%',
      goal: `< ${goalShare} %`,
      met: middle < goalShare,
      detail: `median of ${pairs} pairs, which stray by ${stray.toFixed(1)}; each of ${ticksAHalf} ticks in turns, on and off`,
    },
    {
      name: 'gauges, their own time',
      value: own,
      unit: '%',
      detail: 'of the tick: every gauge, ring and count',
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

/** Milliseconds of one busy tick; `spent` grows by that of each system. */
function busyTick(world: World): number {
  const batch = Array.from({ length: eventsATick }, (_, at) => message(at))
  const begun = performance.now()
  world.at = begun
  world.core.apply(batch)
  return performance.now() - begun
}

let said = 0

function message(at: number) {
  said++
  const text = `Heron ${said} stands in the water near Lake ${said % 977} and eats fish number ${said * 7}.`
  const source = { kind: 'chat', channel: `c${at % 8}`, author: 'Ann' }
  return { id: String(said), ts: 0, type: 'chat.message', source, payload: { text } }
}
