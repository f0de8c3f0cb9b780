import type { Engine } from '../../../engine/engine.ts'
import type { View } from '../../../engine/flow/adapter.ts'
import { objectOf } from '../../../engine/flow/event.ts'
import type { JsonSchema } from '../../../engine/schema.ts'
import { DiscordChannel } from '../../../systems/discord/columns.ts'
import { JanitorAsked, type JanitorReport, JanitorRule } from '../../../systems/events.ts'
import { Janitor, Rule, RuleState } from '../../../systems/janitor/columns.ts'
import { Family } from '../../../systems/memory/columns.ts'
import { templateOf } from '../../../systems/memory/floods/template.ts'

/** What may be asked about the janitor. */
export type JanitorQuestion =
  /** The last report, or with `fresh` one that is made now. */
  | { readonly ask: 'report'; readonly fresh: boolean }
  | { readonly ask: 'rules' }
  | { readonly ask: 'rule'; readonly rule: number; readonly order: JanitorRule['order'] }

const asking = (ask: string, more: { [name: string]: JsonSchema } = {}): JsonSchema =>
  objectOf({ ask: { const: ask }, ...more })

/** The form of each question. */
export const janitorSchemas: { readonly [ask in JanitorQuestion['ask']]: JsonSchema } = {
  report: asking('report', { fresh: { type: 'boolean' } }),
  rules: asking('rules'),
  rule: asking('rule', { rule: { type: 'integer', minimum: 1 }, order: { enum: ['allow', 'refuse', 'end'] } }),
}

/** A rule that was proposed, and what became of it. */
export type RuleView = {
  readonly rule: number
  readonly state: string
  readonly family: number
  readonly memory_id: number
  readonly channel: string
  readonly author: string
  /** What the family says, as one of its members said it. */
  readonly text: string
  /** Members of the family by now. */
  readonly count: number
  readonly suppressed: number
  readonly proposed_at_ms: number
}
export type RuleAnswer = {
  readonly rule: number
  readonly order: string
  readonly done: boolean
  readonly state: string
  readonly reason: string
}

/** The newest rules that are shown when there are very many. */
const rulesMax = 1_000
const states = Object.keys(RuleState)

/** Answers a question about the janitor. An order is durable when this resolves. */
export async function answerOfJanitor(engine: Engine, question: JanitorQuestion): Promise<object> {
  switch (question.ask) {
    case 'report':
      if (question.fresh) {
        await engine.ingest({ type: JanitorAsked.name, source: { kind: 'operator' }, payload: {} })
      }
      return { report: lastReport(engine) }
    case 'rules':
      return { rules: rulesOf(engine) }
    case 'rule':
      return decided(engine, question.rule, question.order)
  }
}

function lastReport(view: View): JanitorReport | null {
  const report = view.world.of(Janitor).reports[1]!
  const text = report === 0 ? undefined : view.read('report', report)
  return text === undefined ? null : (JSON.parse(text) as JanitorReport)
}

/** The rules, oldest first. O(rules) */
export function rulesOf(view: View): RuleView[] {
  const { world } = view
  const rules = world.of(Rule)
  const families = world.of(Family)
  const found: RuleView[] = []
  for (let rule = world.rows(Rule); rule >= 1 && found.length < rulesMax; rule--) {
    const family = rules.family[rule]!
    const channel = families.channel[family]!
    const memory_id = families.memory_id[family]!
    found.push({
      rule,
      state: states[rules.state[rule]!] ?? '',
      family,
      memory_id,
      channel: channel === 0 ? '' : world.keyOf(DiscordChannel, channel),
      author: world.names.text(families.author[family]!),
      text: memory_id === 0 ? '' : templateOf(view, family),
      count: families.count[family]!,
      suppressed: rules.suppressed[rule]!,
      proposed_at_ms: rules.proposed_at_ms[rule]!,
    })
  }
  return found.reverse()
}

const wanted = { allow: RuleState.active, refuse: RuleState.refused, end: RuleState.ended } as const

async function decided(engine: Engine, rule: number, order: JanitorRule['order']): Promise<RuleAnswer> {
  const { world } = engine
  if (rule > world.rows(Rule)) return { rule, order, done: false, state: 'none', reason: 'there is no such rule' }
  const before = world.of(Rule).state[rule]!
  await engine.ingest({ type: JanitorRule.name, source: { kind: 'operator' }, payload: { rule, order } })
  const after = world.of(Rule).state[rule]!
  const done = after === wanted[order]
  const state = states[after] ?? ''
  const same = after === before ? `it is ${state} already` : ''
  const reason = done ? same : `a rule that is ${state} cannot be told so, or a newer one stands for its family`
  return { rule, order, done, state, reason }
}
