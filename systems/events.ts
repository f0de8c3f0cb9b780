import { effectType } from '../engine/flow/effect.ts'
import { eventType, type Json, objectOf, type Payload } from '../engine/flow/event.ts'
import type { JsonSchema } from '../engine/schema.ts'

/** Every type of event and effect of the mind, on one page. Payload schemas are checked once, at the edge. */

const text: JsonSchema = { type: 'string' }
const flag: JsonSchema = { type: 'boolean' }
const count: JsonSchema = { type: 'integer', minimum: 0 }
const time: JsonSchema = { type: 'number' }
const anyObject: JsonSchema = { type: 'object' }
/** Relative to the notes folder, with forward slashes, never leaving it. */
const path: JsonSchema = { type: 'string', minLength: 1, maxLength: 4096 }
/** SHA-256 of the file's bytes, in hex. */
const hash: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{64}$' }

// Files

/** What `lstat` says of a file: enough to tell whether it must be read again. Times in milliseconds since 1970. */
export type FileStat = { path: string; size_bytes: number; modified_ms: number; changed_ms: number }
const fileStat = { path, size_bytes: count, modified_ms: time, changed_ms: time }

/** One page of a scan; the last page has `complete: true`, and then what no page of this `scan` named is gone. */
export type FsScanned = { scan: number; complete: boolean; files: [string, number, number, number][] }
export const FsScanned = eventType<FsScanned>(
  'fs.scanned',
  objectOf({
    scan: count,
    complete: flag,
    files: {
      type: 'array',
      maxItems: 1024,
      items: { type: 'array', items: [path, count, time, time], minItems: 4, maxItems: 4, additionalItems: false },
    },
  }),
)
export const FsFileCreated = eventType<FileStat>('fs.file.created', objectOf(fileStat))
export const FsFileChanged = eventType<FileStat>('fs.file.changed', objectOf(fileStat))
export const FsFileDeleted = eventType<{ path: string }>('fs.file.deleted', objectOf({ path }))
/** Something named like a note that is none: a FIFO, a link, a folder, too large. */
export type FsFileSkipped = { path: string; code: string; reason: string }
export const FsFileSkipped = eventType<FsFileSkipped>('fs.file.skipped', objectOf({ path, code: text, reason: text }))

export type FsReadDone = FileStat & { hash: string; text: string; links: number }
/** Reads one note. Fails with GONE, NOT_REGULAR, OUTSIDE, TOO_LARGE, NOT_UTF8, PERMISSION or IO. */
export const FsRead = effectType<{ path: string }, FsReadDone>('fs.read', {
  retry: 'safe',
  deadline_ms: 10_000,
  attempts_max: 3,
  in_flight_max: 64,
  request: { path },
  done: { ...fileStat, hash, text, links: count },
})

export type FsWriteRequest = {
  path: string
  /** The file must still have this hash, or nothing is written. */
  before_hash: string
  /** What the file's hash will be; if it already is, the write has happened and is not repeated. */
  after_hash: string
  /** The first `cut_bytes` bytes of the file are replaced by `head`; every other byte stays. */
  cut_bytes: number
  head: string
}
export type FsWriteDone = FileStat & { hash: string; repeated: boolean }
/** Replaces the head of a note, atomically and guarded by its hash. Fails with CHANGED, GONE, and those of `fs.read`. */
export const FsWrite = effectType<FsWriteRequest, FsWriteDone>('fs.write', {
  retry: 'safe',
  deadline_ms: 20_000,
  attempts_max: 4,
  in_flight_max: 64,
  request: { path, before_hash: hash, after_hash: hash, cut_bytes: count, head: text },
  done: { ...fileStat, hash, repeated: flag },
})

// Models

/** `content` is text, or data that the adapter hands to the model as JSON; text from outside is always data. */
export type ChatMessage = {
  role: 'system' | 'developer' | 'user' | 'assistant'
  content: string | { [key: string]: Json }
}
export type LlmChatRequest = {
  /** What the question is about, for logs and for the offline adapter: `contract:frontmatter/v1`. */
  task: string
  messages: ChatMessage[]
  /** The answer must be JSON of this schema. */
  schema?: JsonSchema
  model?: string
}
export type LlmChatDone = {
  content: string
  model: string
  finish: 'stop' | 'length'
  tokens_in?: number
  tokens_out?: number
}
/**
 * Asks a model. Fails with RATE_LIMITED, SERVER, TIMEOUT, NETWORK, TRUNCATED or BAD_RESPONSE, which may pass; with AUTH,
 * BAD_REQUEST, CONTEXT_TOO_LONG, REDIRECT or PACKAGE_MISSING, which will not; offline with NO_MODEL or NO_PROPOSAL.
 */
export const LlmChat = effectType<LlmChatRequest, LlmChatDone>('llm.chat', {
  retry: 'safe',
  deadline_ms: 180_000,
  attempts_max: 5,
  backoff_ms: 500,
  in_flight_max: 8,
  request: {
    task: text,
    messages: {
      type: 'array',
      minItems: 1,
      items: objectOf({
        role: { enum: ['system', 'developer', 'user', 'assistant'] },
        content: { type: ['string', 'object'] },
      }),
    },
    'schema?': anyObject,
    'model?': text,
  },
  done: {
    content: text,
    model: text,
    finish: { enum: ['stop', 'length'] },
    'tokens_in?': count,
    'tokens_out?': count,
  },
})

/** Texts to be made into vectors of one model, at most 128 at a time. */
export type LlmEmbedRequest = { model: string; texts: string[] }
/** One vector for each text, in their order: the base64 of its components as little-endian 32-bit floats. */
export type LlmEmbedDone = { model: string; dimensions: number; vectors: string[] }
/**
 * Asks for embeddings. Fails as `llm.chat` does; BAD_RESPONSE (a wrong count, order, length or component) may pass.
 */
export const LlmEmbed = effectType<LlmEmbedRequest, LlmEmbedDone>('llm.embed', {
  retry: 'safe',
  deadline_ms: 180_000,
  attempts_max: 5,
  backoff_ms: 500,
  in_flight_max: 4,
  request: {
    model: { type: 'string', minLength: 1, maxLength: 200 },
    texts: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 128 },
  },
  done: {
    model: { type: 'string' },
    dimensions: { type: 'integer', minimum: 1, maximum: 8192 },
    vectors: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 128 },
  },
})

// The mind

/** The policy enters as an event, so a changed setting replays. */
export const ConfigSet = eventType<{ policy: Payload }>('config.set', objectOf({ policy: anyObject }))
/** An order by the operator, from the command line or the control socket. */
export type AdminCommand = { command: 'sentinel.undo' | 'sentinel.retry'; path: string }
export const AdminCommand = eventType<AdminCommand>(
  'admin.command',
  objectOf({ command: { enum: ['sentinel.undo', 'sentinel.retry'] }, path }),
)
const texts: JsonSchema = { type: 'array', items: text }
/** Fields that a source adds are kept in the journal and not read. */
const open = (schema: JsonSchema): JsonSchema => ({ ...schema, additionalProperties: true })

/** A text worth remembering, given by the program that embeds the engine. */
export type NoteWritten = { text: string; title?: string; tags?: string[] }
export const NoteWritten = eventType<NoteWritten>(
  'note.written',
  open(objectOf({ text, 'title?': text, 'tags?': texts })),
)
/** Something said in a conversation: by a person, by a program (`bot`), or by the agent itself (`role: assistant`). */
export type Said = {
  text: string
  title?: string
  tags?: string[]
  role?: 'user' | 'assistant' | 'tool' | 'system' | 'developer'
  bot?: boolean
}
const said = open(
  objectOf({
    text,
    'title?': text,
    'tags?': texts,
    'role?': { enum: ['user', 'assistant', 'tool', 'system', 'developer'] },
    'bot?': flag,
  }),
)
export const ChatSaid = eventType<Said>('chat.message', said)
export const DiscordSaid = eventType<Said>('discord.message.new', said)
/** A file meets its contract (`written: false`: it did already). */
export type SentinelDone = { path: string; contract: string; hash: string; written: boolean }
export const SentinelDone = eventType<SentinelDone>(
  'sentinel.done',
  objectOf({ path, contract: text, hash, written: flag }),
)
/** A file cannot be brought to its contract, and why; it stays as it is until it changes. */
export type SentinelFailed = { path: string; contract: string; code: string; reason: string }
export const SentinelFailed = eventType<SentinelFailed>(
  'sentinel.failed',
  objectOf({ path, contract: text, code: text, reason: text }),
)
/** What a sentinel would write, or has asked to write: the head of the file before and after. */
export type SentinelProposed = { path: string; contract: string; before: string; after: string; writing: boolean }
export const SentinelProposed = eventType<SentinelProposed>(
  'sentinel.proposed',
  objectOf({ path, contract: text, before: text, after: text, writing: flag }),
)
/** A write of a sentinel has been taken back, or could not be. */
export type SentinelUndone = { path: string; undone: boolean; reason: string }
export const SentinelUndone = eventType<SentinelUndone>(
  'sentinel.undone',
  objectOf({ path, undone: flag, reason: text }),
)
/** A note is fit to be remembered as it now stands. */
export type NoteReady = { path: string; hash: string; text: string; title: string; tags: string[] }
export const NoteReady = eventType<NoteReady>('note.ready', objectOf({ path, hash, text, title: text, tags: texts }))
/** A note is gone; what was remembered of it is no longer served. */
export const NoteGone = eventType<{ path: string }>('note.gone', objectOf({ path }))
/**
 * An order about one memory, by the operator. `hide` takes it out of service for good and keeps its text, `forget` removes
 * that too. A tick that read a text cannot be run again without it, so a crash right after `forget` may leave a record that
 * does not recover: whoever forgets hides first and takes a snapshot, forgets, and drops the past.
 */
export type MemoryOrder = { order: 'hide' | 'forget' | 'pin' | 'unpin'; memory_id: number }
export const MemoryOrder = eventType<MemoryOrder>(
  'memory.order',
  objectOf({ order: { enum: ['hide', 'forget', 'pin', 'unpin'] }, memory_id: { type: 'integer', minimum: 1 } }),
)
/** Memories were put before a model: they wake, and their usage rises. */
export const MemoryUsed = eventType<{ memory_ids: number[] }>(
  'memory.used',
  objectOf({ memory_ids: { type: 'array', items: { type: 'integer', minimum: 1 }, maxItems: 10_000 } }),
)
/** The memories with these rows, first to last, were made in the tick before. */
export type MemoryStored = { first: number; last: number }
export const MemoryStored = eventType<MemoryStored>('memory.stored', objectOf({ first: count, last: count }))

/** Options are `RecallOptions` without a vector and explanations, at most 100 hits. */
export type RecallRequest = { query: string; options: { [option: string]: Json } }
/** A text may be cut, so that the answer stays an event of moderate size. */
export type RecallDone = { answered: boolean; confidence: number; hits: (Found & Shown)[] }
type Found = { id: string; memory_id: number; score: number; lanes: string[]; path: string[] }
type Shown = { text: string; title: string }
const hit = objectOf({ id: text, memory_id: count, score: time, lanes: texts, path: texts, text, title: text })
/** The mind's own recall: the answer is an event, so that replay needs no index. Fails with RECALL_OPTION. */
export const MemoryRecall = effectType<RecallRequest, RecallDone>('memory.recall', {
  retry: 'safe',
  deadline_ms: 30_000,
  request: { query: text, options: anyObject },
  done: { answered: flag, confidence: time, hits: { type: 'array', items: hit } },
})
const circuit = ['survival', 'permission', 'symbolic', 'alignment', 'sensory', 'procedural', 'meta', 'mythic']
const memoryRow: JsonSchema = { type: 'integer', minimum: 1, maximum: 0xffff_ffff }
const weight: JsonSchema = { type: 'number', minimum: 0 }
const seeds: JsonSchema = { type: 'array', items: objectOf({ memory_id: memoryRow, score: weight }), maxItems: 1024 }
const bit: JsonSchema = { type: 'integer', minimum: 0, maximum: 31 }
const words: JsonSchema = { type: 'array', items: objectOf({ bit, weight }), maxItems: 1024 }
/** Sends walkers from the best 8 seeds, for up to 2 hops. A word is the bit, of 32, that stands for it in a signature. */
export type DaimoiSent = { walk_id: number; seeds: { memory_id: number; score: number }[] } & Lens
type Lens = { words: { bit: number; weight: number }[]; circuit?: string; hops?: number }
const lens = { words, 'circuit?': { enum: circuit }, 'hops?': count }
export const DaimoiSent = eventType<DaimoiSent>('daimoi.sent', objectOf({ walk_id: count, seeds, ...lens }))
/** What a walk has reached, best first: by which key (row in Key) from where. Nothing when it could not set out. */
export type DaimoiWalked = { walk_id: number; visited: Visited[]; spent: Spent }
type Visited = { memory_id: number; from: number; key: number; value: number }
type Spent = { walkers: number; hops: number; candidates: number }
const reached = { visited: { type: 'array' }, spent: anyObject }
export const DaimoiWalked = eventType<DaimoiWalked>('daimoi.walked', objectOf({ walk_id: count, ...reached }))

export const events = [
  FsScanned,
  FsFileCreated,
  FsFileChanged,
  FsFileDeleted,
  FsFileSkipped,
  ConfigSet,
  AdminCommand,
  NoteWritten,
  ChatSaid,
  DiscordSaid,
  SentinelDone,
  SentinelFailed,
  SentinelProposed,
  SentinelUndone,
  NoteReady,
  NoteGone,
  MemoryOrder,
  MemoryUsed,
  MemoryStored,
  DaimoiSent,
  DaimoiWalked,
] as const

export const effects = [FsRead, FsWrite, LlmChat, LlmEmbed, MemoryRecall] as const
