import { degreePenalty, rarity } from '../daimoi/weights.ts'
import { type PartName, partNames } from './pool.ts'
import type { Explanation, ScorePart, WalkExplained } from './types.ts'

/** A score made anew from an explanation, and nothing else: the parts that are not 0, in their order, and their sum. */
export function recompute(explanation: Explanation): { score: number; parts: ScorePart[] } {
  const values = new Map<PartName, number>(partNames.map((name) => [name, 0]))
  values.set('author', explanation.author ? explanation.settings.author : 0)
  values.set('thing', thingPart(explanation))
  values.set('meaning', explanation.settings.meaning * Math.max(0, explanation.cosine))
  if (explanation.in_thread) turnParts(explanation, values)
  else {
    values.set('lexical', sumOf(explanation.words.map(({ own }) => own)) / explanation.scale)
    values.set('length', explanation.settings.alone)
  }
  const direct = sumOf([...values.values()])
  if (explanation.anchor !== undefined) {
    const { top } = explanation.anchor
    values.set('anchor', top * explanation.settings.anchor + anchorOwn * direct - direct)
  } else if (explanation.walk !== undefined) values.set('walk', walkPart(explanation, explanation.walk, direct))
  const parts = [...values].filter(([, value]) => value !== 0).map(([name, value]) => ({ name, value }))
  return { score: sumOf(parts.map(({ value }) => value)), parts }
}

/** How much its own score counts among what the query names by their titles. */
export const anchorOwn = 0.02

function turnParts({ settings, scale, words, ...turn }: Explanation, values: Map<PartName, number>): void {
  let lexical = 0
  let context = 0
  let thread = 0
  for (const { weight, own, asked, said, thread: sum } of words) {
    if (weight === 0) continue
    const here = own / weight
    const near = (settings.asked * asked + settings.said * said) / weight
    const alone = here / (here + settings.saturation)
    lexical += weight * (settings.own * here + alone)
    context += weight * ((here + near) / (here + near + settings.saturation) - alone)
    thread += weight * settings.thread * (sum / (sum + 1))
  }
  values.set('lexical', lexical / scale)
  values.set('context', context / scale)
  values.set('thread', thread / scale)
  values.set('length', (settings.length * turn.length_words) / (turn.length_words + settings.length_words))
  values.set('asking', turn.asking ? -settings.asking : 0)
  values.set('when', turn.when ? settings.when : 0)
  values.set('date', settings.date * turn.date_fit)
}

function thingPart({ settings, things, memories, rarity_sum }: Explanation): number {
  const worth = things.map(({ degree, titled }) => {
    const rare = rarity(memories, degree) * Math.log(1 + memories)
    return ((titled ? settings.titled : settings.mentioned) * rare) / (settings.thingScale * rarity_sum)
  })
  return sumOf(worth)
}

/** What a perfect walk would hand on, times how open the query was, how good the link is, and what is new at its end. */
function walkPart({ settings, words, rarity_sum, memories }: Explanation, walk: WalkExplained, direct: number): number {
  let near = 0
  let left = 0
  let rest = 0
  let over = 0
  words.forEach(({ weight, rarity: rare, own }, at) => {
    const { near: isNear, covered, source } = walk.words[at]!
    if (isNear) near += rare
    if (!covered) left += rare
    if (weight === 0) return
    if (covered) over += (rare * Math.min(own, source)) / weight
    else if (own > 0) rest += rare
  })
  const open = Math.min(1, (settings.open * left) / rarity_sum)
  const key = walk.kind_weight * walk.name * rarity(memories, walk.degree) * degreePenalty(walk.degree)
  const link =
    (settings.unconditioned + (settings.conditioned * near) / rarity_sum) *
    key *
    (walk.to_title ? 1 : settings.intoText)
  const handed =
    walk.decay * settings.share * walk.from_score * open * link * (1 + (settings.rest * rest) / rarity_sum) -
    (settings.overlap * over) / rarity_sum
  return Math.min(handed, settings.below * walk.from_score - direct)
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
