import { type FiltersPort, subscriptionTool } from './subscription.ts'
import type { Tool } from './tool.ts'

/** Lets the session that asks hear more, as far as its policy allows. */
export function sessionSubscribe(filters?: FiltersPort): Tool {
  return subscriptionTool(
    'session.subscribe',
    'Lets this session hear more events: those that meet all fields of the filter.',
    'add',
    filters,
  )
}
