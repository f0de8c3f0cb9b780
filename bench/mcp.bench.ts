import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { corpusOf } from './corpus.ts'
import { finished } from './mcp/command.ts'
import { writeCorpus } from './memory/write-corpus.ts'
import { type Concern, percentile, type Row, type Scale, withFolder } from './support.ts'

/** Recall by the real command and the official client, one call after the other and a hundred at once. */
export const mcp: Concern = {
  name: 'mcp',
  about: 'recall over MCP on standard input and output, 100,000 memories',
  run: (scale) => withFolder((folder) => measure(scale, folder)),
}

const seed = 7
const cliPath = fileURLToPath(new URL('../adapters/cli.ts', import.meta.url))

async function measure(scale: Scale, folder: string): Promise<Row[]> {
  const memories = scale.rows(scale.full ? 100_000 : 20_000)
  const file = join(folder, 'events.jsonl')
  writeCorpus(file, memories, seed)
  const place = ['--notes', folder, '--data', join(folder, 'data')]
  await finished(cliPath, ['ingest', file, ...place])
  const client = new Client({ name: 'bench', version: '1' })
  const args = [cliPath, 'mcp', ...place]
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'inherit' }))
  try {
    const corpus = corpusOf(seed)
    const queries = Array.from({ length: 220 }, () => corpus.ask(memories).text)
    const recall = async (query: string): Promise<boolean> =>
      (await client.callTool({ name: 'recall', arguments: { query } })).isError !== true
    for (const query of queries.slice(0, 20)) await recall(query)
    const times: number[] = []
    for (const query of queries.slice(20)) {
      const began = performance.now()
      await recall(query)
      times.push(performance.now() - began)
    }
    const began = performance.now()
    const answered = await Promise.all(queries.slice(0, 100).map(recall))
    const all_ms = performance.now() - began
    const failed = answered.filter((well) => !well).length
    const p50 = percentile(times, 0.5)
    const tail = `p99 ${percentile(times, 0.99).toFixed(1)} ms`
    return [
      { name: 'recall p50', value: p50, unit: 'ms', goal: '< 10', met: p50 < 10, detail: tail },
      {
        name: '100 at once',
        value: failed,
        unit: 'failed',
        goal: '0',
        met: failed === 0,
        detail: `${all_ms.toFixed(0)} ms in all`,
      },
    ]
  } finally {
    await client.close()
  }
}
