import type { Engine } from '../../engine/engine.ts'
import type { Event } from '../../engine/flow/event.ts'

/** Odd branches of the mind, told by what it says when it takes one. A test asks that fixed seeds take each of them. */
const branches: { readonly [name: string]: (event: Event) => boolean } = {
  'a tool that may run once was out at a crash': ({ type }) => type === 'tool.once.unknown',
  'a post was out at a crash': ({ type }) => type === 'discord.send.unknown',
  'a post was found in the history': ({ type, payload }) =>
    type === 'discord.find.done' && payload['found'] === 'found',
  'a post was not in the history': ({ type, payload }) => type === 'discord.find.done' && payload['found'] === 'absent',
  'released effects were held over a stop': ({ type }) => type === 'effects.held',
  'an answer broke its schema': failed('ANSWER_INVALID'),
  'a file changed under its write': failed('CHANGED'),
  'a file went under its sentinel': failed('GONE'),
  'a turn waited for a yes': ({ type, payload }) => type === 'turn.waiting' && payload['why'] === 'approval',
  'a turn waited for the model': ({ type, payload }) => type === 'turn.waiting' && payload['why'] === 'model',
  'a turn was cancelled': ended('CANCELLED'),
  'a message was withdrawn under its turn': (event) =>
    ended('CANCELLED')(event) && String(event.payload['reason']).includes('was deleted'),
  'a turn ran out of rounds': ended('ROUNDS'),
  'a turn said nothing': ended('EMPTY'),
  'a turn could not be repaired': ended('REPAIRS'),
  'a day budget ended a turn': ended('BUDGET'),
  'a budget was spent': ({ type }) => type === 'budget.exhausted',
  'a call was refused': ({ type, payload }) => type === 'turn.called' && payload['verdict'] === 'deny',
  'a call could not be carried out': ({ type, payload }) => type === 'turn.called' && payload['verdict'] === 'invalid',
  'a flood became one memory': ({ type }) => type === 'memory.family',
  'memories were stood for by a summary': ({ type }) => type === 'memory.compacted',
  'a summary was taken back': ({ type }) => type === 'memory.restored',
  'a repair was done': ({ type, payload }) => type === 'repair.done' && payload['attempts'] !== 0,
  'a repair was given up': ({ type }) => type === 'repair.failed',
  'opencode had to be asked for again': ({ type, payload }) => type === 'opencode.stand' && payload['state'] === 'away',
  'an answer to opencode came too late': ({ type, payload }) =>
    type === 'opencode.permit.done' && payload['taken'] === false,
  'a memory was forgotten': ordered('forget'),
  'what summaries stand for was purged': ({ type, payload }) =>
    type === 'compact.order' && payload['order'] === 'purge',
  'a turn was cancelled because it was told of what is forgotten': (event) =>
    ended('CANCELLED')(event) && String(event.payload['reason']).includes('was forgotten'),
  'a write was taken back': ({ type, payload }) => type === 'sentinel.undone' && payload['undone'] === true,
  'a write could not be taken back': ({ type, payload }) => type === 'sentinel.undone' && payload['undone'] === false,
}

function failed(code: string): (event: Event) => boolean {
  return ({ type, payload }) => type.endsWith('.failed') && payload['code'] === code
}

function ordered(order: string): (event: Event) => boolean {
  return ({ type, payload }) => type === 'memory.order' && payload['order'] === order
}

function ended(code: string): (event: Event) => boolean {
  return ({ type, payload }) => type === 'turn.ended' && payload['code'] === code
}

export const markNames: readonly string[] = Object.keys(branches)

/** Which of the odd branches a run has taken. */
export class Marks {
  readonly seen = new Set<string>()

  /** A new life of the process is listened to. O(branches) for each event */
  follow(engine: Engine): void {
    engine.on('*', (event) => {
      for (const name of markNames) if (!this.seen.has(name) && branches[name]!(event)) this.seen.add(name)
    })
  }
}
