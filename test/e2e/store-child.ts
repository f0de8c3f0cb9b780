import { lmdb } from '../../stores/lmdb.ts'

/**
 * A process for the store's fault tests: `store-child <folder> write|hold`.
 * `write` commits ticks for ever and prints each one when it is durable; `hold` opens the store and waits.
 * It prints `open <tick> <warnings as JSON>` first, or `refused <code> <message>` and exits 75.
 */
const [folder, task] = process.argv.slice(2)
const store = lmdb(String(folder), { preflight_ms: 20 })

async function main(): Promise<void> {
  const head = await store.open(['text', 'meta'])
  process.stdout.write(`open ${head.tick} ${JSON.stringify(head.warnings)}\n`)
  if (task === 'hold') {
    process.stdin.resume()
    return
  }
  for (let tick = head.tick + 1; ; tick++) {
    const bytes = Buffer.alloc(600, String(tick))
    // Two tables and the journal: whether a tick is whole can be seen from outside.
    const puts = ['text', 'meta'].flatMap((table) => [0, 1, 2].map((row) => ({ table, key: tick * 3 + row, bytes })))
    await store.commit({ tick, entry: Buffer.from(`entry ${tick}`), puts })
    process.stdout.write(`durable ${tick}\n`)
  }
}

try {
  await main()
} catch (thrown) {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  process.stdout.write(`refused ${code} ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 75
}
