import { expect, test, vi } from 'vitest'
import { usearch } from '../../stores/usearch.ts'

vi.mock('usearch', () => {
  throw new Error('not installed here')
})

test('a missing package is named, with what to do', async () => {
  const opened = usearch({ model: 'm', dimensions: 4 })
  await expect(opened).rejects.toMatchObject({ code: 'PACKAGE_MISSING' })
  await expect(opened).rejects.toThrow(/npm install usearch/)
})
