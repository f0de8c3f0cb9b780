import type { Failure } from '../../engine/flow/effect.ts'
import type { Tick } from '../../engine/system.ts'
import {
  CommandRun,
  type CommandRunDone,
  OpencodeRun,
  type OpencodeRunDone,
  RepairDone,
  RepairFailed,
} from '../events.ts'
import { hash64 } from '../text/hash.ts'
import { Repair, RepairPhase, RepairState, RepairVerdict } from './columns.ts'
import { type RepairRule, repairRulesOf } from './policy.ts'
import { repairPrompt, tail } from './prompt.ts'
import { plan } from './schedule.ts'
import { addAsked, addCheck, filesChanged, lastChanged, lastCheck } from './steps.ts'

/** How a repair goes from one step to the next; each function moves one repair, in O(1) unless it says otherwise. */

const reasonUnits = 300
const hash = new Uint32Array(2)
/** Characters of what opencode said, and of the last output in a report. */
const saidUnits = 2_000
/** After these opencode may have changed files all the same, so the command is run once more before it is given up. */
const halfway = new Set(['OPENCODE_ERROR', 'OPENCODE_DEADLINE', 'OPENCODE_CANCELLED', 'TIMEOUT'])

/** A repair that is being moved, and what the policy says of it. */
export type Work = { readonly row: number; readonly rule: RepairRule }

/** Begins a run, or lets it wait while another repair works in the same folder. O(repairs). */
export function begin(tick: Tick, { row, rule }: Work): void {
  const repair = tick.world.of(Repair)
  repair.verdict[row] = RepairVerdict.open
  repair.state[row] = RepairState.pending
  repair.phase[row] = RepairPhase.none
  repair.attempts[row] = 0
  repair.runs[row]!++
  repair.newest[row] = 0
  repair.code[row] = 0
  repair.reason[row] = 0
  repair.exit_code[row] = 0
  repair.asked_at_ms[row] = tick.now_ms
  repair.ended_at_ms[row] = 0
  repair.next_at_ms[row] = 0
  if (!isBusy(tick, rule.directory)) check(tick, { row, rule }, RepairState.running)
}

/** The command has ended: the repair is done, or opencode is asked, or it is given up. */
export function checked(tick: Tick, work: Work, done: CommandRunDone): void {
  const { row, rule } = work
  const repair = tick.world.of(Repair)
  const changed = lastChanged(tick, row)
  addCheck(tick, row, done)
  repair.exit_code[row] = done.exit_code
  if (done.ended === 'exit' && done.exit_code === 0) return succeed(tick, work)
  if (repair.code[row] !== 0) return fail(tick, row)
  const asked = repair.attempts[row]!
  if (asked >= rule.attempts_max) {
    return giveUp(tick, row, 'ATTEMPTS_SPENT', `the command still fails after opencode was asked ${times(asked)}`)
  }
  ask(tick, work, done, changed)
}

/** The command could not be run at all: nothing is asked of opencode. */
export function checkFailed(tick: Tick, { row }: Work, { code, reason }: Failure): void {
  giveUp(tick, row, code, reason)
}

/** Opencode has worked; whether it helped, the command says. */
export function answered(tick: Tick, work: Work, { session, files, text }: OpencodeRunDone): void {
  addAsked(tick, work.row, { session, files, text: tail(text, saidUnits), code: '' })
  check(tick, work, RepairState.validating)
}

/** Opencode did not finish: where it may have changed something, the command is run once more, and then it is given up. */
export function askFailed(tick: Tick, work: Work, { code, reason }: Failure): void {
  const { row } = work
  addAsked(tick, row, { session: '', files: [], text: '', code })
  if (!halfway.has(code)) return giveUp(tick, row, code, reason)
  blame(tick, row, code, reason)
  check(tick, work, RepairState.validating)
}

/** Nobody knows whether opencode was asked: it is not asked the same again, but the command says where things stand. */
export function askUnknown(tick: Tick, work: Work): void {
  addAsked(tick, work.row, { session: '', files: [], text: '', code: 'UNKNOWN' })
  check(tick, work, RepairState.validating)
}

/** A run ends without success, however far it was; the folder stays as it is. O(repairs). */
export function giveUp(tick: Tick, row: number, code: string, reason: string): void {
  blame(tick, row, code, reason)
  fail(tick, row)
}

function check(tick: Tick, { row, rule }: Work, state: number): void {
  const { name, directory, command, deadline_ms } = rule
  const repair = tick.world.of(Repair)
  repair.state[row] = state
  repair.phase[row] = RepairPhase.checking
  repair.effect_id[row] = tick.request(CommandRun, { name, directory, command, deadline_ms }, row)
}

function ask(tick: Tick, { row, rule }: Work, done: CommandRunDone, changed: readonly string[] | undefined): void {
  const { name, directory, deadline_ms, agent } = rule
  const repair = tick.world.of(Repair)
  const attempt = ++repair.attempts[row]!
  repair.state[row] = attempt === 1 ? RepairState.running : RepairState.retry
  repair.phase[row] = RepairPhase.asking
  const request = {
    key: keyOf(tick, row),
    directory,
    prompt: repairPrompt(rule, { attempt, check: done, changed }),
    title: `repair ${name}, attempt ${attempt}`,
    deadline_ms,
    ...(agent === undefined ? {} : { agent }),
  }
  repair.effect_id[row] = tick.request(OpencodeRun, request, row)
}

/** The same for ever for one asking, and different from that of any other record: time and the world's chance are in it. */
function keyOf(tick: Tick, row: number): string {
  hash64(`${tick.now_ms} ${row} ${tick.random()} ${tick.random()}`, hash)
  return `${hash[0]!.toString(36)}${hash[1]!.toString(36)}`.padStart(8, '0')
}

function succeed(tick: Tick, { row, rule }: Work): void {
  const repair = tick.world.of(Repair)
  repair.verdict[row] = RepairVerdict.done
  repair.code[row] = 0
  repair.reason[row] = 0
  const files = filesChanged(tick, row)
  tick.emit(RepairDone, { name: rule.name, attempts: repair.attempts[row]!, exit_code: 0, files })
  end(tick, row)
}

function fail(tick: Tick, row: number): void {
  const { world } = tick
  const repair = world.of(Repair)
  repair.verdict[row] = RepairVerdict.failed
  tick.emit(RepairFailed, {
    name: world.keyOf(Repair, row),
    attempts: repair.attempts[row]!,
    exit_code: repair.exit_code[row]!,
    files: filesChanged(tick, row),
    code: world.names.text(repair.code[row]!),
    reason: world.names.text(repair.reason[row]!),
    text: tail(lastCheck(tick, row)?.output ?? '', saidUnits),
  })
  end(tick, row)
}

function blame({ world }: Tick, row: number, code: string, reason: string): void {
  const repair = world.of(Repair)
  repair.code[row] = world.names.id(code)
  repair.reason[row] = world.names.id(reason.slice(0, reasonUnits).toWellFormed())
}

/** The run is over: it is planned when the next one begins, and who waited for the folder goes on. O(repairs). */
function end(tick: Tick, row: number): void {
  const { world, now_ms } = tick
  const repair = world.of(Repair)
  repair.state[row] = RepairState.none
  repair.phase[row] = RepairPhase.none
  repair.effect_id[row] = 0
  repair.ended_at_ms[row] = now_ms
  const rules = repairRulesOf(tick)
  const { every_ms = 0 } = rules.get(world.keyOf(Repair, row)) ?? {}
  repair.next_at_ms[row] = every_ms > 0 ? now_ms + every_ms : 0
  plan(world)
  for (let each = 1; each <= world.rows(Repair); each++) {
    if (repair.state[each] !== RepairState.pending) continue
    const rule = rules.get(world.keyOf(Repair, each))
    if (rule !== undefined && !isBusy(tick, rule.directory)) check(tick, { row: each, rule }, RepairState.running)
  }
}

/** Whether a repair is at work in a folder: two of them would take each other's changes for their own. O(repairs). */
function isBusy(tick: Tick, directory: string): boolean {
  const { world } = tick
  const { effect_id } = world.of(Repair)
  const rules = repairRulesOf(tick)
  for (let row = 1; row <= world.rows(Repair); row++) {
    if (effect_id[row] !== 0 && rules.get(world.keyOf(Repair, row))?.directory === directory) return true
  }
  return false
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
