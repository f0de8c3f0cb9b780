import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEngine } from '../../engine/index.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { mind } from '../../systems/index.ts'
import { Dice } from '../sim/dice.ts'
import { recordChild, states } from '../support/recordchild.ts'
import type { Served } from './record-child.ts'

/** How many single bits are flipped, each in a copy of the record; one takes about a sixth of a second. FLIPS=200 flips two hundred. */
const flipsCount = Number(process.env['FLIPS'] ?? 60)
const notes = 300
const seed = 13
const together = 2
const pageBytes = 4096
const pageHeadBytes = 24

const textOf = (row: number): string => `note ${row} says ${String((row * 7919) % 10_007).repeat(3 + (row % 9))}`

async function filled(folder: string): Promise<void> {
  const engine = await createEngine({ ...mind(), store: lmdb(folder), drive: 'manual', clock: () => 1_000_000 })
  await engine.start()
  for (let row = 1; row <= notes; row++) {
    engine.publish({ type: 'note.written', id: `n${row}`, payload: { text: textOf(row) }, source: { kind: 'test' } })
    if (row % 10 === 0) await engine.step()
    if (row === notes / 2) await engine.snapshot()
  }
  await engine.step()
  await engine.stop()
}

type Flip = { readonly folder: string; readonly at: string }

/** Where to flip: anywhere, in a byte that is not zero, or in the few bytes by which LMDB finds its way. */
function chosenByte(bytes: Buffer, dice: Dice, isData: boolean): number {
  const where = dice.pick(isData ? ['anywhere', 'used', 'page', 'entry', 'entry'] : ['anywhere', 'used'])
  let at = dice.whole(0, bytes.byteLength - 1)
  const page = Math.floor(at / pageBytes) * pageBytes
  if (where === 'page') return page + dice.whole(0, 2 * pageHeadBytes)
  if (where === 'entry' && page >= 2 * pageBytes) {
    // A page's head ends with the length of its list of entries; length, flags and key of each stand before its bytes.
    const count = bytes.readUInt16LE(page + 20) >> 1
    const offset = bytes.readUInt16LE(page + pageHeadBytes + 2 * dice.whole(0, Math.max(0, count - 1)))
    return page + Math.min(pageBytes - 1, pageHeadBytes + offset + dice.whole(0, 15))
  }
  while (where === 'used' && bytes[at] === 0) at = dice.whole(0, bytes.byteLength - 1)
  return at
}

/** A copy of the record in which one bit is another one. */
function flipped(whole: string, folder: string, dice: Dice): Flip {
  cpSync(whole, folder, { recursive: true })
  const names = readdirSync(whole).filter((name) => /^snapshot-\d+$/.test(name))
  const name = dice.chance(0.8) ? 'data.mdb' : dice.pick(names)
  const bytes = readFileSync(join(folder, name))
  const at = chosenByte(bytes, dice, name === 'data.mdb')
  const bit = dice.whole(0, 7)
  bytes[at] = bytes[at]! ^ (1 << bit)
  writeFileSync(join(folder, name), bytes)
  return { folder, at: `bit ${bit} of byte ${at} of ${name}` }
}

type Seen = Flip & { readonly served: Served | undefined; readonly signal: string | null }

/** Opens each copy in another process; one that dies of a copy is followed by another. */
async function opened(flips: readonly Flip[]): Promise<Seen[]> {
  const seen: Seen[] = []
  while (seen.length < flips.length) {
    const rest = flips.slice(seen.length)
    const { lines, signal } = await recordChild(['texts', ...rest.map(({ folder }) => folder)])
    const found = states<Served>(lines)
    seen.push(...found.map((served, index) => ({ ...rest[index]!, served, signal: null })))
    const next = rest[found.length]
    if (next !== undefined) seen.push({ ...next, served: undefined, signal: String(signal) })
  }
  return seen
}

/** What a flip came to, in a word. */
function outcomeOf({ served }: Seen): string {
  if (served === undefined) return 'died'
  if (!served.ok) return `start refused: ${served.code}`
  if (served.served.some(([row, text]) => text !== textOf(row))) return 'wrong text'
  if (served.refused.length > 0) return `read refused: ${served.refused.join()}`
  if (served.memories !== notes) return `${served.memories} memories`
  if (served.served.length < notes) return 'text missing'
  return served.warnings.some((line) => line.includes('passed over'))
    ? 'snapshot passed over'
    : served.same
      ? 'harmless'
      : 'journal damaged before the snapshot'
}

test('A13: of single bits that flip in a record, none makes it serve a wrong text or die', async () => {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'record-flips-')))
  try {
    const whole = join(place, 'whole')
    await filled(whole)
    const dice = new Dice(seed)
    const flips = Array.from({ length: flipsCount }, (_, index) => flipped(whole, join(place, `flip-${index}`), dice))
    const shares = Array.from({ length: together }, (_, share) =>
      flips.filter((_, index) => index % together === share),
    )
    const seen = (await Promise.all(shares.map(opened))).flat()
    const outcomes = new Map<string, string[]>()
    for (const one of seen) {
      const outcome = outcomeOf(one)
      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), one.at])
    }
    console.info([...outcomes].map(([outcome, flips]) => `${outcome}: ${flips.length}`).join('; '))
    const good = /^(harmless|snapshot passed over|journal damaged before the snapshot|start refused|read refused)/
    expect([...outcomes].filter(([outcome]) => !good.test(outcome))).toEqual([])
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}, 3_600_000)
