import type { Event } from '../../engine/index.ts'
import type { Filter } from '../../systems/events.ts'

/** A filter of the workload as somebody would write it by hand. */
export function byHand({ type, kind, channel, thread, author, tool, tag, path }: Filter): (event: Event) => boolean {
  const begins = type?.endsWith('*') === true ? type.slice(0, -1) : undefined
  const folder = path?.slice(0, path.indexOf('*'))
  const whole = path?.endsWith('/**') === true
  return ({ type: said, source, payload }) => {
    if (begins === undefined ? type !== undefined && said !== type : !said.startsWith(begins)) return false
    if (kind !== undefined && source.kind !== kind) return false
    if (channel !== undefined && source.channel !== channel) return false
    if (thread !== undefined && source.thread !== thread) return false
    if (author !== undefined && source.author !== author) return false
    if (tool !== undefined && payload['tool'] !== tool) return false
    if (tag !== undefined && !(payload['tags'] as string[] | undefined)?.includes(tag)) return false
    if (folder === undefined) return true
    const of = payload['path'] as string | undefined
    if (of === undefined || !of.startsWith(folder)) return false
    return whole || (of.endsWith('.md') && !of.includes('/', folder.length))
  }
}
