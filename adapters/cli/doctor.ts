import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { EngineError, reasonOf } from '../../engine/errors.ts'
import { isWhole, recordName } from '../../engine/record/frame.ts'
import { ownTables } from '../../engine/record/recorder.ts'
import { decodeSnapshot } from '../../engine/record/snapshot.ts'
import type { Store } from '../../engine/record/store.ts'
import { runtimeName, version } from '../../engine/version.ts'
import { lmdb } from '../../stores/lmdb.ts'
import type { Arguments } from './arguments.ts'
import { compose } from './compose.ts'
import { type Config, loadConfig } from './config.ts'
import { type BadEntry, firstBadEntry } from './doctor/journal.ts'
import { clearRepair, repairRecord } from './doctor/repair.ts'
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
  const tables = [ownTables.outbox, ownTables.dead, ...parts.records]
  const findings = await looked(config, tables, repair)
  // What was repaired is looked at as it lies there now.
  return findings.some(({ check }) => check === 'repair')
    ? [...findings, ...(await looked(config, tables, false))]
    : findings
}

/** What a look at the record finds; where the journal is damaged and a repair is wanted, nothing but what was repaired. */
async function looked(config: Config, tables: readonly string[], repair: boolean): Promise<Finding[]> {
  const store = lmdb(config.data, { preflight_ms: 60_000 })
  const head = await store.open(tables)
  try {
    const findings: Finding[] = head.warnings.map((detail) => ({ check: 'store', ok: true, detail }))
    const bad = firstBadEntry(store)
    if (repair) await clearRepair(config.data)
    if (bad !== undefined && repair) return [await repaired(store, { config, tables, head: head.tick }, bad)]
    if (bad === undefined) {
      const detail = `${store.journalCount()} entries, the last of tick ${head.tick}`
      findings.push({ check: 'journal', ok: true, detail })
    } else {
      const detail = `${bad.reason}; promethean doctor --repair keeps a copy of the record and cuts the journal off there`
      findings.push({ check: 'journal', ok: false, detail })
    }
    for (const table of tables) findings.push(tableFinding(store, table))
    for (const tick of store.snapshots()) findings.push(await snapshotFinding(store, tick))
    return findings
  } finally {
    await store.close()
  }
}

type Damaged = { readonly config: Config; readonly tables: readonly string[]; readonly head: number }

async function repaired(store: Store, { config, tables, head }: Damaged, bad: BadEntry): Promise<Finding> {
  const { lost, kept } = await repairRecord(store, config.data, bad, tables)
  const detail = `cut off before tick ${bad.tick}: ${lost} entries up to tick ${head} are lost here and kept in ${kept}`
  return { check: 'repair', ok: true, detail }
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
