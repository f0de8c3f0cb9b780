import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** The lines of a file in batches, parsed. */
export async function* batchesOf<T>(path: string, size: number): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }) })) {
    batch.push(JSON.parse(line) as T)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
