import { accessSync, constants, cpSync, existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import { isWhole, recordName } from '../../engine/record/frame.ts'
import { chain, decodeEntry } from '../../engine/record/journal.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import { decodeSnapshot } from '../../engine/record/snapshot.ts'
import type { Store } from '../../engine/record/store.ts'
import { runtimeName, version } from '../../engine/version.ts'
import { lmdb } from '../../stores/lmdb.ts'
import type { Arguments } from './arguments.ts'
import { compose } from './compose.ts'
import { type Config, loadConfig } from './config.ts'
import { type ExitCode, exitCodeOf, exitCodes } from './exit.ts'

type Finding = { readonly check: string; readonly ok: boolean; readonly detail: string }

/** `promethean doctor`: every byte of the record against its checksum, and what surrounds it. `doctor llm`: the model. */
export async function doctor(args: Arguments): Promise<ExitCode> {
  if (args.words[0] === 'llm') {
    const { doctorLlm } = await import('./doctor-llm.ts')
    return doctorLlm(loadConfig(args, args.words[1] ?? args.notes), { json: args.json })
  }
  if (args.words[0] === 'discord') {
    const { doctorDiscord } = await import('./doctor-discord.ts')
    return doctorDiscord(loadConfig(args, args.words[1] ?? args.notes), { json: args.json })
  }
  const config = loadConfig(args, args.words[0] ?? args.notes)
  const findings: Finding[] = [
    {
      check: 'version',
      ok: true,
      detail: `promethean ${version} on ${runtimeName} ${process.platform} ${process.arch}`,
    },
    notesFinding(config),
  ]
  let exit: ExitCode = exitCodes.ok
  if (!existsSync(config.data)) findings.push({ check: 'record', ok: true, detail: `${config.data}: none yet` })
  else {
    try {
      findings.push(...(await examine(config, args.repair)))
    } catch (thrown) {
      const inUse = thrown instanceof EngineError && thrown.code === 'STORE_LOCKED' && !args.repair
      if (!inUse) exit = exitCodeOf(thrown)
      findings.push({ check: 'record', ok: inUse, detail: inUse ? `in use; ${thrown.message}` : reasonOf(thrown) })
    }
  }
  const ok = findings.every((finding) => finding.ok)
  if (args.json) process.stdout.write(`${JSON.stringify({ ok, findings })}\n`)
  else
    for (const { check, ok: good, detail } of findings)
      process.stdout.write(`${good ? 'ok  ' : 'BAD '} ${check}: ${detail}\n`)
  return ok ? exitCodes.ok : exit === exitCodes.ok ? exitCodes.data : exit
}

function notesFinding({ notes, policy }: Config): Finding {
  try {
    if (!statSync(notes).isDirectory()) return { check: 'notes', ok: false, detail: `${notes} is no folder` }
    accessSync(notes, policy.write ? constants.R_OK | constants.W_OK : constants.R_OK)
    return { check: 'notes', ok: true, detail: notes }
  } catch (thrown) {
    return { check: 'notes', ok: false, detail: existsSync(notes) ? reasonOf(thrown) : `${notes} is not there` }
  }
}

async function examine(config: Config, repair: boolean): Promise<Finding[]> {
  const { parts } = await compose(config)
  const store = lmdb(config.data, { preflight_ms: 60_000 })
  const head = await store.open([ownTables.outbox, ownTables.dead, ...parts.records])
  try {
    const findings: Finding[] = head.warnings.map((detail) => ({ check: 'store', ok: true, detail }))
    const bad = firstBadEntry(store)
    if (bad === undefined) {
      findings.push({
        check: 'journal',
        ok: true,
        detail: `${store.journalCount()} entries, the last of tick ${head.tick}`,
      })
    } else if (repair) findings.push(await truncate(config, store, bad, head.tick))
    else {
      const detail = `${bad.reason}; promethean doctor --repair copies the record and cuts it off there`
      findings.push({ check: 'journal', ok: false, detail })
    }
    for (const table of [ownTables.outbox, ownTables.dead, ...parts.records]) findings.push(tableFinding(store, table))
    for (const tick of store.snapshots()) {
      if (repair && bad !== undefined && tick >= bad.tick) continue
      findings.push(await snapshotFinding(store, tick))
    }
    return findings
  } finally {
    await store.close()
  }
}

/** The first entry that is not whole, or does not follow on the one before it. */
function firstBadEntry(store: Store): { tick: number; reason: string } | undefined {
  let digest: string | undefined
  for (const { tick, bytes } of store.journal(1)) {
    try {
      const { head, batchText } = decodeEntry(bytes, tick)
      // Where the past was dropped, the first entry follows on what is gone: it is taken at its word, which its checksum keeps.
      const begins = digest === undefined && tick > 1
      digest = begins ? head.digest : chain(digest ?? '0'.repeat(32), tick, batchText, head.outputs)
      if (digest !== head.digest) return { tick, reason: `entry ${tick} does not follow on the one before it` }
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown
      return { tick, reason: thrown.message }
    }
  }
  return undefined
}

/**
 * The original is kept; the journal then ends before the bad entry, and what is lost is said. Snapshots of later ticks
 * go first: a world that the journal does not lead to must not be begun from, whenever this is interrupted.
 */
async function truncate(config: Config, store: Store, bad: { tick: number }, head: number): Promise<Finding> {
  const copy = `${config.data}.before-repair-${bad.tick}`
  cpSync(config.data, copy, { recursive: true, errorOnExist: true, filter: (path) => !/(lock|\.sock)$/.test(path) })
  const lost = [...store.journal(bad.tick)].length
  for (const tick of store.snapshots().filter((at) => at >= bad.tick)) {
    rmSync(join(config.data, `snapshot-${tick}`), { force: true })
  }
  await store.truncateJournal(bad.tick)
  const detail = `cut off before tick ${bad.tick}: ${lost} entries up to tick ${head} are lost here and kept in ${copy}`
  return { check: 'journal', ok: true, detail }
}

function tableFinding(store: Store, table: string): Finding {
  const bad: number[] = []
  for (const key of store.keys(table)) {
    const framed = store.read(table, key)
    if (framed !== undefined && !isWhole(framed, recordName(table, key))) bad.push(key)
  }
  const damaged = `${bad.length} damaged: ${bad.slice(0, 20).join(', ')}`
  return {
    check: `table ${table}`,
    ok: bad.length === 0,
    detail: bad.length === 0 ? `${store.count(table)} records` : damaged,
  }
}

async function snapshotFinding(store: Store, tick: number): Promise<Finding> {
  try {
    const file = await store.loadSnapshot(tick)
    if (file === undefined) return { check: `snapshot ${tick}`, ok: false, detail: 'it cannot be read' }
    const { head } = decodeSnapshot(file)
    return { check: `snapshot ${tick}`, ok: true, detail: `${file.byteLength} bytes, written by ${head.version}` }
  } catch (thrown) {
    return { check: `snapshot ${tick}`, ok: false, detail: reasonOf(thrown) }
  }
}
