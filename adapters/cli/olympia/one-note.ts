import { hash } from 'node:crypto'
import { type Adapter, EffectFailure } from '../../../engine/flow/adapter.ts'
import {
  FsRead,
  type FsReadDone,
  FsScanned,
  FsWrite,
  type FsWriteDone,
  type FsWriteRequest,
} from '../../../systems/events.ts'
import { splice } from '../../fs/write.ts'

const bytes_max = 1_048_576
/** When the note was last changed, as far as anybody can tell: times must only differ between two versions. */
const first_ms = 1_767_225_600_000

/** A folder in memory that holds a single note; it answers `fs.read` and `fs.write` as the real one does. */
export class OneNote {
  readonly path: string
  readonly adapter: Adapter
  #bytes: Buffer
  #version = 0

  constructor(path: string, text: string) {
    this.path = path
    this.#bytes = Buffer.from(text)
    this.adapter = {
      name: 'fs',
      effects: {
        [FsRead.name]: async (request) => this.#read(request['path']),
        [FsWrite.name]: async (request) => this.#write(request as FsWriteRequest),
      },
      start: ({ publish }) => {
        const { size_bytes, modified_ms } = this.#stat()
        const files: FsScanned['files'] = [[path, size_bytes, modified_ms, modified_ms]]
        publish({ type: FsScanned.name, payload: { scan: 1, complete: true, files } })
      },
    }
  }

  /** The note as it now is. */
  get text(): string {
    return this.#bytes.toString('utf8')
  }

  #read(path: unknown): FsReadDone {
    if (path !== this.path) throw new EffectFailure('GONE', 'there is no such note')
    return { ...this.#stat(), hash: hash('sha256', this.#bytes), text: this.text, links: 1 }
  }

  #write(request: FsWriteRequest): FsWriteDone {
    const before = hash('sha256', this.#bytes)
    const repeated = before === request.after_hash
    if (!repeated && before !== request.before_hash) throw new EffectFailure('CHANGED', 'the note is another one')
    if (!repeated) {
      this.#bytes = splice(this.#bytes, request, bytes_max)
      this.#version++
    }
    return { ...this.#stat(), hash: request.after_hash, repeated }
  }

  #stat(): { path: string; size_bytes: number; modified_ms: number; changed_ms: number } {
    const changed_ms = first_ms + this.#version
    return { path: this.path, size_bytes: this.#bytes.length, modified_ms: changed_ms, changed_ms }
  }
}
