import { EngineError } from '../../engine/errors.ts'
import { flat, openFlat } from '../../stores/flat.ts'
import { openUsearch, usearch } from '../../stores/usearch.ts'
import type { VectorStore } from '../search.ts'

/** Indexes of vectors in a folder: a graph where its package is there, else the exact index; both read each other's files. */
export function vectorStore(folder: string): VectorStore {
  return {
    folder,
    create: (options) => usearch(options).catch(unlessMissing(async () => flat(options))),
    open: (path, options) => openUsearch(path, options).catch(unlessMissing(() => openFlat(path, options))),
  }
}

function unlessMissing<T>(instead: () => Promise<T>): (thrown: unknown) => Promise<T> {
  return (thrown) => {
    if (thrown instanceof EngineError && thrown.code === 'PACKAGE_MISSING') return instead()
    throw thrown
  }
}
