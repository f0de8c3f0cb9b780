/** The first minute of the conversation below, in milliseconds since 1970: 2026-01-31. */
export const day_ms = 1_769_817_600_000

/** One thing said in the kitchen, as a line of events has it. */
export function turn(id: string, author: string, text: string, minute: number): object {
  const source = { kind: 'chat', thread: 'kitchen', author }
  return { id, ts: day_ms + minute * 60_000, type: 'chat.message', source, payload: { text } }
}

/** A small conversation and a note: memories 1 to 5. */
export const conversation: readonly object[] = [
  turn('k1', 'Ada', 'When does the sourdough have to go into the oven?', 1),
  turn('k2', 'Ben', 'At half past six, after the second proof, at 240 degrees.', 2),
  turn('k3', 'Ada', 'I broke the blue bowl this morning.', 3),
  turn('k4', 'Ben', 'Was it the one from Lisbon? We can buy another in Porto.', 4),
  {
    id: 'n1',
    ts: 0,
    type: 'note.written',
    source: { kind: 'note' },
    payload: { text: 'Rye flour ferments faster than wheat.', title: 'Rye' },
  },
]

/** Events as lines of JSON. */
export function asLines(events: readonly object[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}
