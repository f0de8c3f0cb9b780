import type { EventInput } from '../../engine/flow/event.ts'
import { channelOf, type Where } from './events.ts'

/** Says what a channel is called and belongs to, once for each name. */
export class Announcer {
  readonly #announced = new Map<string, string>()

  /** Undefined when it was said before. */
  eventOf(channel: string, where: Where | undefined): EventInput | undefined {
    if (where === undefined) return undefined
    const { name, direct, thread } = where
    const parent = thread === '' ? '' : where.channel
    const signature = `${name}\n${parent}`
    if (this.#announced.get(channel) === signature) return undefined
    this.#announced.set(channel, signature)
    return channelOf(channel, {
      ...(name === '' ? undefined : { name }),
      ...(parent === '' ? undefined : { parent }),
      ...(direct ? { direct } : undefined),
    })
  }
}
