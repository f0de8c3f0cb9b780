/** A lens on recall and prompts. What it does to recall is in the weights of the walk, under the same name. */
export type Circuit = {
  readonly name: string
  readonly instruction: string
  /** How often a session under this lens takes a turn of its own accord, unless the policy says otherwise; 0 = never. */
  readonly interval_ms: number
  /** Patterns of the tools that serve it best. */
  readonly tools: readonly string[]
}

const minute_ms = 60_000

/** The eight lenses. */
export const circuits: readonly Circuit[] = [
  {
    name: 'survival',
    instruction: 'look first for what is failing, overloaded or about to be, and say what would keep things running.',
    interval_ms: 10 * minute_ms,
    tools: ['memory.recall', 'time.now'],
  },
  {
    name: 'permission',
    instruction: 'ask who wants something, whether they may have it, and what could go wrong if they got it.',
    interval_ms: 0,
    tools: ['memory.recall', 'session.*'],
  },
  {
    name: 'symbolic',
    instruction: 'look for the subjects behind the words, name them, and join what speaks of the same thing.',
    interval_ms: 60 * minute_ms,
    tools: ['memory.*', 'notes.*'],
  },
  {
    name: 'alignment',
    instruction: 'hold what is done against what was agreed, and point out where the two part.',
    interval_ms: 60 * minute_ms,
    tools: ['memory.recall', 'notes.read', 'notes.list'],
  },
  {
    name: 'sensory',
    instruction: 'notice what is new, what has changed and what has stopped, and report it plainly.',
    interval_ms: 15 * minute_ms,
    tools: ['memory.recall', 'time.now'],
  },
  {
    name: 'procedural',
    instruction: 'think in steps: what has to be done, with what, in which order, and how one sees that it is done.',
    interval_ms: 0,
    tools: ['notes.*', 'memory.recall', 'web.fetch'],
  },
  {
    name: 'meta',
    instruction: 'judge how well the agents work: what helped, what was wasted, and what should be done otherwise.',
    interval_ms: 240 * minute_ms,
    tools: ['memory.*'],
  },
  {
    name: 'mythic',
    instruction: 'keep the story: who we are, where this began, and what it means to those who take part.',
    interval_ms: 1_440 * minute_ms,
    tools: ['memory.*', 'notes.read'],
  },
]

const byName = new Map(circuits.map((circuit) => [circuit.name, circuit]))

/** A lens by its name; undefined for none, and for a name that no lens has. */
export function circuitNamed(name: string | undefined): Circuit | undefined {
  return name === undefined ? undefined : byName.get(name)
}
