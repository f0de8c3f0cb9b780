import type { Tick } from '../../engine/system.ts'
import { Family } from '../components.ts'
import { ChannelPressure, DiscordChannel } from '../discord/columns.ts'
import { JanitorReport } from '../events.ts'
import { Best } from './best.ts'
import { ChannelWatch, Janitor } from './columns.ts'
import { plainLine } from './defuse.ts'
import { rulesWaiting, takeFamilies } from './families.ts'
import { janitorPolicyOf } from './policy.ts'
import { rateAll, watchChannels } from './rates.ts'
import { sendNumbers, sendReport } from './wording.ts'
import { wordsOf } from './words.ts'

/** The report: what was heard since the last one, in numbers and in words. */

/** Channels that a report names. */
const channelsMax = 20
const nameUnits = 80
const pressureNames = Object.keys(ChannelPressure)

/** What was heard begins a report, if none was begun. */
export function beginReport(tick: Tick): void {
  const { world, now_ms } = tick
  const { since_ms } = world.of(Janitor)
  if (since_ms[1] !== 0) return
  since_ms[1] = now_ms
  planReport(tick)
}

/** When the report that is being gathered is due, by the policy in force. */
export function planReport(tick: Tick): void {
  const { since_ms, due_at_ms } = tick.world.of(Janitor)
  const { report_ms } = janitorPolicyOf(tick)
  due_at_ms[1] = since_ms[1] === 0 || report_ms <= 0 ? 0 : since_ms[1]! + report_ms
}

/** Whether a report is due. */
export function reportDue({ world, now_ms }: Tick): boolean {
  const due_ms = world.of(Janitor).due_at_ms[1]!
  return due_ms !== 0 && now_ms >= due_ms
}

/** Gives the report of what was heard so far. Record: `report`. O(channels + families + rules) */
export function giveReport(tick: Tick): void {
  const { world, now_ms } = tick
  // The last report is still waiting for words: it does not wait longer than until the next.
  sendNumbers(tick)
  rateAll(tick)
  const janitor = world.of(Janitor)
  const waiting = rulesWaiting(world)
  const { channels, messages, counted, heard } = takeChannels(tick)
  const { families, proposals, rest } = takeFamilies(tick, janitorPolicyOf(tick))
  const since_ms = janitor.since_ms[1] || janitor.reported_at_ms[1] || now_ms
  const report = ++janitor.reports[1]!
  const total = messages + janitor.elsewhere[1]!
  const numbers = { report, since_ms, until_ms: now_ms, messages: total, counted, channels, families, proposals }
  const said: JanitorReport = { ...numbers, text: wordsOf(numbers, { ...rest, channels: heard, waiting }) }
  tick.put('report', report, JSON.stringify(said))
  tick.emit(JanitorReport, said)
  for (const column of ['since_ms', 'due_at_ms', 'messages', 'counted', 'elsewhere', 'families'] as const) {
    janitor[column][1] = 0
  }
  janitor.families_known[1] = world.rows(Family)
  janitor.reported_tick[1] = tick.tick
  janitor.reported_at_ms[1] = now_ms
  sendReport(tick)
}

type Heard = {
  readonly channels: JanitorReport['channels']
  readonly messages: number
  readonly counted: number
  /** Channels in which something was said. */
  readonly heard: number
}

/** What was said in which channel since the last report; the report names the busiest. O(channels) */
function takeChannels({ world }: Tick): Heard {
  watchChannels(world)
  const channels = world.of(DiscordChannel)
  const watch = world.of(ChannelWatch)
  const busiest = new Best<JanitorReport['channels'][number]>(channelsMax)
  const sum = { messages: 0, counted: 0, heard: 0 }
  const rows = world.rows(ChannelWatch)
  for (let row = 1; row <= rows; row++) {
    const people = channels.people[row]! - watch.people[row]!
    const bots = channels.bots[row]! - watch.bots[row]!
    const counted = channels.counted[row]! - watch.counted[row]!
    const suppressed = channels.suppressed[row]! - watch.suppressed[row]!
    if (people + bots + counted + suppressed <= 0) continue
    for (const column of ['people', 'bots', 'counted', 'suppressed'] as const)
      watch[column][row] = channels[column][row]!
    sum.messages += people + bots
    sum.counted += counted
    sum.heard++
    const name = channels.name[row] === 0 ? '' : plainLine(world.names.text(channels.name[row]!), nameUnits)
    const rate = Math.round(channels.rate[row]! * 10) / 10
    const pressure = pressureNames[channels.pressure[row]!]!
    const channel = world.keyOf(DiscordChannel, row)
    busiest.offer({ channel, name, people, bots, counted, suppressed, rate, pressure }, people + bots)
  }
  return { ...sum, channels: [...busiest.items] }
}
