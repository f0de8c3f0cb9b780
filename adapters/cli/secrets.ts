import { reasonOf } from '../../engine/errors.ts'
import { type Adapter, EffectFailure, type EffectHandler } from '../../engine/flow/adapter.ts'
import { byteListsOf, formsOf } from './secrets/forms.ts'

/** Shorter ones are found in ordinary words, and hiding them would hide those. */
export const secretUnitsMin = 8

/** The secrets that this process knows, and the way to take them out of whatever it says. */
export class Secrets {
  readonly #forms = new Map<string, string>()
  readonly #short = new Set<string>()
  #pattern: RegExp | undefined

  /**
   * Remembers a secret under a name that may be shown. The same value keeps its first name.
   * @returns false for one that is too short to be looked for
   */
  add(name: string, value: string): boolean {
    if (value.length < secretUnitsMin) {
      this.#short.add(name)
      return false
    }
    const shown = `[secret ${name.replace(/[^\w./:-]/g, '_')}]`
    for (const form of formsOf(value)) if (!this.#forms.has(form)) this.#forms.set(form, shown)
    for (const form of byteListsOf(value)) if (!this.#forms.has(form)) this.#forms.set(form, `"${shown}"`)
    const longestFirst = [...this.#forms.keys()].sort((a, b) => b.length - a.length)
    this.#pattern = new RegExp(longestFirst.map(literal).join('|'), 'g')
    return true
  }

  /** A sentence for each secret that is too short to be looked for. */
  warnings(): string[] {
    const why = `is shorter than ${secretUnitsMin} characters, so it cannot be kept out of logs`
    return [...this.#short].map((name) => `the secret ${name} ${why}`)
  }

  /** The text with `[secret NAME]` for each known secret, in whatever form it stands there. O(length × secrets). */
  scrub(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, (form) => this.#forms.get(form) ?? '')
  }

  /** A copy of plain data in which every text, keys included, is scrubbed; the data itself where no secret is known. O(size). */
  scrubData(data: unknown): unknown {
    if (this.#pattern === undefined) return data
    if (typeof data === 'string') return this.scrub(data)
    if (Array.isArray(data)) return data.map((item) => this.scrubData(item))
    if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return data
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [this.scrub(key), this.scrubData(value)]))
  }

  /** Bytes as UTF-8, scrubbed; the same bytes where nothing was found. */
  scrubBytes(bytes: Uint8Array): Uint8Array {
    if (this.#pattern === undefined) return bytes
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
    const clean = this.scrub(text)
    return clean === text ? bytes : Buffer.from(clean, 'utf8')
  }
}

/** The pattern that finds a text as it is. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

/** The secrets of this process: the config's references and the inspector's token, as they become known. */
export const secrets = new Secrets()

/**
 * An adapter whose failures carry no known secret: their reasons are events, and what enters the journal stays there.
 * Answers of models are scrubbed too, since an endpoint may send back what it was sent; other answers are what they are.
 */
export function scrubbed(adapter: Adapter, known: Secrets = secrets): Adapter {
  if (adapter.effects === undefined) return adapter
  const effects = Object.entries(adapter.effects).map(([type, handler]) => [
    type,
    scrubbedHandler(type, handler, known),
  ])
  return {
    name: adapter.name,
    effects: Object.fromEntries(effects),
    start: (outside) => adapter.start?.(outside),
    stop: () => adapter.stop?.(),
  }
}

/** Several adapters, each as `scrubbed` gives it. */
export function allScrubbed(adapters: readonly Adapter[]): Adapter[] {
  return adapters.map((adapter) => scrubbed(adapter))
}

function scrubbedHandler(type: string, handler: EffectHandler, known: Secrets): EffectHandler {
  const ofModel = type === 'llm.chat'
  return async (request, call) => {
    try {
      const answer = await handler(request, call)
      return ofModel ? (known.scrubData(answer) as typeof answer) : answer
    } catch (thrown) {
      throw withoutSecrets(thrown, known)
    }
  }
}

/** The failure itself where it holds no secret; else one that says the same without it. */
function withoutSecrets(thrown: unknown, known: Secrets): unknown {
  const reason = reasonOf(thrown)
  const clean = known.scrub(reason)
  if (clean === reason) return thrown
  if (!(thrown instanceof EffectFailure)) return new Error(clean)
  const { transient, retry_after_ms } = thrown
  return new EffectFailure(thrown.code, known.scrub(thrown.message), { transient, retry_after_ms })
}
