import { type EffectHandler, silent, type View } from '../../../engine/flow/adapter.ts'
import type { ForkOptions } from '../../../engine/index.ts'
import { MemoryRecall } from '../../../systems/events.ts'
import { search } from '../../search.ts'
import { modelAdapters } from '../compose.ts'
import type { Config } from '../config.ts'
import { lookingOnly } from '../looking-only.ts'

type Handlers = { readonly [type: string]: EffectHandler }

/**
 * Who performs what the recording has no answer to. The fork's own memory answers its recalls, by words; the model is asked only
 * where that is wanted. Nothing else is performed: a fork sends, writes and runs nothing.
 * @throws EngineError ADAPTER_OPTION when the model cannot be asked
 */
export async function handlersFor(config: Config, live: boolean): Promise<NonNullable<ForkOptions['handlers']>> {
  const models: Handlers = Object.assign(
    {},
    ...(live ? await modelAdapters(config) : []).map(({ effects }) => effects ?? {}),
  )
  return (view) => ({ ...models, [MemoryRecall.name]: recallIn(view) })
}

/** Recall over a world that runs on; its index is made when it is first asked for. */
function recallIn(view: View): EffectHandler {
  const adapter = search()
  let started: Promise<void> | undefined
  return async (request, call) => {
    started ??= Promise.resolve(adapter.start?.(lookingOnly(view, silent)))
    await started
    const handler = adapter.effects?.[MemoryRecall.name]
    if (handler === undefined) throw new Error('recall answers no effect')
    return handler(request, call)
  }
}
