import type { View } from '../../adapters/inspector.ts'

const nobody = (): never => {
  throw new Error('this is not asked here')
}

/** What a view shows besides the few things that a test is about: nothing. */
export const sightless: Omit<View, 'status' | 'events' | 'timings' | 'sentinels' | 'metrics' | 'health' | 'command'> = {
  tick: () => 0,
  hello: nobody,
  frame: nobody,
  hear: nobody,
  watch: nobody,
  history: nobody,
  recall: nobody,
  turns: nobody,
  turn: nobody,
  families: nobody,
  memory: nobody,
  world: nobody,
  rows: nobody,
  times: nobody,
  moment: nobody,
  debug: nobody,
}
