import type { Event } from '../../engine/flow/event.ts'
import type { World } from '../../engine/world/world.ts'
import { Gauge } from '../components.ts'
import { LlmChat, LlmEmbed, OlympiaSample, TurnCalled } from '../events.ts'
import { ModelUse, modelRow, nameUnits, SourceCount, sourcesNamed } from './columns.ts'

/**
 * Counts the events of a tick for their models, their sources and their verdicts. O(events).
 * @returns how many show that something happened
 */
export function countEvents(world: World, events: readonly Event[]): number {
  let happened = 0
  let from = 0
  let kind = ''
  let channel: string | undefined
  let row = 0
  // Neighbours mostly have one source: its row is looked up once, and all of them are added at once.
  for (const event of events) {
    if (!isHappening(event)) continue
    happened++
    if (event.source.kind === 'world' || event.payload['effect_id'] !== undefined) {
      countAnswer(world, event)
      continue
    }
    if (event.source.kind === 'engine') continue
    if (row === 0 || event.source.kind !== kind || event.source.channel !== channel) {
      kind = event.source.kind
      channel = event.source.channel
      row = rowOf(world, kind, channel ?? '')
    }
    world.of(SourceCount).events[row]!++
    from++
  }
  if (from > 0) world.of(Gauge).events[1]! += from
  return happened
}

/** What the world says to itself, and what answers it, is no news from outside, but tells of models and tools. */
function countAnswer(world: World, event: Event): void {
  if (LlmChat.done.is(event)) {
    const { model, tokens_in = 0, tokens_out = 0 } = event.payload
    const row = modelRow(world, model)
    const uses = world.of(ModelUse)
    uses.calls[row]!++
    uses.tokens_in[row]! += tokens_in
    uses.tokens_out[row]! += tokens_out
    world.of(Gauge).tokens[1]! += tokens_in + tokens_out
  } else if (LlmEmbed.done.is(event)) world.of(ModelUse).calls[modelRow(world, event.payload.model)]!++
  else if (LlmChat.failed.is(event) || LlmEmbed.failed.is(event)) countFailure(world)
  else if (TurnCalled.is(event)) countCall(world, event.payload.verdict)
}

/** Whether an event shows that something happened: not the clock, and not what is said about it. */
function isHappening(event: Event): boolean {
  return event.type !== 'clock.set' && !OlympiaSample.is(event)
}

function countFailure(world: World): void {
  const row = modelRow(world, 'unknown')
  const uses = world.of(ModelUse)
  uses.calls[row]!++
  uses.failed[row]!++
}

function countCall(world: World, verdict: string): void {
  const gauge = world.of(Gauge)
  if (verdict === 'invalid') gauge.calls_invalid[1]!++
  else if (verdict === 'deny') gauge.calls_refused[1]!++
  else gauge.calls_valid[1]!++
}

/** Rows of sources by kind and channel, '' for none: found without making their key again. Those of `other` are not kept. */
const knownOf = new WeakMap<World, Map<string, Map<string, number>>>()

function rowOf(world: World, kind: string, channel: string): number {
  return knownOf.get(world)?.get(kind)?.get(channel) ?? sourceRow(world, kind, channel)
}

function sourceRow(world: World, kind: string, channel: string): number {
  const key = (channel === '' ? kind : `${kind} ${channel}`).slice(0, nameUnits).toWellFormed()
  const there = world.find(SourceCount, key)
  if (there === 0 && world.rows(SourceCount) >= sourcesNamed) return world.appendKeyed(SourceCount, 'other')
  const row = there || world.appendKeyed(SourceCount, key)
  // A key that was cut stands for many channels: only those that fit are kept, so that no more is kept than there are rows.
  if (kind.length + channel.length < nameUnits) {
    const known = knownOf.get(world) ?? new Map<string, Map<string, number>>()
    knownOf.set(world, known)
    const channels = known.get(kind) ?? new Map<string, number>()
    known.set(kind, channels)
    channels.set(channel, row)
  }
  return row
}
