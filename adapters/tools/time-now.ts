import { type Tool, toolOf } from './tool.ts'

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** Says what time it is in the world. */
export function timeNow(): Tool {
  return toolOf<object>(
    {
      name: 'time.now',
      description: 'Says the present time in UTC, with the day of the week.',
      parameters: { type: 'object', properties: {}, additionalProperties: false },
      risk: 'read_only',
      retry: 'safe',
      deadline_ms: 5_000,
    },
    async (_none, { view }) => {
      const now = new Date(view.now_ms)
      return { iso: now.toISOString(), weekday: weekdays[now.getUTCDay()]!, ms: view.now_ms }
    },
  )
}
