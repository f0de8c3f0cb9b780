import { expect, test } from 'vitest'
import { defaultSession, type PermissionMode } from '../../systems/agents/policy.ts'
import type { RiskName } from '../../systems/agents/tools.ts'
import { duckPolicy, illFormed, sessionOf, spec, Troupe } from '../support/agents.ts'
import { dutiful } from '../support/obedient.ts'

/** The same matrix as in `unit/approvals.test.ts`, through whole turns: from what somebody says to whether a tool has run. */

const { approval_ms } = defaultSession.caps
type Trusted = 'operator' | 'others'
/** `y` it runs by itself, `?` only with a yes that counts, `n` never. */
const table: readonly (readonly [PermissionMode, Trusted, Readonly<Record<RiskName, 'y' | '?' | 'n'>>])[] = [
  ['read', 'operator', { read_only: 'y', side_effect: 'n', destructive: 'n' }],
  ['read', 'others', { read_only: 'y', side_effect: 'n', destructive: 'n' }],
  ['ask', 'operator', { read_only: 'y', side_effect: '?', destructive: '?' }],
  ['ask', 'others', { read_only: 'y', side_effect: '?', destructive: '?' }],
  ['auto', 'operator', { read_only: 'y', side_effect: 'y', destructive: '?' }],
  ['auto', 'others', { read_only: 'y', side_effect: '?', destructive: '?' }],
]

/** What comes as an answer to the question, and whether it counts. */
const approvals: Readonly<
  Record<string, readonly [counts: boolean, give: (troupe: Troupe, hash: string) => Promise<void>]>
> = {
  none: [false, async () => {}],
  right: [true, (troupe, hash) => troupe.answer(hash)],
  no: [false, (troupe, hash) => troupe.answer(hash, { allow: false })],
  'wrong hash': [false, (troupe) => troupe.answer('0123456789abcdef')],
  'not the operator': [false, (troupe, hash) => troupe.answer(hash, { kind: 'discord' })],
  'used to refuse': [
    false,
    async (troupe, hash) => {
      await troupe.answer(hash, { allow: false })
      await troupe.answer(hash)
    },
  ],
  twice: [
    true,
    async (troupe, hash) => {
      await troupe.answer(hash)
      await troupe.answer(hash)
    },
  ],
  expired: [
    false,
    async (troupe, hash) => {
      await troupe.settle(troupe.engine.now_ms + approval_ms)
      await troupe.answer(hash)
    },
  ],
}

async function lives(mode: PermissionMode, trusted: Trusted, risk: RiskName, given: string): Promise<string> {
  const session = sessionOf('chat', { permissions: mode, filters: [{ type: 'discord.message.new' }] })
  const troupe = await Troupe.open({
    model: dutiful,
    policy: duckPolicy([spec('act', { risk, retry: 'once' })], [session]),
  })
  const order = 'Please call act with {"at":1}'
  if (trusted === 'operator') troupe.tell('duck/chat', order)
  else troupe.overhear('general', 'ada', order)
  await troupe.settle()
  const [asked] = troupe.approvals
  const before = troupe.ran.length
  await approvals[given]![1](troupe, asked?.hash ?? '')
  const came = troupe.ran.length
  await troupe.settle(troupe.engine.now_ms + 2 * approval_ms)
  expect(troupe.ended).toHaveLength(1)
  expect(illFormed(troupe.history('duck/chat'))).toEqual([])
  await troupe.engine.stop()
  expect(troupe.ran, 'nothing more comes of it later').toHaveLength(came)
  const { verdict } = troupe.called[0]!
  return `${verdict} ${before} ${came}`
}

test.each(Object.entries(approvals))('risk × trust × mode, with an approval: %s', async (given, [counts]) => {
  const verdicts = { y: 'allow 1 1', '?': `ask 0 ${counts ? 1 : 0}`, n: 'deny 0 0' }
  for (const [mode, trusted, risks] of table) {
    for (const [risk, letter] of Object.entries(risks) as [RiskName, 'y' | '?' | 'n'][]) {
      expect(await lives(mode, trusted, risk, given), `${mode} ${trusted} ${risk}`).toBe(verdicts[letter])
    }
  }
})
