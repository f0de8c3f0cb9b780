import type { Event } from '../engine/flow/event.ts'
import { system, type Tick } from '../engine/system.ts'
import { Family } from './components.ts'
import {
  ChatSaid,
  ConfigSet,
  DiscordSaid,
  JanitorAsked,
  JanitorRule,
  MemoryFamily,
  SessionSaid,
  TurnEnded,
  TurnStarted,
} from './events.ts'
import { Janitor } from './janitor/columns.ts'
import { fadeRates, hearChannel } from './janitor/rates.ts'
import { beginReport, giveReport, planReport, reportDue } from './janitor/report.ts'
import { decideRule } from './janitor/rules.ts'
import { giveUpWaiting, turnEnded, turnSaid, turnStarted } from './janitor/wording.ts'

/**
 * Rates and pressure of channels, reports of what programs said, and rules that keep floods away. O(events), and once a second
 * O(channels heard of lately); a report costs O(channels + families + rules).
 */
export const janitor = system('janitor', (tick) => {
  let asked = false
  for (const event of tick.events) {
    if (DiscordSaid.is(event)) hearMessage(tick, event)
    else if (JanitorAsked.is(event)) asked ||= event.source.kind === 'operator'
    else hear(tick, event)
  }
  fadeRates(tick)
  giveUpWaiting(tick)
  if (asked || reportDue(tick)) giveReport(tick)
})

/** A message counts where it was said: in its channel, or in the thread. */
function hearMessage(tick: Tick, { source: { channel, thread } }: Event): void {
  const inChannel = channel !== undefined && hearChannel(tick, channel)
  const inThread = thread !== undefined && thread !== channel && hearChannel(tick, thread)
  if (inChannel || inThread) beginReport(tick)
}

function hear(tick: Tick, event: Event): void {
  if (ConfigSet.is(event)) planReport(tick)
  else if (JanitorRule.is(event)) decideRule(tick, event)
  else if (ChatSaid.is(event)) hearProgram(tick, event.payload.bot === true)
  else if (event.source.kind !== 'world') return
  else if (MemoryFamily.is(event)) countFamilies(tick)
  else if (TurnStarted.is(event)) turnStarted(tick, event.payload)
  else if (SessionSaid.is(event)) turnSaid(tick, event.payload)
  else if (TurnEnded.is(event)) turnEnded(tick, event.payload)
}

/** What programs say outside Discord is in no channel. */
function hearProgram(tick: Tick, bot: boolean): void {
  if (!bot) return
  const { elsewhere, messages } = tick.world.of(Janitor)
  elsewhere[1]!++
  messages[1]!++
  beginReport(tick)
}

/** Programs say something over and over that was not known since the last report. */
function countFamilies(tick: Tick): void {
  const { families, families_known } = tick.world.of(Janitor)
  families[1] = tick.world.rows(Family) - families_known[1]!
}
