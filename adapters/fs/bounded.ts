/**
 * Runs a task for every item, at most `limit` at once, in the order of the items. Rejects with the first failure, when
 * nothing runs any more.
 */
export async function eachBounded<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failed = false
  let failure: unknown
  const worker = async () => {
    while (next < items.length && !failed) {
      const item = items[next++] as T
      try {
        await task(item)
      } catch (thrown) {
        failure = failed ? failure : thrown
        failed = true
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  if (failed) throw failure
}
