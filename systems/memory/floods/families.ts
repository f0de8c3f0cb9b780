import type { World } from '../../../engine/world/world.ts'
import { Family, FamilyPlace, FamilyToken, Memory } from '../../components.ts'
import { align } from './align.ts'
import { isOfForm, narrow } from './likeness.ts'
import { Tokens, tokensMax } from './tokens.ts'

/** Families that are known, by who says what where. */

/** Families of one place that a message is compared with: the newest. */
const familiesMax = 256
/** Share of its first form that a family keeps, whatever turns out to vary. */
const keptLeast = 0.6

const form = new Tokens()

/** A place, 64 bits of channel and author: its row, made when it is new; 0 when there is no room. */
export function placeOf(world: World, high: number, low: number): number {
  const known = world.findPair(FamilyPlace, 'place', high, low)
  if (known !== 0 || world.room(FamilyPlace) === 0) return known
  const row = world.append(FamilyPlace)
  const places = world.of(FamilyPlace)
  places.place_high[row] = high
  places.place_low[row] = low
  return row
}

/** What was found last: the family, and whether its form is wider from this message on. */
export type FoundFamily = { family: number; widened: boolean }
const result: FoundFamily = { family: 0, widened: false }

/**
 * The family of a place that a message belongs to, or 0; overwritten by the next call. What was forgotten stands for nothing.
 * O(families of the place)
 */
export function familyOf(world: World, place: number, message: Tokens): FoundFamily {
  result.family = 0
  result.widened = false
  if (place === 0) return result
  const { newest } = world.of(FamilyPlace)
  const { older, weight, weight_first, length_max } = world.of(Family)
  let left = familiesMax
  for (let family = newest[place]!; family !== 0 && left > 0; family = older[family]!, left--) {
    if (!stands(world, family)) continue
    if (weight[family]! * 3 > message.total * 4) continue
    readForm(world, family)
    const found = isOfForm(form, message, length_max[family]!, weight_first[family]! * keptLeast)
    if (found === undefined) continue
    if (message.count > length_max[family]!) length_max[family] = message.count
    if (found.weight < form.total) {
      narrow(form, found)
      write(world, family, form)
      result.widened = true
    }
    result.family = family
    return result
  }
  return result
}

/**
 * Families of a place of which some new form is a wider one, newest first: what their first members had in common by chance
 * turns out to vary. O(families of the place)
 */
export function narrower(world: World, place: number, of: Tokens): number[] {
  const { older, weight_first } = world.of(Family)
  const found: number[] = []
  let left = familiesMax
  for (let family = world.of(FamilyPlace).newest[place]!; family !== 0 && left > 0; family = older[family]!, left--) {
    if (!stands(world, family) || of.total < weight_first[family]! * keptLeast) continue
    readForm(world, family)
    const { weight, contrastOne } = align(form, of)
    if (weight === of.total && !contrastOne) found.push(family)
  }
  return found
}

/** A family has this wider form from now on. */
export function widen(world: World, family: number, of: Tokens, length_max: number): void {
  const families = world.of(Family)
  write(world, family, of)
  families.length_max[family] = Math.max(families.length_max[family]!, length_max)
}

/** Whether a family's aggregate is served: what was forgotten, or has joined another family, stands for nothing. */
function stands(world: World, family: number): boolean {
  const { deleted, replaced_by } = world.of(Memory)
  const aggregate = world.of(Family).memory_id[family]!
  return deleted[aggregate] === 0 && replaced_by[aggregate] === 0
}

/** A family becomes known. 0 when there is no room. */
export function addFamily(world: World, place: number, memory_id: number, of: Tokens, length_max: number): number {
  if (place === 0 || world.room(Family) === 0 || world.room(FamilyToken) < tokensMax) return 0
  const family = world.append(Family)
  world.append(FamilyToken, tokensMax)
  const families = world.of(Family)
  const places = world.of(FamilyPlace)
  families.memory_id[family] = memory_id
  families.older[family] = places.newest[place]!
  families.weight_first[family] = of.total
  families.length_max[family] = length_max
  places.newest[place] = family
  places.families[place]!++
  write(world, family, of)
  return family
}

/** What all members of a family have in common, in their order; overwritten by the next call. */
export function formOf(world: World, family: number): Tokens {
  readForm(world, family)
  return form
}

function readForm(world: World, family: number): void {
  const { tokens } = world.of(Family)
  const { token, kind } = world.of(FamilyToken)
  const from = (family - 1) * tokensMax + 1
  form.clear()
  for (let at = from; at < from + tokens[family]!; at++) form.add(token[at]!, kind[at]!)
}

function write(world: World, family: number, of: Tokens): void {
  const { tokens, weight, sign_high, sign_low } = world.of(Family)
  tokens[family] = of.count
  weight[family] = of.total
  sign_high[family] = of.high
  sign_low[family] = of.low
  copyTo(world, family, of)
}

function copyTo(world: World, family: number, of: Tokens): void {
  const { token, kind } = world.of(FamilyToken)
  const from = (family - 1) * tokensMax + 1
  for (let at = 0; at < of.count; at++) {
    token[from + at] = of.token[at]!
    kind[from + at] = of.kind[at]!
  }
}
