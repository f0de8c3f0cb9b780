import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a script of ours to its end. @throws Error when it does not end well */
export async function finished(script: string, words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${words[0]} ended with ${code}`)
}
