import { describe, expect, it } from 'vitest'
import { eachBounded } from '../../../adapters/fs/bounded.ts'

describe('eachBounded', () => {
  it('runs every task, never more than the limit at once', async () => {
    let running = 0
    let most = 0
    const seen: number[] = []
    await eachBounded([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, ++running)
      seen.push(item)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    })
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(most).toBe(3)
    await eachBounded([], 3, () => Promise.reject(new Error('never called')))
  })

  it('rejects with the first failure and begins nothing more', async () => {
    const seen: number[] = []
    const failing = eachBounded([1, 2, 3, 4, 5, 6], 2, async (item) => {
      seen.push(item)
      await Promise.resolve()
      if (item <= 2) throw new Error(`task ${item}`)
    })
    await expect(failing).rejects.toThrow('task 1')
    expect(seen).toEqual([1, 2])
  })
})
