import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** Ten readers of the inspector's stream, in a process of their own: `on` and `off` on standard input, `ready` when all have had a frame. */
const [, , port = '', tokenFile = ''] = process.argv
const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` }
let leaving = new AbortController()

async function read(signal: AbortSignal, first: () => void): Promise<void> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/stream?tap=*&watch=Gauge`, { headers, signal })
    for await (const chunk of response.body!) if (chunk.length > 0) first()
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  leaving.abort()
  if (line === 'on') {
    leaving = new AbortController()
    const firsts = Array.from({ length: 10 }, () => Promise.withResolvers<void>())
    for (const { resolve } of firsts) void read(leaving.signal, resolve)
    await Promise.all(firsts.map(({ promise }) => promise))
  }
  process.stdout.write('ready\n')
}
