import type { EventInput } from '../../engine/index.ts'

/** What is said to the mind whose journal is kept: one of everything that the memory does something about. */
export function mindLines(from_ms: number): (EventInput | 'crash')[] {
  const minute_ms = 60_000
  let serial = 0
  const say = (payload: { text: string; [name: string]: unknown }, more: object = {}, at_min = 0): EventInput => ({
    type: 'chat.message',
    id: `line-${++serial}`,
    ts: from_ms + at_min * minute_ms,
    source: { kind: 'chat', channel: 'garden', author: 'Ada', thread: 'spring', ...more },
    payload: payload as EventInput['payload'],
  })
  const alert = (valve: string): string =>
    `Warning of the watcher: the valve ${valve} of the northern greenhouse did not answer in time, the pump was stopped, and somebody should look at the pressure.`
  const prose = (edit: string): string =>
    `# Compost\n\n${Array.from({ length: 90 }, (_, n) => `Layer ${n} of the heap is made of straw, leaves and what the kitchen gives.`).join(' ')}\n\n${edit}\n`
  const own = 'The arm64 build breaks because the cache key leaves out the architecture of the runner.'
  const note = (path: string, text: string, digit: string): EventInput => ({
    type: 'note.ready',
    id: `note-${++serial}`,
    ts: from_ms,
    source: { kind: 'fs' },
    payload: { path, hash: digit.repeat(64), text, title: 'Compost', tags: ['garden'] },
  })
  const file = (path: string): EventInput => ({
    type: 'fs.file.created',
    id: `file-${++serial}`,
    ts: from_ms,
    source: { kind: 'fs' },
    payload: { path, size_bytes: 9, modified_ms: 1, changed_ms: 1 },
  })
  const ordered = (order: string, memory_id: number): EventInput => ({
    type: 'memory.order',
    id: `order-${++serial}`,
    ts: from_ms,
    source: { kind: 'admin' },
    payload: { order, memory_id },
  })
  const bot = (text: string, at_min: number): EventInput => say({ text, bot: true }, { author: 'watcher' }, at_min)
  return [
    say({ text: 'When do we turn the compost? 語 \u{1f98a}', tags: ['garden', 'question'] }),
    say(
      { text: 'In March, said Zacharias Quandt at https://example.org/compost?utm_source=x.', title: 'March' },
      { author: 'Ben' },
      1,
    ),
    say({ text: 'ok' }, {}, 2),
    say({ text: 'ok' }, {}, 2),
    say({ text: 'ok' }, {}, 200),
    say({ text: own, role: 'assistant' }, { author: 'Duck', channel: 'builds', thread: 'arm64' }, 3),
    say({ text: own }, { channel: 'elsewhere' }, 90),
    bot('Ping 35 ms at 12:01:07', 4),
    bot('Ping 41 ms at 12:02:11', 5),
    ...['birch', 'cedar', 'daisy', 'elder', 'ferns', 'grape'].map((valve, n) => bot(alert(valve), 6 + n)),
    file('v1.md'),
    note('v1.md', prose('Turn it twice.'), '1'),
    file('v2.md'),
    note('v2.md', prose('Turn it thrice, and cover it.'), '2'),
    'crash',
    note('v1.md', prose('Turn it once.'), '3'),
    note('v1.md', prose('Turn it twice.'), '1'),
    { type: 'note.gone', id: 'gone', ts: from_ms, source: { kind: 'fs' }, payload: { path: 'v2.md' } },
    ordered('pin', 1),
    ordered('hide', 2),
    { type: 'memory.used', id: 'used', ts: from_ms, source: { kind: 'chat' }, payload: { memory_ids: [1, 3] } },
    say({ text: 'ETIMEDOUT in docs/setup.md on 2026-03-07, error 503', role: 'tool' }, { author: 'shell' }, 300),
    say({ text: 'Thursday then.', extra: 'kept and not read' }, { author: 'Ben' }, 301),
  ]
}
