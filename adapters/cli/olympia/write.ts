import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { reasonOf } from '../../../engine/errors.ts'
import { CliError, exitCodes } from '../exit.ts'
import { secrets } from '../secrets.ts'
import { htmlReport } from './report-html.ts'
import { markdownReport } from './report-text.ts'
import type { Trial } from './seen.ts'
import type { Suite } from './suite.ts'
import type { Summary } from './summary.ts'
import { traceLine } from './traces.ts'

/** A folder that a report is written into: every run as soon as it is judged, the report at the end. */
export class ReportFolder {
  readonly path: string
  readonly #traces: string

  /** Makes the folder before anything is asked. @throws CliError 74 when it cannot be written */
  constructor(path: string) {
    this.path = resolve(path)
    this.#traces = join(this.path, 'traces.jsonl')
    this.#orSay(() => {
      makeFolder(this.path)
      writeFileSync(this.#traces, '')
    })
  }

  trace(suite: Suite, trial: Trial): void {
    this.#orSay(() => appendFileSync(this.#traces, secrets.scrub(`${traceLine(suite, trial)}\n`)))
  }

  report(summary: Summary): void {
    this.#orSay(() => {
      writeFileSync(join(this.path, 'report.md'), secrets.scrub(markdownReport(summary)))
      writeFileSync(join(this.path, 'report.html'), secrets.scrub(htmlReport(summary)))
    })
  }

  #orSay(work: () => void): void {
    try {
      work()
    } catch (thrown) {
      throw new CliError(exitCodes.io, `${this.path} cannot be written: ${reasonOf(thrown)}`)
    }
  }
}

/** One by one, because `recursive` never returns where a file system takes no folder and says that there is none above. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  mkdirSync(path)
}

/** Where a report goes when nobody says: beside the caller, with the suite and the time in its name. */
export function usualFolder(suite: string, at: Date): string {
  return `olympia-${suite}-${at.toISOString().slice(0, 19).replaceAll(':', '')}`
}
