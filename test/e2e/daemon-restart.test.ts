import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { cleanUp, Place } from '../support/daemon.ts'

afterEach(cleanUp)

const text = '# Compost\n\nTurn it every second week.\n'

test('a daemon that never lives long takes its snapshots all the same', async () => {
  const place = new Place()
  const words = place.config('limits: { snapshot_bytes: 20000 }\n')
  const valid = '---\ntitle: Long\nslug: long\ndescription: A long note.\ntags: []\n---\n'
  for (const life of [1, 2, 3]) {
    // Each life journals about eight kilobytes, so that only all three together are enough for a snapshot.
    place.note('long.md', `${valid}${`life ${life} `.repeat(1_100)}\n`)
    const daemon = await place.start(words)
    await daemon.settled(({ memories, tick }) => memories === 1 && tick > 0)
    await daemon.until('this life has read the note', async () => {
      const { events } = (await daemon.ask('/api/events?type=note.ready')) as { events: unknown[] }
      return events.length > 0
    })
    if (life < 3) expect(await daemon.status()).toMatchObject({ snapshot_tick: 0 })
    else await daemon.settled(({ snapshot_tick }) => Number(snapshot_tick) > 0)
    await daemon.stop('SIGKILL')
  }
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
})

test('a limit that was changed after a crash does not part the world from its record', async () => {
  const place = new Place()
  place.note('a.md', text)
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.writeHead(500).end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const model = `model: { base_url: "http://127.0.0.1:${port}/v1", model: x }\n`
  const first = await place.start(place.config(`${model}limits: { backoff_max_ms: 10 }\n`))
  await first.settled(({ sentinels }) => sentinels.failed === 1)
  await first.stop('SIGKILL')
  server.close()
  expect(asked).toBe(5)
  const second = await place.start(place.config('model: { adapter: offline }\n'))
  await second.settled(({ sentinels }) => sentinels.failed === 0)
  expect(await second.stop()).toMatchObject({ code: 0 })
  expect(await place.json(['replay', '--verify'])).toMatchObject({ identical: true })
})

test('a signal that comes while it starts is obeyed like any other', async () => {
  const place = new Place()
  place.note('a.md', text)
  for (let round = 0; round < 4; round++) {
    // The control channel answers before the inspector listens and the adapters are started.
    const daemon = await place.start(['--write'])
    const ended = await daemon.stop()
    expect(ended.err).not.toMatch(/\n\s+at |ENGINE_STATE/)
    expect(ended).toMatchObject({ code: 0, signal: null })
  }
})

test('a reader of its output that leaves does not end its work', async () => {
  const place = new Place()
  const daemon = await place.start(['--write'])
  daemon.child.stdout?.destroy()
  for (let note = 0; note < 20; note++) place.note(`n${note}.md`, text)
  await daemon.settled(({ repaired }) => repaired === 20)
  expect(await daemon.stop()).toMatchObject({ code: 0, signal: null, err: expect.not.stringContaining('EPIPE') })
})
