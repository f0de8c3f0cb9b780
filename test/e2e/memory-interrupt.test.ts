import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { Summary } from '../../adapters/cli/ingest/summary.ts'
import { cliPath } from '../support/command.ts'
import { cleanUp, Place } from '../support/daemon.ts'
import { asLines, conversation } from '../support/kitchen.ts'

afterEach(cleanUp)

test('Ctrl-C ends the reading in good order: what came before is in', { timeout: 120_000 }, async () => {
  const place = new Place()
  const child = spawn(process.execPath, [cliPath, 'ingest', '-', '--json', ...place.words], {
    cwd: place.folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stdin.on('error', () => undefined).write(asLines(conversation))
  // The pipe stays open, so only the signal can end it; whoever holds the record has begun to listen for one.
  while (!existsSync(join(place.data, 'lock'))) {
    expect(child.exitCode).toBeNull()
    await sleep(10)
  }
  child.kill('SIGINT')
  const [code] = (await once(child, 'close')) as [number | null]
  expect(code).toBe(1)
  const { interrupted, read, stored } = JSON.parse(out) as Summary
  expect({ interrupted, stored }).toEqual({ interrupted: true, stored: read })
  expect(await place.json(['status'])).toMatchObject({ memories: read })
})
