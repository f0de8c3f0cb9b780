import type { RawEntry, RawEvent, RawPart, RawPermission, RawSession } from '../../adapters/opencode/raw.ts'
import type { OpencodePermitRequest } from '../../systems/events.ts'
import type { Dice } from './dice.ts'

/** The folder that opencode works in and that repairs hold to its command. */
export const shop = '/projects/shop'

type Session = RawSession & { title: string; time: { created: number; updated: number }; readonly entries: RawEntry[] }
/** Work that opencode was given under a key. */
export type Job = {
  readonly key: string
  readonly prompt: string
  readonly session: string
  readonly done_at_ms: number
}

const tools = ['read', 'edit', 'bash'] as const
const things = ['heron', 'otter', 'mill', 'bridge', 'pond', 'reed'] as const
const sessionsMax = 3

/** Opencode and its folder as they rest: sessions, what is asked to be allowed, work under way, and whether the command succeeds. */
export class Shed {
  /** Everything that was ever said on the stream, oldest first. */
  readonly stream: RawEvent[] = []
  readonly sessions = new Map<string, Session>()
  readonly asked = new Map<string, RawPermission>()
  /** All that was ever asked to be allowed. */
  readonly ever = new Map<string, { readonly tool: string; readonly patterns: readonly string[] }>()
  readonly replies: { readonly permission: string; readonly reply: OpencodePermitRequest['reply'] }[] = []
  readonly jobs = new Map<string, Job>()
  /** Prompts that came under a key that had another one. */
  readonly mixedUp: string[] = []
  broken = true
  readonly #dice: Dice
  readonly #clock: () => number
  #serial = 0

  constructor(dice: Dice, clock: () => number) {
    this.#dice = dice
    this.#clock = clock
  }

  /** What somebody does there in one tick in which anything is done. */
  stir(): void {
    const dice = this.#dice
    const luck = dice.real()
    if (luck < 0.2) this.broken = true
    else if (luck < 0.35) this.#ask(this.#session())
    else this.#talk(this.#session())
  }

  /** Takes work once: under a key that is known, the work that was begun then. */
  prompt(key: string, prompt: string): Job {
    const known = this.jobs.get(key)
    if (known !== undefined) {
      if (known.prompt !== prompt) this.mixedUp.push(key)
      return known
    }
    const session = this.#begin(`[${key}]`)
    const job = { key, prompt, session: session.id, done_at_ms: this.#clock() + this.#dice.whole(100, 4_000) }
    this.jobs.set(key, job)
    this.#say(session, 'user', `Make it work, please (${key}).`)
    if (this.#dice.chance(0.3)) this.#ask(session)
    return job
  }

  /** Ends work that is due. Returns the files that it changed. */
  finish(job: Job): string[] {
    const helped = this.#dice.chance(0.6)
    if (helped) this.broken = false
    this.#say(this.sessions.get(job.session)!, 'assistant', helped ? 'I have mended the pump.' : 'I do not know.')
    return helped ? ['src/pump.ts'] : []
  }

  /** False when it is not asked any more. */
  reply(permission: string, reply: OpencodePermitRequest['reply']): boolean {
    this.replies.push({ permission, reply })
    const asked = this.asked.get(permission)
    if (asked === undefined) return false
    this.asked.delete(permission)
    this.#tell('permission.replied', { sessionID: asked.sessionID, requestID: permission, reply })
    return true
  }

  /** Parts of a text, of all sessions, with who said them. */
  *texts(): Generator<{ readonly id: string; readonly role: unknown }> {
    for (const { entries } of this.sessions.values()) {
      for (const { info, parts } of entries) {
        for (const { id, type } of parts) if (type === 'text') yield { id: String(id), role: info.role }
      }
    }
  }

  #session(): Session {
    const open = [...this.sessions.values()]
    return open.length < sessionsMax || this.#dice.chance(0.05) ? this.#begin('a talk') : this.#dice.pick(open)
  }

  #begin(title: string): Session {
    const now_ms = this.#clock()
    const session = { id: `ses_${++this.#serial}`, title, time: { created: now_ms, updated: now_ms }, entries: [] }
    this.sessions.set(session.id, session)
    this.#tell('session.created', { info: { id: session.id, title, time: session.time } as RawEntry['info'] })
    return session
  }

  #talk(session: Session): void {
    const dice = this.#dice
    const [one, other] = [dice.pick(things), dice.pick(things)]
    if (dice.chance(0.5))
      this.#say(session, 'user', `Where does the ${one} come from, if not from the ${other}? (${dice.whole(1, 999)})`)
    else this.#say(session, 'assistant', `The ${one} is read in the file of the ${other}, line ${dice.whole(1, 999)}.`)
  }

  #say(session: Session, role: 'user' | 'assistant', text: string): void {
    const now_ms = Math.max(this.#clock(), session.time.updated + 1)
    const messageID = `msg_${++this.#serial}`
    const at = { sessionID: session.id, messageID }
    const info = { id: messageID, sessionID: session.id, role, time: { created: now_ms, completed: now_ms } }
    const parts: RawPart[] = [{ ...at, id: `prt_${messageID}a`, type: 'text', text, time: { end: now_ms } }]
    if (role === 'assistant' && this.#dice.chance(0.4)) parts.push(this.#toolPart(at, now_ms))
    session.entries.push({ info, parts })
    session.time.updated = now_ms
    this.#tell('message.updated', { info })
    for (const part of parts) this.#tell('message.part.updated', { part })
  }

  #toolPart(at: { sessionID: string; messageID: string }, end: number): RawPart {
    const input = { filePath: `${shop}/src/${this.#dice.pick(things)}.ts` }
    const failed = this.#dice.chance(0.2)
    const state = failed
      ? { status: 'error', error: 'no such file' }
      : { status: 'completed', output: 'done', title: 'Edit' }
    return { ...at, id: `prt_${at.messageID}b`, type: 'tool', tool: 'edit', state: { ...state, input, time: { end } } }
  }

  #ask({ id }: Session): void {
    const permission = `per_${++this.#serial}`
    const tool = this.#dice.pick(tools)
    const patterns = tool === 'bash' ? [this.#dice.pick(['rm -rf /', 'ls'])] : ['src/pump.ts']
    const asked = { id: permission, sessionID: id, permission: tool, patterns }
    this.asked.set(permission, asked)
    this.ever.set(permission, { tool, patterns })
    this.#tell('permission.asked', asked)
  }

  #tell(type: string, properties: NonNullable<RawEvent['properties']>): void {
    this.stream.push({ id: `evt_${this.stream.length + 1}`, type, properties })
  }
}
