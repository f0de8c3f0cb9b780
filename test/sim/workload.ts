import type { Engine } from '../../engine/engine.ts'
import { reasonOf } from '../../engine/errors.ts'
import { AdminCommand, MemoryUsed, NoteWritten } from '../../systems/events.ts'
import type { Dice } from './dice.ts'
import type { Folder, Note } from './folder.ts'
import { appended, draft, reheaded } from './notes.ts'

/** A text that the embedding program wants remembered; it is delivered again until the engine says it is durable. */
export type LibraryNote = { readonly id: string; readonly text: string; acknowledged: boolean }

/** What people do while sentinels are at work: they write, change, delete, bring back, and give orders. */
export class Workload {
  readonly notes: LibraryNote[] = []
  readonly #dice: Dice
  readonly #folder: Folder
  readonly #past = new Map<string, Note[]>()
  readonly #rate: number
  readonly #filesMax: number
  #serial = 0
  #latest = ''
  #edits = 0
  #refusals: string[] = []

  constructor(dice: Dice, folder: Folder) {
    this.#dice = dice
    this.#folder = folder
    this.#rate = dice.pick([0.04, 0.1, 0.25])
    this.#filesMax = dice.whole(4, 24)
    folder.observe(({ path, after }) => this.#remember(path, after))
    for (let count = dice.whole(2, this.#filesMax); count > 0; count--) this.#create()
  }

  get edits(): number {
    return this.#edits
  }

  /** Why deliveries were turned down, oldest first: the engine was stopping, and they are made again. */
  get refusals(): readonly string[] {
    return this.#refusals
  }

  /** Everything people do to files in one tick; also while no process is there to see it. */
  edit(): void {
    while (this.#dice.chance(this.#rate)) {
      this.#edits++
      const paths = this.#folder.paths()
      if (paths.length === 0 || (paths.length < this.#filesMax && this.#dice.chance(0.15))) this.#create()
      else {
        // Who has just saved a file often saves it again, while sentinels are still at work on it.
        const again = this.#dice.chance(0.4) && paths.includes(this.#latest)
        this.#latest = again ? this.#latest : this.#dice.pick(paths)
        this.#change(this.#latest)
      }
    }
  }

  /** Everything the embedding program and the operator do in one tick. */
  speak(engine: Engine): void {
    if (this.#dice.chance(this.#rate)) {
      const id = `note-${this.notes.length + 1}`
      const note = { id, text: `A thought about ${id}: ${this.#dice.whole(1, 1_000_000)}`, acknowledged: false }
      this.notes.push(note)
      this.#deliver(engine, note)
      if (this.#dice.chance(0.2)) this.#deliver(engine, note)
    }
    if (this.#dice.chance(this.#rate / 2)) this.#order(engine)
    if (this.#dice.chance(this.#rate / 4)) {
      const memory_ids = [this.#dice.whole(1, 40), this.#dice.whole(1, 40)]
      engine.publish({ type: MemoryUsed.name, payload: { memory_ids } })
    }
  }

  /** A new process is there: what it was not heard to keep is delivered again, and now and then what it was. */
  deliverAgain(engine: Engine): void {
    for (const note of this.notes) if (!note.acknowledged || this.#dice.chance(0.05)) this.#deliver(engine, note)
  }

  #deliver(engine: Engine, note: LibraryNote): void {
    const event = { type: NoteWritten.name, id: note.id, source: { kind: 'library' }, payload: { text: note.text } }
    engine.ingest(event).then(
      () => {
        note.acknowledged = true
      },
      (thrown: unknown) => {
        this.#refusals.push(reasonOf(thrown))
      },
    )
  }

  #order(engine: Engine): void {
    const paths = [...this.#past.keys(), 'never-seen.md']
    const command = this.#dice.chance(0.75) ? 'sentinel.undo' : 'sentinel.retry'
    const payload: AdminCommand = { command, path: this.#dice.pick(paths) }
    engine.publish({ type: AdminCommand.name, payload })
  }

  #create(): void {
    const serial = ++this.#serial
    const folder = this.#dice.chance(0.3) ? 'deep/er/' : ''
    const gone = [...this.#past.keys()].filter((path) => this.#folder.get(path) === undefined)
    const path = gone.length > 0 && this.#dice.chance(0.5) ? this.#dice.pick(gone) : `${folder}note ${serial}.md`
    const { bytes, body } = draft(this.#dice, serial)
    this.#folder.userWrites(path, bytes, body)
  }

  #change(path: string): void {
    const note = this.#folder.get(path)!
    const dice = this.#dice
    const serial = ++this.#serial
    switch (dice.whole(0, 8)) {
      case 0:
        return this.#folder.userDeletes(path)
      case 1: {
        const { bytes, body } = draft(dice, serial)
        return this.#folder.userWrites(path, bytes, body)
      }
      case 2:
      case 3: {
        const { bytes, body } = reheaded(dice, serial, note.body)
        return this.#folder.userWrites(path, bytes, body)
      }
      case 4:
        return this.#folder.userWrites(path, note.bytes, note.body)
      case 5:
        return this.#save(path, dice.pick(this.#past.get(path) ?? [note]))
      case 6:
        this.#folder.userDeletes(path)
        return this.#save(path, dice.pick(this.#past.get(path) ?? [note]))
      default: {
        // An editor that was opened a while ago saves what it had, with one more line.
        const base = dice.chance(0.3) ? dice.pick(this.#past.get(path) ?? [note]) : note
        const { bytes, body } = appended(base.bytes, base.body, `\nLine ${serial}.`)
        return this.#folder.userWrites(path, bytes, body)
      }
    }
  }

  #save(path: string, { bytes, body }: Note): void {
    this.#folder.userWrites(path, bytes, body)
  }

  #remember(path: string, note: Note | undefined): void {
    const past = this.#past.get(path) ?? []
    if (note !== undefined) past.push(note)
    if (past.length > 6) past.shift()
    this.#past.set(path, past)
  }
}
