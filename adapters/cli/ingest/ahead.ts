import { Worker } from 'node:worker_threads'
import type { Readings } from '../../../systems/memory/ahead.ts'
import type { Block } from './blocks.ts'
import type { LoadRules } from './loader.ts'

/** What the reader is asked: the lines of one block, and under which rules they are lines. */
export type ReadRequest = { readonly lines: Uint8Array; readonly rules: LoadRules; readonly now_ms: number }
/** A block with what was read of it: entry `n` of `readings` is about line `n`, counted from 0. */
export type BlockRead = { readonly block: Block; readonly readings: Readings | undefined; readonly now_ms: number }

/** Blocks that are taken before their turn, and of these how many wait for the reader: the rest the main thread reads. */
const ahead_max = 4
const waiting_max = 2
/** A file of fewer blocks is not worth a thread. */
const blocks_min = 2

/**
 * Hands on blocks in their order, most of them with their texts already read by a thread of its own. Reading is a pure
 * function of a line, so it is the same whoever did it; where the reader fails, the main thread reads.
 */
export async function* readAheadBlocks(source: AsyncIterable<Block>, rules: LoadRules): AsyncGenerator<BlockRead> {
  const queue: Promise<BlockRead>[] = []
  const reader = new Reader(rules)
  let taken = 0
  try {
    for await (const block of source) {
      const now_ms = Date.now()
      const waits = taken++ >= blocks_min && reader.waiting < waiting_max
      queue.push(waits ? reader.read(block, now_ms) : Promise.resolve({ block, readings: undefined, now_ms }))
      if (queue.length > ahead_max) yield (await queue.shift())!
    }
    for (const read of queue) yield await read
  } finally {
    await reader.end()
  }
}

/** Blocks that are read where they are needed. */
export async function* unread(source: AsyncIterable<Block>): AsyncGenerator<BlockRead> {
  for await (const block of source) yield { block, readings: undefined, now_ms: Date.now() }
}

/** The thread that reads; it is started with its first block. */
class Reader {
  waiting = 0
  readonly #rules: LoadRules
  #worker: Worker | undefined
  #failed = false
  readonly #answers: ((readings: Readings | undefined) => void)[] = []

  constructor(rules: LoadRules) {
    this.#rules = rules
  }

  async read(block: Block, now_ms: number): Promise<BlockRead> {
    const worker = this.#started()
    if (worker === undefined || block.lines === undefined) return { block, readings: undefined, now_ms }
    this.waiting++
    const answer = new Promise<Readings | undefined>((resolve) => this.#answers.push(resolve))
    const request: ReadRequest = { lines: block.lines, rules: this.#rules, now_ms }
    worker.postMessage(request)
    const readings = await answer
    this.waiting--
    return { block, readings, now_ms }
  }

  async end(): Promise<void> {
    await this.#worker?.terminate()
  }

  #started(): Worker | undefined {
    if (this.#failed || this.#worker !== undefined) return this.#failed ? undefined : this.#worker
    const file = import.meta.url.endsWith('.ts') ? './reader.ts' : './reader.js'
    this.#worker = new Worker(new URL(file, import.meta.url), { execArgv: [] })
    this.#worker.unref()
    this.#worker.on('message', (readings: Readings) => this.#answers.shift()?.(readings))
    this.#worker.on('error', () => this.#fail())
    this.#worker.on('exit', () => this.#fail())
    return this.#worker
  }

  /** Nothing is lost without the reader: what it did not read is read where it is needed. */
  #fail(): void {
    this.#failed = true
    for (const answer of this.#answers.splice(0)) answer(undefined)
  }
}
