import type { Event } from '../../engine/flow/event.ts'
import type { World } from '../../engine/world/world.ts'
import { Gauge } from '../components.ts'
import { LlmChat, LlmEmbed, OlympiaSample, TurnCalled } from '../events.ts'
import { ModelUse, modelRow, nameUnits, SourceCount, sourcesNamed } from './columns.ts'

/** Counts one event of the tick for its model, its source and its verdict. O(1). */
export function countEvent(world: World, event: Event): void {
  // What the world says to itself and what answers it are no news from outside.
  if (event.source.kind !== 'world' && event.payload['effect_id'] === undefined) countSource(world, event)
  else if (LlmChat.done.is(event)) {
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
export function isHappening(event: Event): boolean {
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

function countSource(world: World, { source: { kind, channel = '' } }: Event): void {
  if (kind === 'engine') return
  const row = knownOf.get(world)?.get(kind)?.get(channel) ?? sourceRow(world, kind, channel)
  world.of(SourceCount).events[row]!++
  world.of(Gauge).events[1]!++
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
