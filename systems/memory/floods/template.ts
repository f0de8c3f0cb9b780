import type { Tick } from '../../../engine/system.ts'
import { Family } from '../../components.ts'
import { scanNormal } from '../../text/normal.ts'
import { align } from './align.ts'
import { formOf } from './families.ts'
import { FloodToken, readTokens, Tokens, tokensMax } from './tokens.ts'

const message = new Tokens()
const gap = '…'

/**
 * What the members of a family say, on one line: the normal form of its aggregate with what varies left open. Empty when the
 * aggregate was forgotten. O(length of its text)
 */
export function templateOf(looking: Pick<Tick, 'world' | 'read'>, family: number): string {
  const text = looking.read('text', looking.world.of(Family).memory_id[family]!) ?? ''
  if (text === '') return ''
  const form = formOf(looking.world, family)
  if (form.count === 0) return text
  readTokens(text, message)
  const { kept } = align(message, form)
  const { units, size } = scanNormal(text)
  const { kind, from, to, count } = message
  let line = ''
  let at = 0
  for (let token = 0; token < count; token++) {
    const said = kept[token] === 1 && kind[token] !== FloodToken.mark
    if (said || !line.endsWith(gap)) line += between(units, at, from[token]!)
    if (said) line += between(units, from[token]!, to[token]!)
    else if (!line.endsWith(gap)) line += gap
    at = to[token]!
  }
  const rest = count < tokensMax ? between(units, at, size) : ` ${gap}`
  return (line + rest).replaceAll(/\s+/g, ' ').trim()
}

function between(units: Uint16Array, from: number, to: number): string {
  return String.fromCharCode(...units.subarray(from, to))
}
