import { effectType } from '../../engine/flow/effect.ts'
import { eventType, type Json, objectOf, type Payload } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import { anyObject, count, flag, hash, open, path, row, text, texts, time } from './schemas.ts'

/** Events of the policy, of notes, of memory and of walks. */

/** The policy enters as an event, so a changed setting replays. */
export const ConfigSet = eventType<{ policy: Payload }>('config.set', objectOf({ policy: anyObject }))
/** An order by the operator, from the command line or the control socket. */
export type AdminCommand = { command: 'sentinel.undo' | 'sentinel.retry'; path: string }
export const AdminCommand = eventType<AdminCommand>(
  'admin.command',
  objectOf({ command: { enum: ['sentinel.undo', 'sentinel.retry'] }, path }),
)
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
/** Its schema, for every type of event that says something. */
export const said: JsonSchema = open(
  objectOf({
    text,
    'title?': text,
    'tags?': texts,
    'role?': { enum: ['user', 'assistant', 'tool', 'system', 'developer'] },
    'bot?': flag,
  }),
)
export const ChatSaid = eventType<Said>('chat.message', said)
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
 * does not recover: whoever forgets hides first and takes a snapshot, forgets with the tick in which it was hidden, and drops the past.
 */
export type MemoryOrder = {
  order: 'hide' | 'forget' | 'pin' | 'unpin'
  memory_id: number
  /** Of `hide`: nobody reads what quotes it any more, either. */
  quotes?: boolean
  /** Of `forget`: the tick in which it was hidden with what quotes it. */
  hidden_tick?: number
}
export const MemoryOrder = eventType<MemoryOrder>(
  'memory.order',
  objectOf({
    order: { enum: ['hide', 'forget', 'pin', 'unpin'] },
    memory_id: { type: 'integer', minimum: 1 },
    'quotes?': flag,
    'hidden_tick?': { type: 'integer', minimum: 0 },
  }),
)
/** Memories were put before a model: they wake, and their usage rises. `query`: the question that found them. */
export type MemoryUsed = { memory_ids: number[]; query?: string }
export const MemoryUsed = eventType<MemoryUsed>(
  'memory.used',
  objectOf({
    memory_ids: { type: 'array', items: { type: 'integer', minimum: 1 }, maxItems: 10_000 },
    'query?': text,
  }),
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
const weight: JsonSchema = { type: 'number', minimum: 0 }
const seeds: JsonSchema = { type: 'array', items: objectOf({ memory_id: row, score: weight }), maxItems: 1024 }
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
/** The gauges at the end of a minute of world time in which something happened. */
export type OlympiaSample = { at_ms: number; gauges: { [name: string]: number } }
export const OlympiaSample = eventType<OlympiaSample>('olympia.sample', objectOf({ at_ms: time, gauges: anyObject }))
