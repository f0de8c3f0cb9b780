import type { LlmChatRequest } from '../../systems/events.ts'

/** Longest name of a tool that the API takes; it may hold letters, digits, `_` and `-` (OpenAI's reference of chat completions). */
const lengthMax = 64
const nameless = 'unnamed'

/**
 * The names of one request's tools as the endpoint is told them. `memory.recall` is sent as `memory_recall`; where two names
 * would be sent alike the later one gets a number, so every name comes back as it was. The same request always gets the same names.
 */
export class WireNames {
  readonly #sent = new Map<string, string>()
  readonly #own = new Map<string, string>()

  constructor({ tools = [], messages }: Pick<LlmChatRequest, 'tools' | 'messages'>) {
    for (const { name } of tools) this.#add(name)
    // What was asked for earlier may no longer be offered, or never was a tool.
    for (const { tool_calls = [] } of messages) for (const { name } of tool_calls) this.#add(name)
  }

  /** How the endpoint is told of a tool of this request. */
  sent(name: string): string {
    return this.#sent.get(name) ?? plain(name)
  }

  /** The tool that the endpoint means, also with the prefix that some models know all tools by; a name that it was never told stays as it is. */
  own(sent: string): string {
    return this.#own.get(sent) ?? this.#own.get(sent.replace(/^functions[.:]/, '')) ?? sent
  }

  #add(name: string): void {
    if (this.#sent.has(name)) return
    const base = plain(name)
    let free = base
    for (let count = 2; this.#own.has(free); count++) free = `${base.slice(0, lengthMax - 4)}_${count}`
    this.#sent.set(name, free)
    this.#own.set(free, name)
  }
}

function plain(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, lengthMax) || nameless
}
