import { array, assert, constantFrom, integer, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import type { Payload } from '../../engine/flow/event.ts'
import { Call, Input, Session, Turn, TurnInput, TurnState } from '../../systems/agents/columns.ts'
import { LlmChat, MemoryRecall, ToolOnce, ToolSafe } from '../../systems/events.ts'
import { duckPolicy, illFormed, sessionOf, spec } from '../support/agents.ts'
import { type Asked, Stage } from '../support/turns.ts'

/** Whatever answers, whatever fails, in whatever order: conversations stay whole, inputs are answered or ended once, caps hold. */

const caps = {
  rounds_max: 4,
  calls_max: 6,
  calls_round_max: 3,
  tokens_max: 400,
  model_retries_max: 3,
  inputs_max: 2,
  approval_ms: 60_000,
}
const tools = [
  spec('look', { parameters: { type: 'object', properties: { at: { type: 'integer' } } } }),
  spec('send', { risk: 'side_effect', retry: 'once' }),
  spec('wipe', { risk: 'destructive', retry: 'once' }),
]
const policy = duckPolicy(
  tools,
  ['one', 'two'].map((name) => sessionOf(name, { permissions: 'auto', caps, filters: [{ channel: `c-${name}` }] })),
)
const keys = ['duck/one', 'duck/two']

type Doing = { readonly what: string; readonly pick: number; readonly how: number }
const whats = [
  'tell',
  'overhear',
  'answer',
  'answer',
  'answer',
  'again',
  'late',
  'approve',
  'cancel',
  'later',
  'restart',
]
const doing = record({
  what: constantFrom(...whats),
  pick: integer({ min: 0, max: 9 }),
  how: integer({ min: 0, max: 9 }),
})
const life = array(doing, { minLength: 20, maxLength: 90, size: 'max' })

function reply({ pick, how }: Doing): Payload {
  const counted = how % 3 === 0 ? {} : { tokens_in: how * 20, tokens_out: pick }
  const plain = { content: how % 4 === 0 ? '' : `Said ${pick}.`, model: 'm', ...counted }
  if (how < 4) return { ...plain, finish: how === 3 ? 'length' : 'stop' }
  const names = ['look', 'send', 'wipe', 'imagined']
  const tool_calls = Array.from({ length: pick % 5 }, (_, at) => ({
    id: at % 2 === 0 ? 'same' : '',
    name: names[(how + at) % 4]!,
    arguments: ['{"at":1}', `{"at":${pick}}`, '{"at":"x"}', 'no json', '"{\\"at\\":2}"'][(pick + at) % 5]!,
  }))
  return { ...plain, finish: how === 9 ? 'length' : 'tool_calls', ...(tool_calls.length > 0 ? { tool_calls } : {}) }
}

/** Answers one effect, well or badly. */
function answer(stage: Stage, { effect_id, type, request }: Asked, how: Doing): void {
  const code = ['NETWORK', 'AUTH', 'CONTEXT_TOO_LONG', 'TOOL_FAILED'][how.pick % 4]!
  const fails = how.how === 1
  if (type === MemoryRecall.name) {
    if (fails) stage.failed(MemoryRecall, code, effect_id)
    else stage.done(MemoryRecall, { answered: false, confidence: 0, hits: [] }, effect_id)
  } else if (type === LlmChat.name) {
    if (fails) stage.failed(LlmChat, code, effect_id)
    else stage.done(LlmChat, reply(how), effect_id)
  } else {
    const tool = type === ToolOnce.name ? ToolOnce : ToolSafe
    if (fails) stage.failed(tool, code, effect_id)
    else if (how.how === 7 && tool === ToolOnce) stage.unknown(tool, effect_id)
    else stage.done(tool, { text: `Result of ${String(request['key'])}`, cut: false, failed: how.how === 4 }, effect_id)
  }
}

function step(stage: Stage, todo: Doing): void {
  const { what, pick, how } = todo
  const key = keys[pick % 2]!
  const open = stage.asked.filter(({ effect_id }) => !stage.answered.has(effect_id))
  const old = stage.asked.filter(({ effect_id }) => stage.answered.has(effect_id))
  if (what === 'tell') stage.tell(key, `Tell ${pick}`)
  else if (what === 'overhear') {
    const source = { kind: 'discord', channel: `c-${key.slice(5)}`, author: 'ada' }
    stage.tick({ type: 'discord.message.new', source, payload: { text: `Heard ${how}` } })
  } else if (what === 'answer' && open.length > 0) answer(stage, open[pick % open.length]!, todo)
  else if (what === 'again' && old.length > 0) answer(stage, old[pick % old.length]!, todo)
  else if (what === 'late' && open.length > 0) answer(stage, open[0]!, todo)
  else if (what === 'approve') {
    const asked = stage.of<{ hash: string }>('approval.asked')
    const hash = asked[pick % Math.max(1, asked.length)]?.hash ?? 'none'
    const source = { kind: how === 9 ? 'discord' : 'operator' }
    stage.tick({ type: 'approval.given', source, payload: { hash, allow: how % 2 === 0 } })
  } else if (what === 'cancel') {
    const payload = { session: key, keep: how % 2 === 0 }
    stage.tick({ type: 'session.cancel', source: { kind: 'operator' }, payload })
  } else if (what === 'later') stage.later([100, 6_000, 61_000, 400_000][pick % 4]!)
  else if (what === 'restart') stage.restart()
  else stage.tick()
}

/** Everything comes to its end: whatever is open is answered plainly. */
function settle(stage: Stage): void {
  for (let steps = 0; steps < 2_000; steps++) {
    const open = stage.open()
    const queued = keys.some((key) => stage.core.world.of(Session).queued[stage.core.world.find(Session, key)]! > 0)
    if (open === undefined && stage.running === 0 && !queued) return
    if (open === undefined) stage.later(61_000)
    else answer(stage, open, { what: '', pick: 2, how: 2 })
  }
  throw new Error('it never ends')
}

/** What must hold after every tick. */
function holds(stage: Stage): void {
  const { world } = stage.core
  const turns = world.of(Turn)
  for (let turn = 1; turn <= world.rows(Turn); turn++) {
    expect(turns.rounds[turn]).toBeLessThanOrEqual(caps.rounds_max)
    expect(turns.calls[turn]).toBeLessThanOrEqual(caps.calls_max)
  }
  for (const key of keys) {
    const session = world.find(Session, key)
    const isCalling = turns.state[world.of(Session).running[session]!] === TurnState.calling
    if (!isCalling) expect(illFormed(stage.history(key))).toEqual([])
  }
}

test('conversations stay whole, caps hold, every input is answered or ended once, and it replays alike', () => {
  assert(
    property(life, (doings) => {
      const stage = new Stage(policy)
      for (const each of doings) {
        step(stage, each)
        holds(stage)
      }
      settle(stage)
      stage.tick()
      holds(stage)
      const { world } = stage.core
      const ends = stage.of<{ turn: number; state: string }>('turn.ended')
      expect(ends.map(({ turn }) => turn).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: world.rows(Turn) }, (_, at) => at + 1),
      )
      const { input } = world.of(TurnInput)
      const answered = Array.from({ length: world.rows(TurnInput) }, (_, at) => input[at + 1]!)
      expect(new Set(answered).size, 'no input is in two turns').toBe(answered.length)
      const cancels = doings.some(({ what }) => what === 'cancel')
      if (!cancels) expect(answered.length).toBe(world.rows(Input))
      const keysRun = stage.asked.filter(({ type }) => type === ToolOnce.name).map(({ request }) => request['key'])
      expect(new Set(keysRun).size, 'no tool is asked for twice with one key').toBe(keysRun.length)
      for (let row = 1; row <= world.rows(Call); row++) {
        const { n } = JSON.parse(stage.records.get(`call ${row}`)!) as { n: number }
        const text = stage.records.get(`result ${row}`)!
        if (text.startsWith('Result')) expect(text).toBe(`Result of turn/${world.of(Call).turn[row]}/call/${n}`)
      }
      const [lived, again] = stage.replayed()
      if (!doings.some(({ what }) => what === 'restart')) expect(again).toEqual(lived)
    }),
    { numRuns: 30 },
  )
})

test('a restart at any tick changes nothing', () => {
  assert(
    property(life, integer({ min: 0, max: 59 }), (doings, at) => {
      const plain = doings.filter(({ what }) => what !== 'restart')
      const [straight, broken] = [new Stage(policy), new Stage(policy)]
      plain.forEach((each, index) => {
        step(straight, each)
        step(broken, each)
        if (index === at % plain.length) broken.restart()
      })
      expect(broken.replayed()[0]).toEqual(straight.replayed()[0])
      expect([...broken.records]).toEqual([...straight.records])
    }),
    { numRuns: 25 },
  )
})
