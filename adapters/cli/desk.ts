import type { Engine } from '../../engine/engine.ts'
import { EngineError } from '../../engine/errors.ts'
import { objectOf } from '../../engine/flow/event.ts'
import { checkLater, type JsonSchema } from '../../engine/schema.ts'
import { gaugesOf } from '../../systems/olympia/gauges.ts'
import type { Recall, RecallOptions } from '../../systems/recall/types.ts'
import type { MemoryDoor } from '../control.ts'
import type { McpQuestion } from '../mcp.ts'
import { compose } from './compose.ts'
import type { DiscordAdapter } from './compose-discord.ts'
import type { Config } from './config.ts'
import { type AgentQuestion, agentSchemas, answerOfAgents } from './desk/agents.ts'
import { type ArchiveQuestion, answerOfArchive, archiveSchemas } from './desk/archive.ts'
import { auditOf } from './desk/audit.ts'
import { answerOfCompact, type CompactQuestion, compactSchemas } from './desk/compact.ts'
import { answerOfDiscord, type DiscordQuestion, discordSchemas } from './desk/discord.ts'
import { explanationOf } from './desk/explanation.ts'
import { exportOf } from './desk/export.ts'
import { findMemory } from './desk/find.ts'
import { answerOfJanitor, type JanitorQuestion, janitorSchemas } from './desk/janitor.ts'
import { answerOfMcp, mcpSchemas } from './desk/mcp.ts'
import { memoryOf } from './desk/memory.ts'
import { answerOfOpencode, type OpencodeQuestion, opencodeSchemas } from './desk/opencode.ts'
import { carryOut } from './desk/order.ts'
import { answerOfRepairs, type RepairQuestion, repairSchemas } from './desk/repair.ts'
import { chunk_bytes } from './ingest/blocks.ts'
import { load } from './ingest/loader.ts'
import { rulesOf } from './ingest/rules.ts'

/** The part of the search adapter that answers for people and programs. */
export type Search = {
  recall(query: string, options: RecallOptions): Promise<Recall>
  /** Resolves when every index holds every memory. */
  complete(): Promise<void>
  /** Memories that an index does not hold yet. */
  pending(): { readonly lexical: number; readonly vectors: number }
}

/** What may be asked about memory and agents, by the command line here or over the control channel. */
export type Question =
  | AgentQuestion
  | ArchiveQuestion
  | CompactQuestion
  | DiscordQuestion
  | JanitorQuestion
  | McpQuestion
  | OpencodeQuestion
  | RepairQuestion
  | { readonly ask: 'recall'; readonly queries: readonly string[]; readonly options: RecallOptions }
  | { readonly ask: 'show' | 'explain'; readonly id: string }
  | { readonly ask: 'order'; readonly order: 'forget' | 'pin' | 'unpin'; readonly id: string }
  | { readonly ask: 'export'; readonly from: number }
  | { readonly ask: 'audit' | 'counts' | 'settled' }
  | { readonly ask: 'complete'; readonly wait_ms: number }

/** Answers questions about memory and agents between two ticks. */
export type Desk = {
  /** @throws EngineError EVENT_INVALID for a question that is none, LIMIT_INVALID for options that recall refuses */
  answer(question: unknown): Promise<object>
}

const text: JsonSchema = { type: 'string' }
const id: JsonSchema = { type: 'string', minLength: 1, maxLength: 4096 }
const anyObject: JsonSchema = { type: 'object' }
const asking = (ask: string, more: { [name: string]: JsonSchema } = {}): JsonSchema =>
  objectOf({ ask: { const: ask }, ...more })
const schemas: { readonly [ask in Question['ask']]: JsonSchema } = {
  recall: asking('recall', { queries: { type: 'array', items: text, maxItems: 1000 }, options: anyObject }),
  show: asking('show', { id }),
  explain: asking('explain', { id }),
  order: asking('order', { order: { enum: ['forget', 'pin', 'unpin'] }, id }),
  export: asking('export', { from: { type: 'integer', minimum: 1 } }),
  audit: asking('audit'),
  counts: asking('counts'),
  settled: asking('settled'),
  complete: asking('complete', { wait_ms: { type: 'integer', minimum: 0, maximum: 60_000 } }),
  ...agentSchemas,
  ...archiveSchemas,
  ...compactSchemas,
  ...discordSchemas,
  ...janitorSchemas,
  ...mcpSchemas,
  ...opencodeSchemas,
  ...repairSchemas,
}
const checks = new Map(Object.entries(schemas).map(([ask, schema]) => [ask, checkLater(schema, `question ${ask}`)]))

/** The desk of an engine whose search adapter is at hand, and that of Discord where there is one. */
export function deskOf(engine: Engine, search: Search, discord?: DiscordAdapter): Desk {
  return {
    answer: async (question) => answerTo({ engine, search, discord }, checked(question)),
  }
}

type Parts = { readonly engine: Engine; readonly search: Search; readonly discord: DiscordAdapter | undefined }

function checked(question: unknown): Question {
  const ask = String((question as { ask?: unknown } | null | undefined)?.ask)
  const check = checks.get(ask)
  if (check === undefined) throw new EngineError('EVENT_INVALID', `nobody knows the question ${ask.slice(0, 60)}`)
  const [problem] = check(question)
  if (problem === undefined) return question as Question
  throw new EngineError('EVENT_INVALID', `${ask}: ${problem.path || 'the question'} ${problem.message}`)
}

async function answerTo({ engine, search, discord }: Parts, question: Question): Promise<object> {
  switch (question.ask) {
    case 'recall':
      return { recalls: await recalls(search, question.queries, question.options) }
    case 'show': {
      const memory_id = await findMemory(engine, question.id)
      return { memory: memory_id === 0 ? null : memoryOf(engine, memory_id) }
    }
    case 'explain': {
      const memory_id = await findMemory(engine, question.id)
      return { explanation: memory_id === 0 ? null : explanationOf(engine, memory_id) }
    }
    case 'order':
      return carryOut(engine, question.order, await findMemory(engine, question.id))
    case 'export':
      return exportOf(engine, question.from)
    case 'audit':
      return auditOf(engine, Date.now())
    case 'counts':
      return countsOf(engine)
    case 'settled':
      await engine.flushed()
      return { tick: engine.tick }
    case 'complete':
      return { pending: await completed(search, question.wait_ms) }
    case 'discord':
    case 'backfill':
    case 'resolve':
      return answerOfDiscord(engine, question, discord)
    case 'report':
    case 'rules':
    case 'rule':
      return answerOfJanitor(engine, question)
    case 'archive':
      return answerOfArchive(engine, question)
    case 'compaction':
    case 'plans':
    case 'plan':
    case 'compact':
    case 'purge':
      return answerOfCompact(engine, question)
    case 'repairs':
    case 'repair':
      return answerOfRepairs(engine, question)
    case 'opencode':
    case 'permissions':
    case 'permit':
      return answerOfOpencode(engine, question)
    case 'mcp':
      return answerOfMcp({ engine, search }, question)
    default:
      return answerOfAgents(engine, question)
  }
}

async function recalls(search: Search, queries: readonly string[], options: RecallOptions): Promise<Recall[]> {
  const found: Recall[] = []
  for (const query of queries) found.push(await search.recall(query, options))
  return found
}

/** The desk of a running daemon, with the way in for lines of events. */
export async function doorOf(
  engine: Engine,
  search: Search,
  config: Config,
  discord?: DiscordAdapter,
): Promise<MemoryDoor> {
  const { parts } = await compose(config)
  const desk = deskOf(engine, search, discord)
  const rules = rulesOf(parts, engine.limits.event_bytes_max)
  return {
    answer: (question) => desk.answer(question),
    load: (lines) => load(engine, lines, rules),
    // A run of lines is what was read at once and the line that was begun before it.
    load_bytes_max: engine.limits.event_bytes_max + chunk_bytes,
  }
}

/** What ingest compares before and after. */
export type Counts = {
  readonly memories: number
  readonly duplicates: number
  readonly loops: number
  readonly families: number
  readonly refused: number
}

/** The running counts of memory, as they stand between two ticks. */
export function countsOf(engine: Engine): Counts {
  const { memories, duplicates, loops, families, refused } = gaugesOf(engine.world)
  return { memories, duplicates, loops, families, refused }
}

/** What is pending once everything is indexed, or after `wait_ms`. */
async function completed(search: Search, wait_ms: number): Promise<ReturnType<Search['pending']>> {
  const patience = Promise.withResolvers<void>()
  const timer = setTimeout(() => patience.resolve(), wait_ms)
  try {
    await Promise.race([search.complete(), patience.promise])
  } finally {
    clearTimeout(timer)
  }
  return search.pending()
}
