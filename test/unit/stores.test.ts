import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { storeConformance } from '../../stores/conformance.ts'
import { lmdb } from '../../stores/lmdb.ts'
import { ram } from '../../stores/ram.ts'

storeConformance(
  'ram',
  async () => {
    const store = ram()
    return {
      store,
      async reopen() {
        await store.close()
        return store
      },
      destroy: () => store.close(),
    }
  },
  { describe, test, expect },
)

storeConformance(
  'lmdb',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'store-'))
    let store = lmdb(folder, { map_bytes: 1 << 20 })
    return {
      store,
      async reopen() {
        await store.close()
        store = lmdb(folder)
        return store
      },
      async destroy() {
        await store.close()
        await rm(folder, { recursive: true })
      },
    }
  },
  { describe, test, expect },
)
