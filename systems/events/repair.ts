import { effectType } from '../../engine/flow/effect.ts'
import { eventType, objectOf } from '../../engine/flow/event.ts'
import type { JsonSchema } from '../../engine/schema.ts'
import { count, text, texts, time } from './schemas.ts'

/** Events and effects of repairs: commands that must succeed, and what is done until they do. */

const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 100 }
const exit: JsonSchema = { type: 'integer', minimum: -1, maximum: 0x7fff_ffff }
/** A program and its arguments; no shell reads them. */
const argv: JsonSchema = { type: 'array', items: text, minItems: 1, maxItems: 256 }

/** `deadline_ms`: after it the command and all it began are ended. */
export type CommandRunRequest = {
  name: string
  directory: string
  command: readonly string[]
  deadline_ms: number
}
/**
 * How a command ended: by itself, by a signal, or because it took too long; `exit_code` is -1 unless by itself. `output` is
 * the end of what it said on both streams, of `output_bytes` in all.
 */
export type CommandRunDone = {
  exit_code: number
  ended: 'exit' | 'signal' | 'deadline'
  output: string
  output_bytes: number
  took_ms: number
}
/**
 * Runs a command that the config names, in its folder, without a shell. Ending with an error is an answer. Fails with
 * COMMAND_REFUSED (the config does not name it), COMMAND_DIRECTORY, COMMAND_MISSING, COMMAND_CANCELLED; none of
 * them passes by itself. `safe`: a check may be made again.
 */
export const CommandRun = effectType<CommandRunRequest, CommandRunDone>('command.run', {
  retry: 'safe',
  // The request's own deadline is shorter; this one only ends a handler that hangs.
  deadline_ms: 3_700_000,
  attempts_max: 1,
  in_flight_max: 2,
  request: { name, directory: text, command: argv, deadline_ms: { type: 'number', exclusiveMinimum: 0 } },
  done: {
    exit_code: exit,
    ended: { enum: ['exit', 'signal', 'deadline'] },
    output: text,
    output_bytes: count,
    took_ms: time,
  },
})

/** The operator's word that a repair is to begin now; heard only from the operator. */
export type RepairAsked = { name: string }
export const RepairAsked = eventType<RepairAsked>('repair.asked', objectOf({ name }))

/** The command succeeds. `attempts`: how often opencode was asked; `files`: what it says it has changed. */
export type RepairDone = { name: string; attempts: number; exit_code: number; files: string[] }
export const RepairDone = eventType<RepairDone>(
  'repair.done',
  objectOf({ name, attempts: count, exit_code: exit, files: texts }),
)

/**
 * A run of a repair was given up. Codes: ATTEMPTS_SPENT, REPAIR_UNNAMED (the policy no longer names it), or that of the
 * effect that failed. `exit_code` and `text` are of the last command that ended: what it said, in its last characters.
 */
export type RepairFailed = RepairDone & { code: string; reason: string; text: string }
export const RepairFailed = eventType<RepairFailed>(
  'repair.failed',
  objectOf({ name, attempts: count, exit_code: exit, files: texts, code: text, reason: text, text }),
)

export const repairEvents = [RepairAsked, RepairDone, RepairFailed] as const
export const repairEffects = [CommandRun] as const
