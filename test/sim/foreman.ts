import type { Engine } from '../../engine/engine.ts'
import { opencodeHeard } from '../../systems/cursors.ts'
import { deliveredAs } from '../../systems/memory/duplicate.ts'
import { OpencodePermit, PermissionState } from '../../systems/opencode/columns.ts'
import { answerFor } from '../../systems/opencode/policy.ts'
import { Repair, RepairState, RepairVerdict } from '../../systems/repair/columns.ts'
import { hash64 } from '../../systems/text/hash.ts'
import type { Operator } from './operator.ts'
import { opencodePolicy, repairs } from './policy.ts'
import { type Shed, shop } from './shed.ts'
import type { Court } from './violation.ts'

type Sides = { readonly court: Court; readonly shed: Shed; readonly operator: Operator }

const identity = new Uint32Array(2)

/** Opencode and repairs: what was heard, what was allowed, and how repairs go. */
export class Foreman {
  readonly #sides: Sides

  constructor(sides: Sides) {
    this.#sides = sides
  }

  /** The cheap checks. O(repairs) */
  afterTick({ world }: Engine): void {
    const { court, shed } = this.#sides
    const { attempts, effect_id, state, phase } = world.of(Repair)
    let busy = 0
    for (let row = 1; row <= world.rows(Repair); row++) {
      const most = repairs.find(({ name }) => name === world.keyOf(Repair, row))?.attempts_max ?? 0
      court.holds(attempts[row]! <= most, 'repair', () => `repair ${row} has asked ${attempts[row]} times`)
      if (effect_id[row] !== 0) busy++
      const waits = state[row] === RepairState.none || state[row] === RepairState.pending
      court.holds(
        waits === (effect_id[row] === 0),
        'repair',
        () => `repair ${row} is in phase ${phase[row]} without work`,
      )
    }
    court.holds(busy <= 1, 'repair', () => `${busy} repairs are at work in one folder`)
    court.holds(shed.mixedUp.length === 0, 'once', () => `two prompts came under the key ${shed.mixedUp[0]}`)
  }

  /** Whether no repair is under way, and no answer to opencode. O(repairs + permissions) */
  quiet({ world }: Engine): boolean {
    const { state } = world.of(Repair)
    for (let row = 1; row <= world.rows(Repair); row++) if (state[row] !== RepairState.none) return false
    const { state: permits } = world.of(OpencodePermit)
    for (let row = 1; row <= world.rows(OpencodePermit); row++) {
      if (permits[row] === PermissionState.answering) return false
    }
    return true
  }

  /** After the faults have ended and everything has come to rest. */
  atRest(engine: Engine): void {
    const { court } = this.#sides
    const { exit_code, verdict } = engine.world.of(Repair)
    for (let row = 1; row <= engine.world.rows(Repair); row++) {
      const well = verdict[row] !== RepairVerdict.done || exit_code[row] === 0
      court.holds(well, 'repair', () => `repair ${row} is done and its command ended with ${exit_code[row]}`)
      court.holds(verdict[row] !== RepairVerdict.open, 'liveness', () => `repair ${row} never ended`)
    }
    this.#judgeHeard(engine)
    this.#judgeReplies()
    this.#judgeAsked(engine)
  }

  /** Whatever was said there was heard, and what its person said is a memory. */
  #judgeHeard(engine: Engine): void {
    const { court, shed } = this.#sides
    for (const { id, role } of shed.texts()) {
      court.holds(opencodeHeard(engine, id), 'opencode', () => `${id} was never heard`)
      if (role !== 'user') continue
      hash64(`opencode\n${shop}\n${id}`, identity)
      const known = deliveredAs(engine.world, identity[0]!, identity[1]!)
      court.holds(known !== 0, 'opencode', () => `${id} of a person is no memory`)
    }
  }

  /** Only the policy and the operator allow anything. */
  #judgeReplies(): void {
    const { court, shed, operator } = this.#sides
    for (const { permission, reply } of shed.replies) {
      const { tool = '', patterns = [] } = shed.ever.get(permission) ?? {}
      const rule = answerFor(opencodePolicy, tool, patterns)
      const allowed = rule === reply || (rule === 'ask' && operator.allowed.get(permission)?.has(reply) === true)
      court.holds(allowed, 'permission', () => `opencode was told ${reply} to ${tool} ${patterns.join()} by nobody`)
    }
  }

  /** What opencode still asks is known, and waits for the operator. */
  #judgeAsked({ world }: Engine): void {
    const { court, shed } = this.#sides
    const { state } = world.of(OpencodePermit)
    for (const permission of shed.asked.keys()) {
      const row = world.find(OpencodePermit, permission)
      court.holds(state[row] === PermissionState.asked, 'opencode', () => `${permission} is asked and nobody knows`)
    }
  }
}
