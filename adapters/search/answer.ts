import { EngineError } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { objectOf, type Payload } from '../../engine/flow/event.ts'
import { checkLater, type JsonSchema } from '../../engine/schema.ts'
import type { RecallDone, RecallRequest } from '../../systems/events.ts'
import type { Recall, RecallOptions } from '../../systems/recall.ts'

/** UTF-16 units of text that all hits of one answer share. */
const textUnitsMax = 200_000
const text: JsonSchema = { type: 'string', maxLength: 4096 }
const list: JsonSchema = { type: 'array', items: text, maxItems: 64 }
const count: JsonSchema = { type: 'integer', minimum: 0 }
const checkOptions = checkLater(
  objectOf({
    'hits_max?': { type: 'integer', minimum: 1, maximum: 100 },
    'kinds?': list,
    'tags?': list,
    'channel?': text,
    'thread?': text,
    'author?': text,
    'from_ms?': { type: 'number' },
    'to_ms?': { type: 'number' },
    'circuit?': text,
    'walkers_max?': count,
    'hops_max?': count,
  }),
  'options of memory.recall',
)

/** Answers `memory.recall` by a recall. @throws EffectFailure RECALL_OPTION */
export async function answerRecall(
  request: Payload,
  recall: (query: string, options: RecallOptions) => Promise<Recall>,
): Promise<RecallDone> {
  const { query, options } = request as unknown as RecallRequest
  const [problem] = checkOptions(options)
  if (problem !== undefined) throw new EffectFailure('RECALL_OPTION', `options.${problem.path} ${problem.message}`)
  try {
    return doneOf(await recall(query, options as RecallOptions))
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== 'RECALL_OPTION') throw thrown
    throw new EffectFailure(thrown.code, thrown.message)
  }
}

function doneOf({ answered, confidence, hits }: Recall): RecallDone {
  const units = Math.floor(textUnitsMax / Math.max(1, hits.length))
  return {
    answered,
    confidence,
    hits: hits.map(({ id, memory_id, score, lanes, path, text, title }) => ({
      id,
      memory_id,
      score,
      lanes: [...lanes],
      path: [...path],
      text: text.slice(0, units).toWellFormed(),
      title: title.slice(0, units).toWellFormed(),
    })),
  }
}
