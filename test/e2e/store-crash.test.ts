import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lmdb } from '../../stores/lmdb.ts'
import { programAt } from '../support/command.ts'

const program = programAt('test/e2e/store-child.ts')
const tables = ['text', 'meta']
let folder: string
let children: ChildProcess[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-crash-'))
  children = []
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

type Starter = {
  readonly child: ChildProcess
  readonly lines: string[]
  line(start: RegExp): Promise<string>
  ended: Promise<unknown>
}

function startChild(task: 'write' | 'hold', under: readonly string[] = []): Starter {
  const [command = process.execPath, ...args] = [...under, process.execPath, program, folder, task]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => {
    lines.push(line)
    for (const wake of waiting) wake()
  })
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')]).then(() => {
    for (const wake of waiting) wake()
  })
  return {
    child,
    lines,
    ended,
    async line(start) {
      for (;;) {
        const found = lines.find((line) => start.test(line))
        if (found !== undefined) return found
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`ended without ${start}: ${lines.join('\n')}`)
        await new Promise<void>((wake) => {
          waiting.add(wake)
        })
      }
    },
  }
}

describe('a disk that fails', () => {
  test.skipIf(!canTrace())(
    'A9: a failed sync is final: no later commit is acknowledged, and a restart recovers',
    async () => {
      const fail = [
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        'trace=fdatasync',
        '-e',
        'inject=fdatasync:error=EIO:when=12+',
      ]
      const writer = startChild('write', ['strace', ...fail])
      expect(await writer.line(/^refused/)).toMatch(/^refused STORE_IO .*Input\/output error/)
      await writer.ended
      const acknowledged = writer.lines.filter((line) => line.startsWith('durable ')).length
      expect(acknowledged).toBeGreaterThan(0)
      const store = lmdb(folder)
      const head = await store.open(tables)
      expect(head.tick).toBeGreaterThanOrEqual(acknowledged)
      expect([...store.keys('meta')]).toHaveLength(head.tick * 3)
      await store.close()
    },
  )
})

/** Whether system calls can be made to fail here. */
function canTrace(): boolean {
  const tried = spawnSync('strace', ['-e', 'inject=getppid:error=EIO', '-o', '/dev/null', 'true'])
  return tried.status === 0
}

describe('a store whose process is killed', () => {
  test('A1: keeps every acknowledged tick, and only whole ones, over 20 kills', async () => {
    let acknowledged = 0
    for (let round = 0; round < 20; round++) {
      const writer = startChild('write')
      await writer.line(new RegExp(`^durable ${acknowledged + 3 + (round % 5)}$`))
      writer.child.kill('SIGKILL')
      await writer.ended
      const last = writer.lines.filter((line) => line.startsWith('durable ')).at(-1)
      acknowledged = Number(last?.split(' ')[1])
    }
    const store = lmdb(folder)
    const head = await store.open(tables)
    expect(head.tick).toBeGreaterThanOrEqual(acknowledged)
    expect(head.warnings.join()).toContain('took over')
    const ticks = [...store.journal(0)].map((entry) => entry.tick)
    expect(ticks).toEqual(Array.from({ length: head.tick }, (_, index) => index + 1))
    const rows = ticks.flatMap((tick) => [tick * 3, tick * 3 + 1, tick * 3 + 2])
    for (const table of tables) expect([...store.keys(table)]).toEqual(rows)
    for (const row of rows) {
      expect(store.read('text', row)).toEqual(new Uint8Array(Buffer.alloc(600, String(Math.floor(row / 3)))))
    }
    await store.close()
  }, 60_000)

  test('A17, A18: a second process is refused with the holder’s pid; after kill -9 a third one takes over', async () => {
    const first = startChild('hold')
    await first.line(/^open/)
    const second = startChild('hold')
    const refusal = await second.line(/^refused/)
    expect(refusal).toMatch(new RegExp(`^refused STORE_LOCKED .*locked by pid ${first.child.pid} since \\d{4}-`))
    await second.ended
    expect(first.child.exitCode).toBe(null)
    first.child.kill('SIGKILL')
    await first.ended
    const third = startChild('hold')
    const opened = await third.line(/^open/)
    expect(opened).toContain(`process ${first.child.pid}, which had held it since`)
  })

  test('A18: the pid in holder.json decides nothing, even when that process lives', async () => {
    const store = lmdb(folder)
    await store.open(tables)
    await store.close()
    await writeFile(
      join(folder, 'holder.json'),
      JSON.stringify({ pid: process.ppid, since: '2020-01-01T00:00:00.000Z' }),
    )
    const head = await store.open(tables)
    expect(head.warnings).toEqual([expect.stringContaining(`process ${process.ppid}`)])
    await store.close()
    expect(await readdir(folder)).not.toContain('holder.json')
  })

  test('A19: of processes that race for a lock left behind, one wins', async () => {
    for (let round = 0; round < 3; round++) {
      const racers = Array.from({ length: 4 }, () => startChild('hold'))
      const answers = await Promise.all(racers.map((racer) => racer.line(/^(open|refused)/)))
      const winner = racers[answers.findIndex((answer) => answer.startsWith('open'))]
      expect(answers.filter((answer) => answer.startsWith('open'))).toHaveLength(1)
      for (const answer of answers.filter((answer) => answer.startsWith('refused'))) {
        expect(answer).toContain(`locked by pid ${winner?.child.pid}`)
      }
      winner?.child.kill('SIGKILL')
      await Promise.all(racers.map((racer) => racer.ended))
    }
  }, 60_000)

  test('A19: of many stores that race in one process, one wins', async () => {
    const stores = Array.from({ length: 8 }, () => lmdb(folder))
    const answers = await Promise.allSettled(stores.map((store) => store.open(tables)))
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1)
    for (const answer of answers) {
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ code: 'STORE_LOCKED', value: process.pid })
    }
    for (const store of stores) await store.close()
    const holder = await readFile(join(folder, 'manifest.json'), 'utf8')
    expect(JSON.parse(holder)).toMatchObject({ format: 1 })
  })
})
