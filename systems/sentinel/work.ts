import { hash } from 'node:crypto'
import { isoTime } from '../../engine/flow/clock.ts'
import type { Failure } from '../../engine/flow/effect.ts'
import type { Problem } from '../../engine/schema.ts'
import type { Tick } from '../../engine/system.ts'
import { File, FileVerdict, Gauge, Revision, Sentinel, SentinelPhase, SentinelState } from '../components.ts'
import {
  FsRead,
  type FsReadDone,
  FsWrite,
  type FsWriteDone,
  LlmChat,
  NoteReady,
  SentinelDone,
  SentinelFailed,
  SentinelProposed,
} from '../events.ts'
import { parseAnswer } from '../text/answer.ts'
import { type CompiledContract, keysAtFault } from './contract.ts'
import { sameStat, settleVerdict, takeStat, vanish } from './cursor.ts'
import { amend } from './edit.ts'
import { type Note, type NoteRefused, readNote } from './note.ts'
import { stopWaiting, waitTurn } from './patience.ts'
import { type Guard, policyOf } from './policy.ts'
import { chatRequest } from './prompt.ts'

/** How often a file may change under its sentinel before the sentinel gives up. */
const rereadsMax = 20

/** What a write changed, kept under its revision so that it can be taken back. */
export type Change = {
  readonly path: string
  readonly contract: string
  readonly before_hash: string
  readonly after_hash: string
  readonly before_head: string
  readonly after_head: string
  /** Invalid values that were replaced, by key. */
  readonly replaced: object
}

/** Puts a sentinel on a file, or tells the one at work that the file has changed. */
export function begin(tick: Tick, file: number): void {
  const working = tick.world.of(File).sentinel[file]!
  if (working !== 0) {
    tick.world.of(Sentinel).again[working] = 1
    return
  }
  stopWaiting(tick, file)
  const policy = policyOf(tick)
  const id = tick.world.spawn(Sentinel)
  const columns = tick.world.of(Sentinel)
  columns.file[id] = file
  columns.state[id] = SentinelState.pending
  startChain(tick, { id, file, policy })
  tick.world.of(File).sentinel[file] = id
  settleVerdict(tick, file, FileVerdict.open, { contract: policy.data.contract })
  read(tick, { id, file, policy })
}

/** What is read, or judged under another policy, is held to the first contract again, however far the chain had come. */
export function startChain(tick: Tick, { id, policy }: Guard): void {
  tick.world.of(Sentinel).contract[id] = policy.indexOf(policy.data.contract)
}

/** The file's text has come: it meets its contract, or a proposal is asked for. */
export function textRead(tick: Tick, guard: Guard, done: FsReadDone): void {
  const sentinel = tick.world.of(Sentinel)
  const file = tick.world.of(File)
  const changedSince = sentinel.again[guard.id] === 1 && !sameStat(tick, guard.file, done)
  sentinel.again[guard.id] = 0
  if (changedSince) return reread(tick, guard)
  const sameAsBefore = !takeStat(tick, guard.file, done)
  if (!sameAsBefore) sentinel.attempts[guard.id] = 0
  if (file.held[guard.file] === 1 && sameAsBefore) {
    settleVerdict(tick, guard.file, FileVerdict.held)
    return end(tick, guard)
  }
  file.held[guard.file] = 0
  startChain(tick, guard)
  judge(tick, guard, done.text, done.hash)
}

/** A proposal has come: it is taken into the note, checked, and written or shown. */
export function answered(tick: Tick, guard: Guard, content: string): void {
  const sentinel = tick.world.of(Sentinel)
  if (sentinel.again[guard.id] === 1) return reread(tick, guard)
  sentinel.state[guard.id] = SentinelState.validating
  const compiled = contractOf(tick, guard)
  const text = tick.read('before', sentinel.revision[guard.id]!) ?? ''
  const note = readNote(text)
  if (!note.ok) return giveUp(tick, guard, note.code, refusal(note))
  const problems = compiled.check(note.data)
  const { contract } = compiled
  const answer = parseAnswer(content)
  if (!answer.ok) return askAgain(tick, guard, note, problems, answer.reason)
  const stamp = contract.stamp === undefined ? undefined : { key: contract.stamp, value: isoTime(tick.now_ms) }
  const amended = amend(note, {
    proposal: answer.value,
    keys: keysAtFault(contract, problems),
    order: contract.order,
    stamp,
  })
  if (!amended.ok) return askAgain(tick, guard, note, problems, amended.reason)
  const left = compiled.check(amended.data)
  if (left.length > 0) return askAgain(tick, guard, note, problems, describe(left))
  const after = amended.head + text.slice(note.body_start)
  const change: Change = {
    path: pathOf(tick, guard),
    contract: contract.name,
    before_hash: hash('sha256', text),
    after_hash: hash('sha256', after),
    before_head: text.slice(0, note.body_start),
    after_head: amended.head,
    replaced: amended.replaced,
  }
  if (guard.policy.data.write) write(tick, guard, change)
  else show(tick, guard, change, text, note)
}

/** The write has happened: the file now holds what was checked. */
export function written(tick: Tick, guard: Guard, done: FsWriteDone): void {
  const sentinel = tick.world.of(Sentinel)
  const file = tick.world.of(File)
  const row = sentinel.revision[guard.id]!
  const change = JSON.parse(tick.read('change', row) ?? '{}') as Change
  const before = tick.read('before', row) ?? ''
  const seenSince = sentinel.again[guard.id] === 1 && !sameStat(tick, guard.file, done)
  sentinel.again[guard.id] = seenSince ? 1 : 0
  takeStat(tick, guard.file, done)
  tick.world.of(Revision).previous[row] = file.revision[guard.file]!
  file.revision[guard.file] = row
  sentinel.written[guard.id] = 1
  sentinel.attempts[guard.id] = 0
  tick.world.of(Gauge).repaired[1]!++
  judge(tick, guard, change.after_head + before.slice(change.before_head.length), done.hash)
}

export function readFailed(tick: Tick, guard: Guard, failure: Failure): void {
  if (failure.code === 'GONE') vanish(tick, guard.file)
  else giveUp(tick, guard, failure.code, failure.reason)
}

/** Nothing was written: because the file is another by now, because it is gone, or because it could not be. */
export function writeFailed(tick: Tick, guard: Guard, failure: Failure): void {
  if (failure.code === 'GONE') vanish(tick, guard.file)
  else if (failure.code === 'CHANGED') reread(tick, guard)
  else giveUp(tick, guard, failure.code, failure.reason)
}

/** The verdict is `failed`; the file stays as it is until it changes or the operator says retry. */
export function giveUp(tick: Tick, guard: Guard, code: string, reason: string): void {
  const contract = contractOf(tick, guard).contract.name
  settleVerdict(tick, guard.file, FileVerdict.failed, { contract, code, reason })
  tick.emit(SentinelFailed, { path: pathOf(tick, guard), contract, code, reason })
  waitTurn(tick, guard.file, code)
  end(tick, guard)
}

/** The sentinel's work is over; if the file changed meanwhile, a new one begins. */
export function end(tick: Tick, guard: Guard): void {
  const again = tick.world.of(Sentinel).again[guard.id] === 1
  tick.world.kill(guard.id)
  tick.world.of(File).sentinel[guard.file] = 0
  if (again) begin(tick, guard.file)
}

export function pathOf(tick: Tick, guard: Guard): string {
  return tick.world.keyOf(File, guard.file)
}

/** Walks the chain of contracts as far as the text meets them; asks for a proposal at the first that it does not. */
function judge(tick: Tick, guard: Guard, text: string, textHash: string): void {
  const note = readNote(text)
  if (!note.ok) return giveUp(tick, guard, note.code, refusal(note))
  const sentinel = tick.world.of(Sentinel)
  const path = pathOf(tick, guard)
  for (let steps = 0; steps <= guard.policy.contracts.length; steps++) {
    const compiled = contractOf(tick, guard)
    const problems = compiled.check(note.data)
    if (problems.length > 0) return ask(tick, guard, note, text, problems)
    const contract = compiled.contract.name
    const byWriting = sentinel.written[guard.id] === 1
    tick.emit(SentinelDone, { path, contract, hash: textHash, written: byWriting })
    settleVerdict(tick, guard.file, FileVerdict.done, { contract })
    tick.world.of(File).written[guard.file] = byWriting ? 1 : 0
    tick.world.of(File).failures[guard.file] = 0
    const next = compiled.contract.then === undefined ? 0 : guard.policy.indexOf(compiled.contract.then)
    if (next === 0) break
    sentinel.contract[guard.id] = next
  }
  ready(tick, path, text, textHash, note)
  end(tick, guard)
}

function read(tick: Tick, guard: Guard): void {
  const sentinel = tick.world.of(Sentinel)
  sentinel.state[guard.id] = SentinelState.running
  sentinel.phase[guard.id] = SentinelPhase.reading
  sentinel.effect_id[guard.id] = tick.request(FsRead, { path: pathOf(tick, guard) }, guard.id)
}

function reread(tick: Tick, guard: Guard): void {
  const sentinel = tick.world.of(Sentinel)
  if (++sentinel.rereads[guard.id]! > rereadsMax) {
    return giveUp(tick, guard, 'RESTLESS', `the file changed ${rereadsMax} times while it was being worked on`)
  }
  sentinel.again[guard.id] = 0
  read(tick, guard)
}

/** Keeps the text as it is now, then asks for a proposal. */
function ask(tick: Tick, guard: Guard, note: Note, text: string, problems: readonly Problem[]): void {
  // A contract of the chain may have been met already; with the next one not met, the file is not done.
  settleVerdict(tick, guard.file, FileVerdict.open, { contract: contractOf(tick, guard).contract.name })
  const row = tick.world.append(Revision)
  const revision = tick.world.of(Revision)
  revision.file[row] = guard.file
  revision.read_at_ms[row] = tick.now_ms
  tick.put('before', row, text)
  tick.world.of(Sentinel).revision[guard.id] = row
  askAgain(tick, guard, note, problems, undefined)
}

function askAgain(
  tick: Tick,
  guard: Guard,
  note: Note,
  problems: readonly Problem[],
  rejected: string | undefined,
): void {
  const sentinel = tick.world.of(Sentinel)
  const { contract } = contractOf(tick, guard)
  if (keysAtFault(contract, problems).length === 0) return giveUp(tick, guard, 'UNMEETABLE', describe(problems))
  if (sentinel.attempts[guard.id]! >= contract.attempts_max) {
    return giveUp(
      tick,
      guard,
      'ATTEMPTS_SPENT',
      `${contract.attempts_max} proposals were refused; the last: ${rejected}`,
    )
  }
  sentinel.attempts[guard.id]!++
  sentinel.state[guard.id] = rejected === undefined ? SentinelState.running : SentinelState.retry
  sentinel.phase[guard.id] = SentinelPhase.asking
  const request = chatRequest(contract, pathOf(tick, guard), note, problems, rejected)
  sentinel.effect_id[guard.id] = tick.request(LlmChat, request, guard.id)
}

function write(tick: Tick, guard: Guard, change: Change): void {
  const sentinel = tick.world.of(Sentinel)
  tick.put('change', sentinel.revision[guard.id]!, JSON.stringify(change))
  propose(tick, change, true)
  sentinel.state[guard.id] = SentinelState.running
  sentinel.phase[guard.id] = SentinelPhase.writing
  const request = {
    path: change.path,
    before_hash: change.before_hash,
    after_hash: change.after_hash,
    cut_bytes: Buffer.byteLength(change.before_head),
    head: change.after_head,
  }
  sentinel.effect_id[guard.id] = tick.request(FsWrite, request, guard.id)
}

/** Without leave to write, the difference is shown and the note is remembered as it is. */
function show(tick: Tick, guard: Guard, change: Change, text: string, note: Note): void {
  settleVerdict(tick, guard.file, FileVerdict.proposed, { contract: change.contract })
  propose(tick, change, false)
  ready(tick, change.path, text, change.before_hash, note)
  end(tick, guard)
}

function propose(tick: Tick, { path, contract, before_head, after_head }: Change, writing: boolean): void {
  tick.emit(SentinelProposed, { path, contract, before: before_head, after: after_head, writing })
}

function ready(tick: Tick, path: string, text: string, textHash: string, { data }: Note): void {
  const title = typeof data['title'] === 'string' ? data['title'] : ''
  const tags = Array.isArray(data['tags']) ? data['tags'].filter((tag) => typeof tag === 'string') : []
  tick.emit(NoteReady, { path, hash: textHash, text, title, tags })
}

function contractOf(tick: Tick, guard: Guard): CompiledContract {
  const index = tick.world.of(Sentinel).contract[guard.id]!
  return guard.policy.contracts[index - 1] ?? guard.policy.contracts[0]!
}

function refusal({ line, reason }: NoteRefused): string {
  return `line ${line}: front matter: ${reason}`
}

function describe(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => `${path || 'front matter'} ${message}`).join('; ')
}
