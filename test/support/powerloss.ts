import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Dice } from '../sim/dice.ts'

/** What a process asked of its disk, in order, as a trace of its system calls tells. Paths are absolute. */
export type Operation =
  | { readonly kind: 'create' | 'clear' | 'unlink' | 'sync'; readonly path: string }
  | {
      readonly kind: 'write'
      readonly path: string
      readonly at: number
      readonly bytes: Buffer
      readonly dsync: boolean
    }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'said'; readonly text: string }

/** What strace must be told so that `operationsOf` can read its output. */
export function traceWords(output: string): string[] {
  const calls = 'pwrite64,pwritev,writev,write,fdatasync,fsync,ftruncate,rename,unlink,openat,lseek'
  return ['strace', '-f', '-y', '-xx', '-s', '1000000', '-e', `trace=${calls}`, '-o', output]
}

const hex = /\\x([0-9a-f]{2})/g
const call = /^\d+ +(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?/s

function bytesOf(text: string): Buffer {
  return Buffer.from(text.replace(hex, '$1'), 'hex')
}

/** Calls that were interrupted by another thread's are put together, at the place where they ended. */
function* wholeLines(trace: string): Generator<string> {
  const begun = new Map<string, string>()
  for (const line of trace.split('\n')) {
    const [thread = ''] = line.split(' ')
    const unfinished = line.indexOf(' <unfinished ...>')
    const resumed = /<\.\.\. \w+ resumed>/.exec(line)
    if (unfinished >= 0) begun.set(thread, line.slice(0, unfinished))
    else if (resumed !== null) yield begun.get(thread) + line.slice(resumed.index + resumed[0].length)
    else yield line
  }
}

/** Reads a trace. Only what concerns `folder`, and what the process wrote to its standard output, is kept. */
export function operationsOf(trace: string, folder: string): Operation[] {
  const operations: Operation[] = []
  const offsets = new Map<string, number>()
  const synced = new Set<string>()
  for (const line of wholeLines(trace)) {
    const [, name = '', args = '', result = '', opened = ''] = call.exec(line) ?? []
    if (name === '' || result.startsWith('-')) continue
    const descriptor = /^\d+/.exec(args)?.[0] ?? ''
    const paths = [...args.matchAll(/[<"]((?:\\x[0-9a-f]{2})+)[>"]/g)].map((match) => bytesOf(match[1]!).toString())
    if (name === 'openat') {
      const path = bytesOf(opened).toString()
      offsets.set(result, 0)
      if (args.includes('O_DSYNC')) synced.add(result)
      else synced.delete(result)
      if (args.includes('O_CREAT')) operations.push({ kind: 'create', path })
      if (args.includes('O_TRUNC')) operations.push({ kind: 'clear', path })
    } else if (name === 'lseek') offsets.set(descriptor, Number(result))
    else operations.push(...described(name, args, Number(result), paths))
  }
  return operations.filter((each) => each.kind === 'said' || !relative(folder, each.path).startsWith('..'))

  function* described(name: string, args: string, result: number, paths: readonly string[]): Generator<Operation> {
    const [path = '', to = ''] = paths
    const descriptor = /^\d+/.exec(args)?.[0] ?? ''
    if (name === 'fsync' || name === 'fdatasync') yield { kind: 'sync', path }
    else if (name === 'unlink') yield { kind: 'unlink', path }
    else if (name === 'rename') yield { kind: 'rename', path, to }
    else if (name === 'ftruncate') yield { kind: 'truncate', path, size: Number(args.split(', ')[1]) }
    else {
      const bytes = Buffer.concat([...args.matchAll(/"([^"]*)"/g)].map((match) => bytesOf(match[1]!))).subarray(
        0,
        result,
      )
      if (descriptor === '1') return yield { kind: 'said', text: bytes.toString() }
      const positioned = name.startsWith('pwrite')
      const at = positioned ? Number(args.slice(args.lastIndexOf(', ') + 2)) : (offsets.get(descriptor) ?? 0)
      if (!positioned) offsets.set(descriptor, at + result)
      yield { kind: 'write', path, at, bytes, dsync: synced.has(descriptor) }
    }
  }
}

/** A write, or with `bytes: null` a new length; `sure` once it has been synced. */
type Change = { readonly at: number; readonly bytes: Buffer | null; sure: boolean }
/** A file without its name. */
type Content = { readonly changes: Change[] }
type Naming = { readonly folder: string; readonly given: readonly (readonly [path: string, content: Content | null])[] }

/** How much of what was not synced survives: nothing, all of it, or whatever chance decides for each piece. */
export type Survival = 'nothing' | 'all' | 'chance'

const sector = 512

/**
 * A disk whose power fails. A sync of a file makes its bytes sure, one of a folder its names; anything else may be
 * there or not, each name and each write by itself and a write in pieces of a sector.
 */
class FailingDisk {
  readonly #names = new Map<string, Content>()
  readonly #sure = new Map<string, Content>()
  #loose: Naming[] = []

  /** @param ended false for the operation during which the power fails: it makes nothing sure */
  apply(operation: Operation, ended: boolean): void {
    if (operation.kind === 'said') return
    const { kind, path } = operation
    const content = this.#names.get(path)
    const changes = content?.changes ?? []
    if (kind === 'create') {
      if (content === undefined) this.#name(path, [[path, { changes: [] }]])
    } else if (kind === 'unlink') this.#name(path, [[path, null]])
    else if (kind === 'rename') {
      if (content === undefined) throw new Error(`${path} is renamed, but was never made`)
      this.#name(path, [
        [operation.to, content],
        [path, null],
      ])
    } else if (kind === 'clear') changes.push({ at: 0, bytes: null, sure: false })
    else if (kind === 'truncate') changes.push({ at: operation.size, bytes: null, sure: false })
    else if (kind === 'write')
      changes.push({ at: operation.at, bytes: operation.bytes, sure: operation.dsync && ended })
    else if (ended) this.#sync(path, changes)
  }

  #name(path: string, given: Naming['given']): void {
    name(this.#names, given)
    this.#loose.push({ folder: dirname(path), given })
  }

  #sync(path: string, changes: readonly Change[]): void {
    for (const change of changes) change.sure = true
    for (const { folder, given } of this.#loose) if (folder === path) name(this.#sure, given)
    this.#loose = this.#loose.filter(({ folder }) => folder !== path)
  }

  /** The files that are there when the power comes back. */
  survivors(survival: Survival, dice: Dice): Map<string, Buffer> {
    const names = new Map(this.#sure)
    for (const { given } of this.#loose) {
      if (survival === 'all' || (survival === 'chance' && dice.chance(0.5))) name(names, given)
    }
    return new Map([...names].map(([path, content]) => [path, rebuilt(content, survival, dice)]))
  }
}

function name(names: Map<string, Content>, given: Naming['given']): void {
  for (const [path, content] of given) {
    if (content === null) names.delete(path)
    else names.set(path, content)
  }
}

function rebuilt({ changes }: Content, survival: Survival, dice: Dice): Buffer {
  let file: Buffer = Buffer.alloc(0)
  for (const { at, bytes, sure } of changes) {
    const fate =
      sure || survival === 'all' ? 'whole' : survival === 'nothing' ? 'lost' : dice.pick(['whole', 'lost', 'torn'])
    if (fate === 'lost') continue
    if (bytes === null) {
      file = Buffer.concat([file.subarray(0, at), Buffer.alloc(Math.max(0, at - file.byteLength))])
      continue
    }
    for (let from = 0; from < bytes.byteLength; ) {
      const to = Math.min(bytes.byteLength, from + sector - ((at + from) % sector))
      if (fate === 'whole' || dice.chance(0.5)) file = written(file, at + from, bytes.subarray(from, to))
      from = to
    }
  }
  return file
}

function written(file: Buffer, at: number, bytes: Buffer): Buffer {
  const end = at + bytes.byteLength
  const longer = end > file.byteLength ? Buffer.concat([file, Buffer.alloc(end - file.byteLength)]) : file
  bytes.copy(longer, at)
  return longer
}

/** The files after a power loss while operation `count` was under way, by path. */
export function afterPowerLoss(
  operations: readonly Operation[],
  count: number,
  survival: Survival,
  dice: Dice,
): Map<string, Buffer> {
  const disk = new FailingDisk()
  for (const operation of operations.slice(0, count)) disk.apply(operation, true)
  const under = operations[count]
  if (under !== undefined) disk.apply(under, false)
  return disk.survivors(survival, dice)
}

/** Writes files that were below `from` to the same places below `to`. */
export function layOut(files: ReadonlyMap<string, Buffer>, from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const [path, bytes] of files) writeFileSync(join(to, relative(from, path)), bytes, { mode: 0o600 })
}
