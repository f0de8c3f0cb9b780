import type { Tick } from '../../engine/system.ts'
import type { CommandRunDone } from '../events.ts'
import { Repair, RepairStep, StepKind } from './columns.ts'

/** What came of asking opencode, kept under its step. */
export type Asked = {
  readonly session: string
  readonly files: readonly string[]
  readonly text: string
  /** Of its failure; empty when there was none. */
  readonly code: string
}

const filesMax = 200

/** Keeps that the command was run, as the newest step of its repair's run. */
export function addCheck(tick: Tick, repair: number, check: CommandRunDone): void {
  const row = append(tick, repair, StepKind.check)
  tick.world.of(RepairStep).exit_code[row] = check.exit_code
  tick.put('step', row, JSON.stringify(check))
}

/** Keeps that opencode was asked, as the newest step of its repair's run. */
export function addAsked(tick: Tick, repair: number, asked: Asked): void {
  const row = append(tick, repair, StepKind.ask)
  tick.put('step', row, JSON.stringify({ ...asked, files: asked.files.slice(0, filesMax) }))
}

/** What the newest step says that opencode changed; undefined when it is no such step, or nobody knows. O(1) */
export function lastChanged(tick: Tick, repair: number): readonly string[] | undefined {
  const row = tick.world.of(Repair).newest[repair]!
  if (row === 0 || tick.world.of(RepairStep).kind[row] !== StepKind.ask) return undefined
  const { files, code } = askedAt(tick, row)
  return code === '' ? files : undefined
}

/** The command's newest end in this run; undefined when it has not ended yet. O(1): a check is at most one step back. */
export function lastCheck(tick: Pick<Tick, 'world' | 'read'>, repair: number): CommandRunDone | undefined {
  const { kind, previous } = tick.world.of(RepairStep)
  let row = tick.world.of(Repair).newest[repair]!
  while (row !== 0 && kind[row] !== StepKind.check) row = previous[row]!
  return row === 0 ? undefined : (JSON.parse(tick.read('step', row) ?? '{}') as CommandRunDone)
}

/** All that opencode says it has changed in this run, each file once, in the order of their names. O(steps of the run) */
export function filesChanged(tick: Pick<Tick, 'world' | 'read'>, repair: number): string[] {
  const { kind, previous } = tick.world.of(RepairStep)
  const files = new Set<string>()
  for (let row = tick.world.of(Repair).newest[repair]!; row !== 0; row = previous[row]!) {
    if (kind[row] === StepKind.ask) for (const file of askedAt(tick, row).files) files.add(file)
  }
  return [...files].sort().slice(0, filesMax)
}

function askedAt(tick: Pick<Tick, 'read'>, row: number): Asked {
  const empty: Asked = { session: '', files: [], text: '', code: '' }
  return { ...empty, ...(JSON.parse(tick.read('step', row) ?? '{}') as Partial<Asked>) }
}

function append({ world, now_ms }: Tick, repair: number, kind: number): number {
  const row = world.append(RepairStep)
  const steps = world.of(RepairStep)
  const { newest } = world.of(Repair)
  steps.repair[row] = repair
  steps.kind[row] = kind
  steps.previous[row] = newest[repair]!
  steps.ended_at_ms[row] = now_ms
  newest[repair] = row
  return row
}
