import { closeSync, openSync, writeSync } from 'node:fs'
import { corpusOf } from '../corpus.ts'

/** Writes so many events of the seeded corpus as JSON lines, in pieces, so that it never holds them all. */
export function writeCorpus(path: string, count: number, seed: number): void {
  const corpus = corpusOf(seed)
  const file = openSync(path, 'w')
  try {
    let piece = ''
    for (let index = 0; index < count; index++) {
      piece += `${JSON.stringify(corpus.event(index))}\n`
      if (piece.length < 1 << 20 && index + 1 < count) continue
      writeSync(file, piece)
      piece = ''
    }
  } finally {
    closeSync(file)
  }
}
