import { hash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Dice } from '../sim/dice.ts'
import {
  afterPowerLoss,
  layOut,
  type Operation,
  operationsOf,
  type Survival,
  traceWords,
} from '../support/powerloss.ts'
import { acknowledged, canTrace, recordChild, states } from '../support/recordchild.ts'
import type { Checked } from './record-child.ts'

/**
 * How many states of the disk are opened; one takes about a sixth of a second. They are spread evenly over a new
 * record's first ticks, two snapshots and its end. STATES=500 opens five hundred.
 */
const statesCount = Number(process.env['STATES'] ?? 50)
const ticks = 8
const seed = 20260105
const together = 2

type State = { readonly folder: string; readonly at: string; readonly told: readonly [number, string][] }

/** Lays out the states, each in a folder of its own; two that are alike are opened once. */
function laidOut(operations: readonly Operation[], live: string, place: string): State[] {
  const dice = new Dice(seed)
  const known = new Set<string>()
  const made: State[] = []
  for (let index = 0; made.length < statesCount && index < 8 * statesCount; index++) {
    // A step that shares no factor with the count visits every operation before it visits one again.
    const count = Math.floor(((index * 0.618034) % 1) * (operations.length + 1))
    const survival = dice.pick<Survival>(['nothing', 'all', 'chance', 'chance', 'chance'])
    const files = afterPowerLoss(operations, count, survival, dice)
    const told = acknowledged(
      operations.slice(0, count).flatMap((each) => (each.kind === 'said' ? each.text.trim() : [])),
    )
    const print = hash(
      'sha256',
      [...files].map(([path, bytes]) => path + bytes.toString('latin1')).join() + told.length,
    )
    if (known.has(print)) continue
    known.add(print)
    const folder = join(place, `state-${made.length}`)
    layOut(files, live, folder)
    made.push({ folder, at: `${survival} survives at operation ${count} of ${operations.length}`, told })
  }
  return made
}

test.skipIf(!canTrace())(
  'A5: whatever a power loss leaves of what was not synced, no acknowledged tick is lost and none is torn',
  async () => {
    const place = realpathSync(mkdtempSync(join(tmpdir(), 'power-loss-')))
    try {
      const live = join(place, 'live')
      const trace = join(place, 'trace')
      const lived = await recordChild(['live', live, String(ticks)], traceWords(trace))
      expect(lived).toMatchObject({ code: 0, err: '' })
      const operations = operationsOf(readFileSync(trace, 'latin1'), live)
      // What is played back is what happened: with nothing lost, the files are the real ones.
      const played = afterPowerLoss(operations, operations.length, 'all', new Dice(seed))
      const names = readdirSync(live).filter((name) => /^(data\.mdb|manifest\.json|snapshot-\d+)$/.test(name))
      expect(names.length).toBeGreaterThan(3)
      for (const name of names)
        expect(played.get(join(live, name))?.equals(readFileSync(join(live, name))), name).toBe(true)
      const made = laidOut(operations, live, place)
      const shares = Array.from({ length: together }, (_, share) =>
        made.filter((_, index) => index % together === share),
      )
      const seen = await Promise.all(
        shares.map(async (share) => {
          const folders = share.map(({ folder }) => folder)
          const { lines, signal } = await recordChild(['check', ...folders])
          const checked = states<Checked>(lines)
          expect([signal, checked.length], share[checked.length]?.at).toEqual([null, share.length])
          return share.map((state, index) => ({ ...state, checked: checked[index]! }))
        }),
      )
      for (const { at, told, checked } of seen.flat()) {
        expect(checked, at).toMatchObject({ ok: true, same: true })
        if (checked.ok) expect(checked.digests.slice(0, told.length), at).toEqual(told)
      }
      const all = seen.flat()
      const count = (isSo: (checked: Checked) => boolean) => all.filter(({ checked }) => isSo(checked)).length
      const warned = (word: string) => count((checked) => checked.ok && checked.warnings.join().includes(word))
      const ahead = all.filter(({ told, checked }) => checked.ok && checked.digests.length > told.length).length
      console.info(
        `${all.length} states of ${operations.length} operations: ${ahead} ahead of their last answer, ` +
          `${warned('incomplete new store')} remade, ${warned('manifest')} without manifest, ` +
          `${warned('passed over')} with a torn snapshot, ${warned('torn and has been')} with a torn entry`,
      )
      expect(all).toHaveLength(statesCount)
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  },
  3_600_000,
)
