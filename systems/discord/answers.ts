import type { Event, Json } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import { Input, Turn, TurnInput } from '../agents/columns.ts'
import { agentRecord } from '../agents/quotes.ts'
import type { DiscordSay, SessionSaid } from '../events.ts'
import { followedRow } from './channels.ts'
import { DiscordChannel, Speak } from './columns.ts'
import { discordRulesOf } from './policy.ts'
import { post } from './posts.ts'

/** Whether what an agent says is said in a channel. */

const hops_most = 65_535

/** What a turn was asked: `to_me` when one of its inputs was said to the agent here, `bots` when programs alone spoke. */
type Asked = { readonly to_me: boolean; readonly bots: boolean; readonly reply_to: string }

/** What an agent said goes to the channel that it was asked in, where the policy lets it speak. O(inputs of the turn) */
export function answer(tick: Tick, { source, payload }: Event & { readonly payload: SessionSaid }): void {
  const { to, turn, text } = payload
  if (to.kind !== 'discord' || source.kind !== 'world') return
  const { world } = tick
  const rules = discordRulesOf(tick)
  const parent = to.thread === '' || to.thread === to.channel ? '' : to.channel
  const channel = followedRow(tick, rules, { id: to.thread || to.channel, parent, direct: false })
  if (channel === 0) return
  const { speak, bot_hops } = world.of(DiscordChannel)
  if (speak[channel] === Speak.never) return
  const asked = askedBy(tick, turn, to)
  if (speak[channel] === Speak.asked && !asked.to_me) return
  if (asked.bots) {
    if (bot_hops[channel]! >= rules.policy.bot_hops_max) return
    bot_hops[channel] = Math.min(hops_most, bot_hops[channel]! + 1)
  }
  post(tick, channel, turn, text, asked.reply_to)
}

/** A text that no turn said. Heard from the world alone. O(length) */
export function say(tick: Tick, { source, payload }: Event & { readonly payload: DiscordSay }): void {
  if (source.kind !== 'world') return
  const channel = followedRow(tick, discordRulesOf(tick), { id: payload.channel, parent: '', direct: false })
  if (channel !== 0 && discordRulesOf(tick).said) post(tick, channel, 0, payload.text)
}

function askedBy(tick: Tick, turn: number, to: SessionSaid['to']): Asked {
  const { world } = tick
  if (turn < 1 || turn > world.rows(Turn)) return { to_me: false, bots: true, reply_to: '' }
  const { first_input, inputs } = world.of(Turn)
  const { input } = world.of(TurnInput)
  const { bot } = world.of(Input)
  let to_me = false
  let bots = true
  let reply_to = ''
  for (let at = first_input[turn]!; at < first_input[turn]! + inputs[turn]!; at++) {
    const row = input[at]!
    const event = inputEvent(tick, row)
    const { kind, channel = '', thread = '' } = event?.source ?? { kind: '' }
    if (event === undefined || kind !== 'discord' || channel !== to.channel || thread !== to.thread) continue
    if (bot[row] === 0) bots = false
    if (event.payload['to_me'] !== true && event.payload['direct'] !== true) continue
    to_me = true
    const { message_id } = event.payload
    reply_to = event.payload['direct'] === true ? '' : typeof message_id === 'string' ? message_id : event.id
  }
  return { to_me, bots, reply_to: /^[0-9]{1,20}$/.test(reply_to) ? reply_to : '' }
}

type Heard = {
  readonly id: string
  readonly source: { readonly kind: string; readonly channel?: string; readonly thread?: string }
  readonly payload: { readonly [key: string]: Json }
}

function inputEvent(tick: Tick, input: number): Heard | undefined {
  const text = agentRecord(tick, 'input', input)
  return text === undefined ? undefined : (JSON.parse(text) as Heard)
}
