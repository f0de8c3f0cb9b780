import type { Json } from '../../engine/flow/event.ts'
import type { Tick } from '../../engine/system.ts'
import type { World } from '../../engine/world/world.ts'
import { type Limits, limitsOf } from '../agents/budget.ts'
import { Turn } from '../agents/columns.ts'
import { agentsOf, defaultAgent, defaultSession } from '../agents/policy.ts'
import { agentRecord } from '../agents/quotes.ts'
import type { ChatMessage, RecallDone, ToolOffered } from '../events.ts'
import { circuitNamed } from './circuits.ts'
import { choose } from './context/choose.ts'
import { conversationBefore, inputTexts, ownMessages, pinnedOf, relatedOf } from './context/gather.ts'
import { again } from './context/later.ts'
import type { ContextRecord } from './context/types.ts'
import { headersOf, promptsVersion } from './prompts.ts'
import { counterFor, counterNamed } from './tokens.ts'
import { offeredTool } from './tools.ts'

/** What is put before a model: made once for a turn and recorded, and taken from the record ever after. */
export type Context = {
  messages: ChatMessage[]
  tools: ToolOffered[]
  tokens: number
  /** Headers, tools and what is pinned leave no room for the question. */
  crowded: boolean
  /** The least Trust of all that is in it. */
  trust: number
  memory_ids: number[]
}

const queryUnits = 4_000
/** Hits that are asked for beyond those wanted: the inputs themselves are remembered by now, and are no answer. */
const spareHits = 12
const leftOutMax = 200

/**
 * The context of a turn's first question; puts the record `context`, once a turn. Whether there is one already is not looked
 * at: in a replay the store holds it from the beginning. @throws EngineError PACKAGE_MISSING when its counter is not there
 */
export function firstContext(tick: Tick, turn: number, recalled: RecallDone | undefined): Context {
  record(tick, turn, recalled)
  return laterContext(tick, turn)
}

/**
 * The recorded context and what the turn has said since, within the window; its related part is halved as often as
 * `Turn.shrinks` says. @throws EngineError as `firstContext`
 */
export function laterContext(tick: Tick, turn: number): Context {
  const text = agentRecord(tick, 'context', turn)
  if (text === undefined) return firstContext(tick, turn, undefined)
  const kept = parsed(tick, turn, text)
  const { shrinks } = tick.world.of(Turn)
  const made = again(kept, ownMessages(tick, turn).later, shrinks[turn]!, counterNamed(kept.counter))
  return { ...made, crowded: kept.crowded === true, tools: toolsOf(tick, turn) }
}

/** Only a saving: a record of the same text says the same. A few turns are under way at once, each with several questions. */
const parsedMax = 64
type Parsed = { readonly text: string; readonly record: ContextRecord }
const parsedOf = new WeakMap<World, Map<number, Parsed>>()

function parsed({ world }: Tick, turn: number, text: string): ContextRecord {
  const before = parsedOf.get(world)?.get(turn)
  return before?.text === text ? before.record : keep(world, turn, { text, record: JSON.parse(text) as ContextRecord })
}

function keep(world: World, turn: number, parsed: Parsed): ContextRecord {
  let known = parsedOf.get(world)
  if (known === undefined) {
    known = new Map()
    parsedOf.set(world, known)
  }
  if (known.size >= parsedMax) known.clear()
  known.set(turn, parsed)
  return parsed.record
}

/** What memory is asked for a turn: its inputs' words, or for a turn of its own accord what its session is for. */
export function queryOf(tick: Tick, turn: number): string {
  const texts = inputTexts(tick, turn)
  if (texts.length === 0) {
    const { session } = policyOf(tick, turn)
    return [session.instructions, circuitNamed(session.circuit)?.instruction ?? '']
      .join('\n')
      .trim()
      .slice(0, queryUnits)
  }
  const each = Math.floor(queryUnits / texts.length)
  return texts
    .map((text) => text.slice(0, each))
    .join('\n')
    .toWellFormed()
}

/** The options of that recall. */
export function recallOptionsOf(tick: Tick, turn: number): { [option: string]: Json } {
  const { session } = policyOf(tick, turn)
  const hits_max = Math.max(1, Math.min(100, Math.floor(session.related_max) + spareHits))
  const circuit = circuitNamed(session.circuit)?.name
  return { hits_max, ...(circuit === undefined ? {} : { circuit }) }
}

function record(tick: Tick, turn: number, recalled: RecallDone | undefined): void {
  const { agent, session } = policyOf(tick, turn)
  const counter = counterFor(session.model ?? agent.model, agentsOf(tick).tokens === 'exact')
  const row = tick.world.of(Turn).session[turn]!
  const [related, unrelated] = relatedOf(tick, row, recalled)
  const [persistent, unpinned] = pinnedOf(tick, row)
  const tools = toolsOf(tick, turn)
  const parts = {
    headers: headersOf(agent, session),
    related,
    persistent,
    recent: conversationBefore(tick, turn),
    input: ownMessages(tick, turn).inputs,
    tools_tokens: tools.length === 0 ? 0 : counter.count(JSON.stringify(tools)),
  }
  const { window_tokens, answer_tokens_max } = agent
  const { shares, related_max } = session
  const chosen = choose(parts, { window_tokens, answer_tokens: answer_tokens_max, shares, related_max }, counter)
  const out = [...unrelated, ...unpinned]
  const made: ContextRecord = {
    ...chosen,
    prompts: promptsVersion,
    counter: counter.name,
    left_out: [...out, ...chosen.left_out].slice(0, leftOutMax),
    left_out_count: out.length + chosen.left_out_count,
  }
  const text = JSON.stringify(made)
  tick.put('context', turn, text)
  keep(tick.world, turn, { text, record: made })
}

function toolsOf(tick: Tick, turn: number): ToolOffered[] {
  const { session } = policyOf(tick, turn)
  const { tools } = agentsOf(tick)
  return tools
    .filter((spec) => offeredTool(tools, session.tools, spec.name) === spec)
    .map(({ name, description, parameters }) => ({ name, description, parameters }))
}

/** A session that the policy has just lost is treated as one without any wishes. */
function policyOf(tick: Tick, turn: number): Limits {
  const found = limitsOf(tick, tick.world.of(Turn).session[turn]!)
  if (found !== undefined) return found
  const session = { ...defaultSession, name: '', filters: [], tools: [] }
  return { agent: { ...defaultAgent, name: '', sessions: [] }, session }
}
