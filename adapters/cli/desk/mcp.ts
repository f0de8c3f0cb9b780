import { createHash } from 'node:crypto'
import type { Engine } from '../../../engine/engine.ts'
import { EngineError } from '../../../engine/errors.ts'
import { objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import { isPrivate } from '../../../systems/agents/sessions.ts'
import { File, Memory } from '../../../systems/components.ts'
import { MemoryUsed, NoteWritten } from '../../../systems/events.ts'
import { deliveredAs } from '../../../systems/memory/duplicate.ts'
import { gaugesOf } from '../../../systems/olympia/gauges.ts'
import type { RecallOptions } from '../../../systems/recall/types.ts'
import { hash64 } from '../../../systems/text/hash.ts'
import { type McpQuestion, type McpScope, toolNames, trusts } from '../../mcp.ts'
import { isHidden } from '../../tools/memories.ts'
import type { Search } from '../desk.ts'
import { commandOn, sentinelsOf } from '../view.ts'
import { explanationOf } from './explanation.ts'
import { findMemory } from './find.ts'
import { metaOf, nameOf, type SourceView, stateOf } from './memory.ts'
import { carryOut } from './order.ts'
import { relatedTo } from './related.ts'

type Parts = { readonly engine: Engine; readonly search: Search }
type Arguments = McpQuestion['args']

const text: JsonSchema = { type: 'string', maxLength: 4096 }
/** The question of an MCP client, as it comes over the control channel. */
export const mcpSchemas: { readonly mcp: JsonSchema } = {
  mcp: objectOf({
    ask: { const: 'mcp' },
    place: { enum: [...toolNames, 'memory', 'note', 'newest'] },
    args: { type: 'object' },
    scope: objectOf({
      client: text,
      tools: { type: 'array', items: { enum: [...toolNames] } },
      trust: { enum: [...trusts] },
      channel: text,
      hidden: { type: 'array', items: text },
    }),
  }),
}

/** UTF-16 units of text that all hits of one answer share. */
const textUnits = 40_000
/** How long a client waits for the indexes before it hears that they are not complete. */
const patience_ms = 10_000

/** Answers an MCP client within its scope. What it may not see is for it as if it did not exist. */
export function answerOfMcp(parts: Parts, { place, args, scope }: McpQuestion): Promise<object> | object {
  switch (place) {
    case 'recall':
      return recallFor(parts, args, scope)
    case 'remember':
      return rememberFor(parts, args, scope)
    case 'explain':
      return explainFor(parts, args, scope)
    case 'related':
      return relatedFor(parts, args, scope)
    case 'pin':
      return orderFor(parts, args['pinned'] === false ? 'unpin' : 'pin', args, scope)
    case 'forget':
      if (args['confirm'] !== true) throw new EngineError('EVENT_INVALID', 'forget needs confirm: true')
      return orderFor(parts, 'forget', args, scope)
    case 'status':
      return statusFor(parts)
    case 'run_contract':
      return contractFor(parts, String(args['path']))
    case 'memory':
    case 'note':
      return readable(parts, place, String(args['id']), scope)
    case 'newest':
      return newest(parts, args, scope)
  }
}

/** Whether a memory of this source is none of a client's business. */
function unseenBy({ engine }: Parts, { hidden }: McpScope): (source: SourceView) => boolean {
  const secret = (session: string): boolean => isPrivate(engine.world, session)
  return (source) => isHidden(source, '', secret) || (source.kind === 'mcp' && hidden.includes(source.author ?? ''))
}

/** The row that an id names, if this client may see it and it is still there. @throws EngineError EVENT_INVALID, the same for both */
async function rowFor(parts: Parts, id: string, scope: McpScope): Promise<number> {
  const { engine } = parts
  const row = await findMemory(engine, id)
  const gone = row === 0 || stateOf(engine, row) === 'forgotten' || stateOf(engine, row) === 'gone'
  if (!gone && !unseenBy(parts, scope)(sourceOf(engine, row))) return row
  throw new EngineError('EVENT_INVALID', `there is no memory ${id.slice(0, 200)}`)
}

function sourceOf(engine: Engine, row: number): SourceView {
  return metaOf(engine, row).source ?? { kind: '' }
}

async function recallFor(parts: Parts, args: Arguments, scope: McpScope): Promise<object> {
  const { query, hits_max: most = 10, ...filters } = args
  // Right after a start the index is still read in: an answer out of next to nothing would be believed.
  if (10 * parts.search.pending().lexical > parts.engine.world.rows(Memory)) await patiently(parts.search)
  const shown_max = Number(most)
  // Some of the best may be another's own, so more are asked for than are shown.
  const options: RecallOptions = { ...filters, hits_max: Math.min(200, 2 * shown_max + 20) }
  const { answered, confidence, hits } = await parts.search.recall(String(query), options)
  const unseen = unseenBy(parts, scope)
  const shown = hits.filter(({ source }) => !unseen(source)).slice(0, shown_max)
  // They go before a model, as what a turn is given does: what is used is not compacted, and the question is one to check it by.
  const memory_ids = shown.map(({ memory_id }) => memory_id)
  if (memory_ids.length > 0) {
    const payload = { memory_ids, query: String(query) }
    parts.engine.publish({ type: MemoryUsed.name, source: { kind: 'mcp' }, payload })
  }
  const units = Math.floor(textUnits / Math.max(1, shown.length))
  return {
    answered: answered && shown.length > 0,
    confidence,
    hits: shown.map((hit) => ({
      memory_id: hit.memory_id,
      id: hit.id,
      title: hit.title,
      text: hit.text.slice(0, units).toWellFormed(),
      kind: hit.kind,
      author: hit.source.author ?? '',
      happened_at_ms: hit.happened_at_ms,
      score: hit.score,
      lanes: hit.lanes,
      path: hit.path,
    })),
    pending: parts.search.pending().lexical,
  }
}

/**
 * Says it to the world under a stable id, and waits until it is durable and the indexes hold it.
 * @throws EngineError EVENT_INVALID for a text of blanks, and where the id stands for another text or for a forgotten one
 */
async function rememberFor({ engine, search }: Parts, args: Arguments, scope: McpScope): Promise<object> {
  const { text: said = '', title, tags, thread = '', id: own } = args
  const { client, channel, trust } = scope
  if (String(said).trim() === '') throw new EngineError('EVENT_INVALID', 'a text of blanks says nothing')
  const words = JSON.stringify([said, title ?? '', thread])
  const id = `${client}:${own ?? createHash('sha256').update(words).digest('hex').slice(0, 32)}`
  const place = channel || String(thread)
  const identity = `mcp\n${place}\n${id}`
  const known = standing(engine, identity)
  if (known === 0) {
    const payload = {
      text: String(said),
      trust,
      ...(trust === 'person' ? {} : { bot: true }),
      ...(typeof title === 'string' ? { title } : {}),
      ...(Array.isArray(tags) ? { tags: tags.map(String) } : {}),
    }
    const where = { ...(channel === '' ? {} : { channel }), ...(thread === '' ? {} : { thread: String(thread) }) }
    const source = { kind: 'mcp', author: client, ...where }
    await engine.ingest({ type: NoteWritten.name, id, ts: Date.now(), source, payload })
  }
  const memory_id = standing(engine, identity)
  if (memory_id === 0) throw new EngineError('LIMIT_INVALID', 'memory has no room for it')
  // Only now: two may have said it at once.
  refuseOther(engine, identity, String(said))
  await engine.flushed()
  const pending = await patiently(search)
  return { memory_id, id, stored: known === 0, durable: true, indexed: pending === 0 }
}

/** What stands under an identity stays as it was said first; whoever says something else there hears it, and loses nothing unknowingly. */
function refuseOther(engine: Engine, identity: string, said: string): void {
  hash64(identity, pair)
  const row = deliveredAs(engine.world, pair[0] ?? 0, pair[1] ?? 0)
  if (stateOf(engine, row) === 'forgotten') {
    const advice = 'to keep it again, say it under another id when an hour has gone by'
    throw new EngineError('EVENT_INVALID', `this was forgotten, as memory ${row}; ${advice}`)
  }
  const minted = engine.world.findPair(Memory, 'source', pair[0] ?? 0, pair[1] ?? 0) !== 0
  const kept = engine.read('text', row)
  // What was counted as a copy of another memory may differ from that in its numbers; a text that is laid down elsewhere is not compared.
  if (!minted || kept === undefined || kept === said) return
  throw new EngineError(
    'EVENT_INVALID',
    `this id stands for another text already, memory ${row}; another id is needed for this one`,
  )
}

const pair = new Uint32Array(2)

/** The memory that stands for what was said under this identity; 0 when nothing was. */
function standing(engine: Engine, identity: string): number {
  hash64(identity, pair)
  const row = deliveredAs(engine.world, pair[0] ?? 0, pair[1] ?? 0)
  return row === 0 ? 0 : engine.world.of(Memory).replaced_by[row] || row
}

/** What the indexes lack when they are complete, or after a while. */
async function patiently(search: Search): Promise<number> {
  if (search.pending().lexical === 0) return 0
  const patience = Promise.withResolvers<void>()
  const timer = setTimeout(() => patience.resolve(), patience_ms)
  try {
    await Promise.race([search.complete(), patience.promise])
  } finally {
    clearTimeout(timer)
  }
  return search.pending().lexical
}

async function explainFor(parts: Parts, args: Arguments, scope: McpScope): Promise<object> {
  const row = await rowFor(parts, String(args['id']), scope)
  const explanation = explanationOf(parts.engine, row)
  if (explanation === undefined) throw new EngineError('EVENT_INVALID', `there is no memory ${row}`)
  const unseen = unseenBy(parts, scope)
  const seen = ({ memory_id }: { memory_id: number }): boolean => !unseen(sourceOf(parts.engine, memory_id))
  const { memory, keys, before, after, family, same } = explanation
  return {
    memory: { ...memory, text: memory.text.slice(0, textUnits).toWellFormed() },
    keys: keys.slice(0, 200).map((key) => ({ ...key, others: key.others.filter(seen) })),
    before: before !== null && seen(before) ? before : null,
    after: after !== null && seen(after) ? after : null,
    family: family.filter(seen),
    same: same.filter(seen),
  }
}

async function relatedFor(parts: Parts, args: Arguments, scope: McpScope): Promise<object> {
  const row = await rowFor(parts, String(args['id']), scope)
  const unseen = unseenBy(parts, scope)
  const seen = (memory_id: number): boolean => !unseen(sourceOf(parts.engine, memory_id))
  const found = relatedTo(parts.engine, row, { hops_max: Number(args['hops_max'] ?? 1), seen })
  return { memory_id: row, related: found.slice(0, Number(args['hits_max'] ?? 10)) }
}

async function orderFor(
  parts: Parts,
  order: 'forget' | 'pin' | 'unpin',
  args: Arguments,
  scope: McpScope,
): Promise<object> {
  const row = await rowFor(parts, String(args['id']), scope)
  const { memory_id, done, reason } = await carryOut(parts.engine, order, row)
  return { memory_id, done, reason }
}

function statusFor({ engine, search }: Parts): object {
  const { memories, files } = gaugesOf(engine.world)
  return { health: engine.health, tick: engine.tick, memories, files, pending: search.pending().lexical }
}

/** Looks at a note again, and says how it stands with its contract then. */
async function contractFor({ engine }: Parts, path: string): Promise<object> {
  if (engine.world.find(File, path) === 0) {
    throw new EngineError('EVENT_INVALID', `no note is known as ${path.slice(0, 200)}`)
  }
  await commandOn(engine, { command: 'sentinel.retry', path })
  const row = sentinelsOf(engine).find((each) => each.path === path)
  return row ?? { path, verdict: 'gone', contract: '', code: '', reason: 'the note is not there any more' }
}

/** The text of a memory or a note and what it is; nothing where there is none for this client. */
async function readable(parts: Parts, place: 'memory' | 'note', id: string, scope: McpScope): Promise<object> {
  const { engine } = parts
  if (place === 'memory' && !/^[1-9][0-9]{0,9}$/.test(id)) return {}
  const { world } = engine
  const file = place === 'note' ? world.find(File, id) : 0
  const row = place === 'note' ? (world.of(File).memory_id[file] ?? 0) : await findMemory(engine, id)
  if (row === 0 || stateOf(engine, row) === 'forgotten' || stateOf(engine, row) === 'gone') return {}
  if (unseenBy(parts, scope)(sourceOf(engine, row))) return {}
  return { text: engine.read('text', row) ?? '', mime: mimeOf(engine, row) }
}

function mimeOf(engine: Engine, row: number): string {
  return sourceOf(engine, row).kind === 'fs' ? 'text/markdown' : 'text/plain'
}

const lookedAtMax = 2_000

/** A page of the newest memories before a row; it looks at 2,000 rows at most, so a page may be short. */
function newest(parts: Parts, args: Arguments, scope: McpScope): object {
  const { engine } = parts
  const { world } = engine
  const rows = world.rows(Memory)
  const unseen = unseenBy(parts, scope)
  const memories: object[] = []
  let before = Math.min(Number(args['before']) || rows + 1, rows + 1)
  for (let looked = 0; before > 1 && looked < lookedAtMax && memories.length < Number(args['count']); looked++) {
    before--
    if (world.of(Memory).parent[before] !== 0 || stateOf(engine, before) !== 'live') continue
    if (unseen(sourceOf(engine, before))) continue
    memories.push({ memory_id: before, name: nameOf(engine, before), mime: mimeOf(engine, before) })
  }
  return { memories, before }
}
