import type { Engine } from '../../engine/engine.ts'
import type { World } from '../../engine/world/world.ts'
import { Awake, File, FileVerdict, Gauge, Memory, Policy, Sentinel, SentinelPhase } from '../../systems/components.ts'
import { readNote } from '../../systems/sentinel/note.ts'
import type { PolicyData } from '../../systems/sentinel/policy.ts'
import type { Disk } from './disk.ts'
import type { Change, Folder, Note } from './folder.ts'
import { contractKeys, meets, meetsAll, type NoteWish, wishOf } from './policy.ts'
import type { Court } from './violation.ts'

/** Failures of the surroundings, after which a valid note may stay failed until something changes. */
const passing = new Set([
  'IO',
  'BUSY',
  'TIMEOUT',
  'SERVER',
  'RATE_LIMITED',
  'ANSWER_INVALID',
  'NO_PROPOSAL',
  'RESTLESS',
])

type Standing = { readonly key: string; ticks: number }

/** Looks at the folder and the world from outside, after every tick and at every write, and compares the two. */
export class Witness {
  readonly #court: Court
  readonly #folder: Folder
  readonly #standing = new Map<number, Standing>()
  readonly #wishes = new Map<number, NoteWish>()
  #engine: Engine | undefined

  constructor(court: Court, folder: Folder) {
    this.#court = court
    this.#folder = folder
    folder.observe((change) => {
      if (change.by === 'sentinel') this.#judgeWrite(change)
    })
  }

  /** A new life of the process is watched from here on. */
  follow(engine: Engine): void {
    this.#engine = engine
    this.#standing.clear()
    this.#wishes.clear()
  }

  /** The cheap checks, after every tick. */
  afterTick(disk: Disk): void {
    const engine = this.#engine
    if (engine === undefined) return
    this.#judgeGauges(engine.world)
    const { verdict } = engine.world.of(File)
    const rows = engine.world.rows(File)
    for (let row = 1; row <= rows; row++) {
      if (verdict[row] === FileVerdict.done || verdict[row] === FileVerdict.proposed) this.#judgeRow(engine, disk, row)
    }
  }

  /** After the faults have ended and everything has come to rest. */
  atRest(wish: NoteWish): void {
    const engine = this.#engine
    if (engine === undefined) return
    const { world } = engine
    const { holds } = this.#court
    holds(world.each(Sentinel).length === 0, 'liveness', () => `${world.each(Sentinel).length} sentinels never ended`)
    const { present } = world.of(File)
    const seen: string[] = []
    for (let row = 1; row <= world.rows(File); row++) {
      if (present[row] !== 1) continue
      const path = world.keyOf(File, row)
      seen.push(path)
      this.#judgeRest(world, row, path, wish)
    }
    const there = this.#folder.paths().join('\n')
    holds(
      seen.sort().join('\n') === there,
      'files',
      () => `the world sees\n${seen.join('\n')}\nthe folder has\n${there}`,
    )
  }

  #judgeRest(world: World, row: number, path: string, wish: NoteWish): void {
    const { holds } = this.#court
    const file = world.of(File)
    const note = this.#folder.get(path)
    if (note === undefined) return
    const verdict = file.verdict[row]!
    const code = world.names.text(file.code[row]!)
    const about = (): string => `${path} rests with verdict ${verdict} ${code}`
    const met = meetsAll(wish, note.bytes, note.hash)
    holds(verdict >= FileVerdict.done, 'liveness', about)
    if (verdict === FileVerdict.failed) holds(!met || passing.has(code), 'verdict', about)
    else holds(sameHash(world, row, note), 'stale verdict', about)
    if (verdict === FileVerdict.done) holds(met, 'contract', about)
    if (verdict === FileVerdict.proposed) holds(!met && !wish.write, 'verdict', about)
  }

  /** Whether a done file is what the world says, unless something newer of it is still on its way. */
  #judgeRow(engine: Engine, disk: Disk, row: number): void {
    const { world } = engine
    const file = world.of(File)
    const path = world.keyOf(File, row)
    const note = this.#folder.get(path)
    if (note === undefined || !sameHash(world, row, note)) {
      const underWay = file.sentinel[row] !== 0 || !disk.toldOf(path) || engine.status().inbox > 0
      this.#court.holds(
        underWay,
        'stale verdict',
        () => `${path} is done, but its bytes are others, and nothing is open`,
      )
      return
    }
    const contract = world.names.text(file.contract[row]!)
    if (file.verdict[row] === FileVerdict.done) {
      const met = meets(contract, note.bytes, note.hash)
      this.#court.holds(met, 'contract', () => `${path} is done, but does not meet ${contract}`)
    }
    const working = file.sentinel[row]!
    const undoing = world.of(Sentinel).phase[working]! >= SentinelPhase.reading_back
    this.#court.holds(working === 0 || undoing, 'verdict', () => `${path} is done, but a sentinel is at work on it`)
    if (working === 0 && file.verdict[row] === FileVerdict.done) {
      const met = meetsAll(this.#wishIn(engine), note.bytes, note.hash)
      this.#court.holds(met, 'contract', () => `${path} is done, but does not meet every contract of the policy`)
    }
    this.#judgeMemory(engine, row, path, note)
  }

  /** What the world itself takes the operator to wish. */
  #wishIn(engine: Engine): NoteWish {
    const row = engine.world.rows(Policy)
    const known = this.#wishes.get(row)
    if (known !== undefined) return known
    const text = row === 0 ? undefined : engine.read('policy', row)
    const wish = text === undefined ? { write: false, chained: false } : wishOf(JSON.parse(text) as PolicyData)
    this.#wishes.set(row, wish)
    return wish
  }

  /** A note enters memory in the tick after its verdict. */
  #judgeMemory(engine: Engine, row: number, path: string, note: Note): void {
    const { world } = engine
    const id = world.of(File).memory_id[row]!
    const key = `${id} ${note.hash}`
    const standing = this.#standing.get(row)
    if (standing?.key !== key) this.#standing.set(row, { key, ticks: 0 })
    else if (++standing.ticks === 3) {
      const memory = world.of(Memory)
      const empty = note.bytes.length === 0
      const served = id !== 0 && memory.deleted[id] === 0 && memory.replaced_by[id] === 0
      this.#court.holds(served !== empty, 'memory', () => `${path} is done, but its memory ${id} is not served`)
      const text = id === 0 ? '' : engine.read('text', id)
      this.#court.holds(text === note.bytes.toString(), 'memory', () => `memory ${id} is not the text of ${path}`)
    }
  }

  #judgeGauges(world: World): void {
    const { present, verdict } = world.of(File)
    const { deleted, replaced_by, parent } = world.of(Memory)
    const counts = { files: 0, memories: 0 }
    const verdicts = [0, 0, 0, 0, 0, 0]
    for (let row = 1; row <= world.rows(File); row++) {
      counts.files += present[row]!
      verdicts[verdict[row]!]!++
    }
    for (let id = 1; id <= world.rows(Memory); id++)
      counts.memories += deleted[id] === 0 && replaced_by[id] === 0 && parent[id] === 0 ? 1 : 0
    const gauge = world.of(Gauge)
    const expected: readonly [keyof typeof Gauge.schema, number][] = [
      ['files', counts.files],
      ['memories', counts.memories],
      ['sentinels_pending', verdicts[FileVerdict.open]!],
      ['sentinels_done', verdicts[FileVerdict.done]!],
      ['sentinels_failed', verdicts[FileVerdict.failed]!],
      ['sentinels_proposed', verdicts[FileVerdict.proposed]!],
      ['sentinels_held', verdicts[FileVerdict.held]!],
    ]
    for (const [name, counted] of expected) {
      const shown = gauge[name][1]!
      this.#court.holds(shown === counted, 'gauges', () => `${name} says ${shown}, the rows say ${counted}`)
    }
    const awake = world.each(Awake).length
    this.#court.holds(awake <= world.rows(Memory), 'gauges', () => `${awake} memories are awake`)
  }

  /** A write must replace exactly what was read, keep what the user wrote, and leave held files alone. */
  #judgeWrite({ path, before, after, request }: Change): void {
    const { holds } = this.#court
    holds(before !== undefined, 'outside', () => `a sentinel made ${path}`)
    if (before === undefined || after === undefined || request === undefined) return
    holds(before.hash === request.before_hash, 'lost edit', () => `${path} was replaced, but is not what was read`)
    holds(after.hash === request.after_hash, 'torn write', () => `${path} is not what was announced`)
    const kept = after.bytes.subarray(after.bytes.length - before.body.length)
    const bodyKept = after.bytes.length >= before.body.length && kept.equals(before.body)
    holds(bodyKept, 'body', () => `the body of ${path} was changed by a sentinel`)
    const [had, has] = [before, after].map(({ bytes }) => readNote(bytes.toString('utf8')))
    if (had?.ok && has?.ok) {
      for (const key of Object.keys(had.data).filter((key) => !contractKeys.has(key))) {
        const same = JSON.stringify(had.data[key]) === JSON.stringify(has.data[key])
        holds(same, 'own keys', () => `the user's key ${key} of ${path} was changed`)
      }
    }
    this.#judgeHeld(path, before)
  }

  #judgeHeld(path: string, before: Note): void {
    const engine = this.#engine
    if (engine === undefined) return
    const { world } = engine
    const row = world.find(File, path)
    const file = world.of(File)
    const undoing = world.of(Sentinel).phase[file.sentinel[row]!] === SentinelPhase.taking_back
    const held = file.held[row] === 1 && sameHash(world, row, before) && !undoing
    this.#court.holds(!held, 'held', () => `${path} is held and was written to`)
  }
}

function sameHash(world: World, row: number, note: Note): boolean {
  const file = world.of(File)
  const high = Number.parseInt(note.hash.slice(0, 8), 16)
  const low = Number.parseInt(note.hash.slice(8, 16), 16)
  return file.hash_high[row] === high && file.hash_low[row] === low
}
