import type { Frame } from '../shapes.ts'
import { count, fill, make, meter, span, table } from './dom.ts'
import type { Panel } from './panel.ts'

/** What waits, what comes in, what goes out. */

/** Sessions with their queues, and what they wait for. */
export function queuesPanel(): Panel {
  const body = make('div')
  return {
    id: 'queues',
    title: 'Sessions',
    width: 'half',
    body: () => [body],
    frame: ({ sessions }) => {
      const rows = sessions.map(({ session, state, lane, queued, queue_max, why, turn }) => [
        session,
        turn === 0 ? state : `${state}, turn ${turn}`,
        lane,
        make(
          'span',
          {},
          meter(queue_max === 0 ? 0 : queued / queue_max, `${queued} of ${queue_max}`),
          ` ${count(queued)}`,
        ),
        why,
      ])
      const columns = [
        { name: 'session' },
        { name: 'state' },
        { name: 'lane' },
        { name: 'queue' },
        { name: 'waits for' },
      ]
      fill(body, table(columns, rows, 'There are no sessions: the config names no agent.'))
    },
  }
}

/** What came in, by source. */
export function ingestPanel(): Panel {
  const body = make('div')
  return {
    id: 'ingest',
    title: 'Ingest by source',
    width: 'third',
    body: () => [body],
    frame: ({ sources }) => {
      const rows = sources.map(({ source, events, per_minute }) => [source, count(events), count(per_minute)])
      const columns = [{ name: 'source' }, { name: 'events', number: true }, { name: 'a minute', number: true }]
      fill(body, table(columns, rows, 'Nothing has come in yet.'))
    },
  }
}

/** What is on its way out, and work that waits. */
export function outboxPanel(): Panel {
  const body = make('div')
  return {
    id: 'outbox',
    title: 'Outbox and jobs',
    width: 'third',
    body: () => [body],
    frame: (frame) => fill(body, ...outboxOf(frame)),
  }
}

function outboxOf({ outbox, jobs }: Frame): HTMLElement[] {
  const words = `${count(outbox.pending)} open, ${count(outbox.in_flight)} out, the oldest ${span(outbox.oldest_ms)} old`
  const rows = jobs.map(({ name, waiting, running }) => [name, count(waiting), count(running)])
  const columns = [{ name: 'job' }, { name: 'waiting', number: true }, { name: 'running', number: true }]
  return [make('p', {}, words), table(columns, rows, 'No jobs.')]
}

/** What models were asked for. */
export function modelsPanel(): Panel {
  const body = make('div')
  return {
    id: 'models',
    title: 'Models',
    width: 'third',
    body: () => [body],
    frame: ({ models }) => {
      const rows = models.map(({ model, calls, failed, tokens_in, tokens_out, cost }) => [
        model,
        count(calls),
        count(failed),
        count(tokens_in),
        count(tokens_out),
        cost === 0 ? '' : cost.toFixed(4),
      ])
      const columns = ['calls', 'failed', 'read', 'written', 'cost'].map((name) => ({ name, number: true }))
      fill(body, table([{ name: 'model' }, ...columns], rows, 'No model was asked yet.'))
    },
  }
}
