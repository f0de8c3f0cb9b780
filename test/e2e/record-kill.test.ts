import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { acknowledged, type ChildEnd, canTrace, recordChild } from '../support/recordchild.ts'

/** Ticks that a child lives before it ends by itself. */
const ticks = 4

/**
 * Which calls of one run are met, by their number in their thread. What opens a record, makes it, commits a tick,
 * takes a snapshot and closes all goes through these; a call is met before it has done anything, and what it did is met
 * at the next one. A larger step or a longer range can be set by hand.
 */
const commitCalls = { pwrite64: [1, 3, 5], writev: [1, 2, 4], fdatasync: [1, 2, 4] }
const fileCalls = { fsync: [1, 3, 4, 6], rename: [1, 2, 3], write: [2] }
const createCalls = { fsync: [4, 6], rename: [2], pwrite64: [2, 5], unlink: [1] }

function killAt(call: string, number: number): string[] {
  return [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${call}:signal=SIGKILL:when=${number}`,
  ]
}

/** What a run found when it opened the record; undefined when it was killed before that. */
function openedAs({ lines }: ChildEnd): { tick: number; digest: string; same: boolean } | undefined {
  const [word, tick, digest, same] = lines[0]?.split(' ') ?? []
  return word === 'open' ? { tick: Number(tick), digest: String(digest), same: same === 'true' } : undefined
}

/** A record that is lived on by one killed process after another, and what it owes to those it answered. */
class Life {
  readonly folder: string
  kills = 0
  ends = 0
  ahead = 0
  readonly #owed = new Map<number, string>()

  constructor(folder: string) {
    this.folder = folder
  }

  async run(under: readonly string[], what: string): Promise<ChildEnd> {
    const end = await recordChild(['live', this.folder, String(ticks)], under)
    const opened = openedAs(end)
    if (opened !== undefined) {
      const owed = Math.max(0, ...this.#owed.keys())
      expect(opened.same, `${what}: the world is not the one its journal leads to`).toBe(true)
      expect(opened.tick, `${what}: an acknowledged tick is lost`).toBeGreaterThanOrEqual(owed)
      if (opened.tick === owed && owed > 0) expect(opened.digest, what).toBe(this.#owed.get(owed))
      if (opened.tick > owed) this.ahead++
    }
    for (const [tick, digest] of acknowledged(end.lines)) this.#owed.set(tick, digest)
    if (end.lines.at(-1)?.startsWith('end')) {
      this.ends++
      expect(end.err, what).toBe('')
    } else this.kills++
    return end
  }
}

test.skipIf(!canTrace())(
  'A2: killed at the system calls of a commit, a snapshot, an opening and an end, the record is old or new, never between',
  async () => {
    const place = mkdtempSync(join(tmpdir(), 'record-kill-'))
    try {
      const lives = await Promise.all(
        [commitCalls, fileCalls].map(async (calls, index) => {
          const life = new Life(join(place, `life-${index}`))
          await life.run([], 'the first run')
          for (const [call, numbers] of Object.entries(calls))
            for (const number of numbers) await life.run(killAt(call, number), `${call} ${number}`)
          const last = await life.run([], 'the last run')
          expect(last).toMatchObject({ code: 0, signal: null })
          return life
        }),
      )
      const kills = lives.reduce((sum, life) => sum + life.kills, 0)
      const ahead = lives.reduce((sum, life) => sum + life.ahead, 0)
      console.info(`${kills} kills at system calls; ${ahead} openings found a tick that nobody had been told of`)
      expect(kills).toBeGreaterThan(12)
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  },
  120_000,
)

test.skipIf(!canTrace())(
  'A2, A6: killed while a new record is being made, the next start makes it whole',
  async () => {
    const place = mkdtempSync(join(tmpdir(), 'record-made-'))
    try {
      let kills = 0
      const rounds = Object.entries(createCalls).flatMap(([call, numbers]) =>
        numbers.map((number) => ({ call, number })),
      )
      const halves = [0, 1].map((half) => rounds.filter((_, index) => index % 2 === half))
      await Promise.all(
        halves.map(async (half) => {
          for (const { call, number } of half) {
            const life = new Life(join(place, `${call}-${number}`))
            await life.run(killAt(call, number), `${call} ${number}`)
            kills += life.kills
            expect(await life.run([], `after ${call} ${number}`)).toMatchObject({ code: 0, signal: null, err: '' })
          }
        }),
      )
      expect(kills).toBe(rounds.length)
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
  },
  120_000,
)
