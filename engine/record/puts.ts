import { recordSeed } from './frame.ts'
import { Slab } from './slab.ts'
import type { Put } from './store.ts'

/** A record that a system put, as it will rest and as systems read it. */
export type TextPut = Put & { readonly text: string }

/** The records of one tick. One encoding serves the store, the checksum and the digest. */
export class Puts {
  /** In the order in which they were put; the memory under the bytes is used again after `reset`. */
  readonly list: TextPut[] = []
  readonly #slab = new Slab()
  /** What was put, by table and key; filled only when a system reads. */
  readonly #texts = new Map<string, Map<number, string>>()
  #indexed = 0

  reset(): void {
    this.list.length = 0
    this.#slab.reset()
    if (this.#indexed > 0) this.#texts.clear()
    this.#indexed = 0
  }

  /** Checksum of the record that was put or framed last. */
  get crc(): number {
    return this.#slab.crc
  }

  /** Returns the checksum of the record. */
  put(table: string, key: number, text: string): number {
    this.list.push({ table, key, bytes: this.frame(table, key, text), text })
    return this.crc
  }

  /** The bytes of a record that is none of the systems'. */
  frame(table: string, key: number, text: string): Uint8Array {
    return this.#slab.frame(text, recordSeed(table, key))
  }

  /** The checksum that the record would have. */
  sum(table: string, key: number, text: string): number {
    return this.#slab.sum(text, recordSeed(table, key))
  }

  /** What this tick has put there. */
  read(table: string, key: number): string | undefined {
    for (; this.#indexed < this.list.length; this.#indexed++) {
      const put = this.list[this.#indexed]!
      const texts = this.#texts.get(put.table) ?? new Map<number, string>()
      texts.set(put.key, put.text)
      this.#texts.set(put.table, texts)
    }
    return this.#texts.get(table)?.get(key)
  }
}
