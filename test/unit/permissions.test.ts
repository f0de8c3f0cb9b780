import { describe, expect, test } from 'vitest'
import type { PermissionMode } from '../../systems/agents/policy.ts'
import { Risk, type ToolSpec } from '../../systems/agents/tools.ts'
import { riskOf, verdictOf } from '../../systems/cephalon/permissions.ts'
import { Trust } from '../../systems/components.ts'

/**
 * The whole of what is allowed, written out: one letter for each Trust, from `none` to `operator`.
 * `a` allow, `?` ask, `d` deny.
 */
const table: readonly (readonly [risk: string, mode: PermissionMode, verdicts: string])[] = [
  ['read_only', 'read', 'aaaaaa'],
  ['read_only', 'ask', 'aaaaaa'],
  ['read_only', 'auto', 'aaaaaa'],
  ['side_effect', 'read', 'dddddd'],
  ['side_effect', 'ask', '??????'],
  ['side_effect', 'auto', '????aa'],
  ['destructive', 'read', 'dddddd'],
  ['destructive', 'ask', '??????'],
  ['destructive', 'auto', '??????'],
  ['none', 'read', 'dddddd'],
  ['none', 'ask', '??????'],
  ['none', 'auto', '??????'],
  ['unheard of', 'read', 'dddddd'],
  ['unheard of', 'ask', '??????'],
  ['unheard of', 'auto', '??????'],
]
const letters = { allow: 'a', ask: '?', deny: 'd' } as const
const trusts = Object.values(Trust)

describe('verdictOf', () => {
  test.each(table)('%s in a session that may %s', (name, mode, expected) => {
    const risk = Risk[name as keyof typeof Risk] ?? 99
    const verdicts = trusts.map((trust) => letters[verdictOf({ risk, mode, trust }).verdict])
    expect(verdicts.join('')).toBe(expected)
  })

  test('the table has every risk in every mode, and every trust', () => {
    const modes = new Set(table.map(([, mode]) => mode))
    for (const risk of Object.keys(Risk)) {
      expect(table.filter(([name]) => name === risk).map(([, mode]) => mode)).toEqual([...modes])
    }
    for (const [, , verdicts] of table) expect(verdicts).toHaveLength(trusts.length)
  })

  test('what is no number or no mode counts as the worst', () => {
    const { side_effect, read_only } = Risk
    expect(verdictOf({ risk: Number.NaN, mode: 'auto', trust: Trust.operator }).verdict).toBe('ask')
    expect(verdictOf({ risk: side_effect, mode: 'auto', trust: Number.NaN }).verdict).toBe('ask')
    const odd = JSON.parse('"anything"') as PermissionMode
    expect(verdictOf({ risk: side_effect, mode: odd, trust: Trust.operator }).verdict).toBe('deny')
    expect(verdictOf({ risk: read_only, mode: odd, trust: Trust.none }).verdict).toBe('allow')
  })

  test('every verdict says why, in a sentence of its own', () => {
    const why = new Set<string>()
    for (const mode of ['read', 'ask', 'auto'] as const)
      for (const risk of Object.values(Risk)) for (const trust of trusts) why.add(verdictOf({ risk, mode, trust }).why)
    expect(why.size).toBe(6)
  })
})

test('a tool that nobody registered, or of a risk that nobody knows, is destructive', () => {
  expect(riskOf(undefined)).toBe(Risk.destructive)
  expect(riskOf({ risk: 'read_only' })).toBe(Risk.read_only)
  expect(riskOf({ risk: 'side_effect' })).toBe(Risk.side_effect)
  expect(riskOf({ risk: 'destructive' })).toBe(Risk.destructive)
  expect(riskOf({ risk: JSON.parse('"harmless"') as ToolSpec['risk'] })).toBe(Risk.destructive)
})
