import { EngineError, type ErrorCode } from '../../engine/errors.ts'

/** Exit codes, after sysexits.h. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 64,
  data: 65,
  unavailable: 69,
  io: 74,
  locked: 75,
  permission: 77,
  config: 78,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** An error whose message is for the person at the terminal: no stack is shown. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exit: ExitCode

  constructor(exit: ExitCode, message: string) {
    super(message)
    this.exit = exit
  }
}

const byCode: Partial<Record<ErrorCode, ExitCode>> = {
  ADAPTER_OPTION: exitCodes.config,
  DAEMON_FAILED: exitCodes.unavailable,
  EVENT_INVALID: exitCodes.data,
  JOURNAL_DAMAGED: exitCodes.data,
  JOURNAL_VERSION: exitCodes.data,
  LIMIT_INVALID: exitCodes.config,
  LISTEN_FAILED: exitCodes.unavailable,
  RECALL_OPTION: exitCodes.usage,
  RECORD_DAMAGED: exitCodes.data,
  REPLAY_DIVERGED: exitCodes.data,
  SCHEMA_INVALID: exitCodes.config,
  SNAPSHOT_DAMAGED: exitCodes.data,
  STORE_DAMAGED: exitCodes.data,
  STORE_FULL: exitCodes.io,
  STORE_GONE: exitCodes.io,
  STORE_IO: exitCodes.io,
  STORE_LOCKED: exitCodes.locked,
  STORE_OPTION: exitCodes.config,
  STORE_PERMISSION: exitCodes.permission,
  TICK_GONE: exitCodes.data,
}

/** The exit code that tells a script what kind of failure it was. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (thrown instanceof CliError) return thrown.exit
  if (thrown instanceof EngineError) return byCode[thrown.code] ?? exitCodes.failed
  return exitCodes.failed
}
