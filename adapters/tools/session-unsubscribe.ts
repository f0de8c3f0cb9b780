import { type FiltersPort, subscriptionTool } from './subscription.ts'
import type { Tool } from './tool.ts'

/** Takes back a filter that a tool of the session added. */
export function sessionUnsubscribe(filters?: FiltersPort): Tool {
  return subscriptionTool(
    'session.unsubscribe',
    'Takes back a filter that session.subscribe added; give the same filter again.',
    'remove',
    filters,
  )
}
