import type { View } from '../../../engine/flow/adapter.ts'
import { DiscordChannel, DiscordPost, PostState } from '../../../systems/discord/columns.ts'

/** A message to Discord that is not sent yet, or of which nobody knows whether it was. */
export type PostView = {
  readonly post: number
  readonly state: string
  readonly channel: string
  readonly channel_name: string
  readonly turn: number
  readonly text: string
  readonly code: string
  readonly tries: number
  readonly age_ms: number
}

/** The newest posts that are shown when very many wait. */
const postsMax = 1_000
const states = Object.keys(PostState)
const open: readonly number[] = [PostState.queued, PostState.sending, PostState.looking, PostState.unknown]

/** What waits to be posted, is on its way, or is unknown, oldest first. O(posts ever made) */
export function postsOf(view: View): PostView[] {
  const { world, now_ms } = view
  const columns = world.of(DiscordPost)
  const found: PostView[] = []
  for (let post = world.rows(DiscordPost); post >= 1 && found.length < postsMax; post--) {
    if (!open.includes(columns.state[post]!)) continue
    const channel = columns.channel[post]!
    const { text = '' } = JSON.parse(view.read('post', post) ?? '{}') as { text?: string }
    found.push({
      post,
      state: states[columns.state[post]!] ?? '',
      channel: channel === 0 ? '' : world.keyOf(DiscordChannel, channel),
      channel_name: channel === 0 ? '' : world.names.text(world.of(DiscordChannel).name[channel]!),
      turn: columns.turn[post]!,
      text,
      code: world.names.text(columns.code[post]!),
      tries: columns.tries[post]!,
      age_ms: Math.max(0, now_ms - columns.asked_at_ms[post]!),
    })
  }
  return found.reverse()
}
