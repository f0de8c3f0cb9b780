import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { ChatMessage, LlmChatDone, LlmChatRequest, ToolOffered } from '../../systems/events.ts'
import { converse, type Learned } from './converse.ts'
import { embed } from './embedding.ts'
import { type Endpoint, scrubbed } from './endpoint.ts'
import { contextOf, isModel, type Listed, listModels, profileNameOf } from './models.ts'
import { endpointOf, type OpenaiOptions } from './options.ts'
import { type ProfileName, profileAt, profiles } from './profiles.ts'
import { abilitiesOf } from './request.ts'

/** `warn`: it works, but something is missing or less than it could be. No detail holds the key. */
export type Finding = {
  readonly check: 'reach' | 'models' | 'profile' | 'context' | 'chat' | 'stream' | 'tools' | 'schema' | 'embeddings'
  readonly level: 'ok' | 'warn' | 'bad'
  readonly detail: string
}
export type Probed = {
  readonly findings: readonly Finding[]
  /** The code of the failure that ended the probe, or undefined when the endpoint can be used. */
  readonly code: string | undefined
  /** The profile that fits best. */
  readonly profile: ProfileName
  /** Where the API begins, when it is not where it was looked for. */
  readonly base_url: string
  readonly context: number | undefined
}

const tokensMax = 1_024
const smallContext = 8_192
const namesShown = 5
const tool: ToolOffered = {
  name: 'probe.echo',
  description: 'Says a word back.',
  parameters: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
}
const shape = { type: 'object', properties: { sum: { type: 'integer' } }, required: ['sum'] }
const hints: { readonly [N in ProfileName]?: string } = {
  vllm: ': start vLLM with --enable-auto-tool-choice and --tool-call-parser',
  llamacpp: ': start llama-server with --jinja',
  ollama: ': take a model that Ollama lists with tools',
}

/**
 * Finds out what an endpoint can do, by asking it: six short exchanges at most. What cannot work without what failed is not tried.
 * @param heard hears each finding as it is made @throws EngineError ADAPTER_OPTION
 */
export async function probe(
  options: OpenaiOptions,
  heard: (finding: Finding) => void = () => undefined,
): Promise<Probed> {
  const probing = new Probing(options, heard)
  const code = await probing.run()
  const { findings, endpoint, context } = probing
  return { findings, code, profile: endpoint.profile.name, base_url: endpoint.base_url, context }
}

class Probing {
  readonly findings: Finding[] = []
  endpoint: Endpoint
  context: number | undefined
  readonly #heard: (finding: Finding) => void
  readonly #learned: Learned = new Map()
  readonly #signal = new AbortController().signal
  readonly #whole_ms: number

  constructor(options: OpenaiOptions, heard: (finding: Finding) => void) {
    this.endpoint = endpointOf(options)
    this.#heard = heard
    this.#whole_ms = this.endpoint.total_ms
  }

  /** @returns the code of what makes the endpoint unusable */
  async run(): Promise<string | undefined> {
    const listed = await this.#list()
    if (typeof listed === 'string') return listed
    this.#fit(listed)
    const failed = await this.#step('chat', () => this.#chat())
    if (failed !== undefined) return failed
    await this.#step('stream', () => this.#stream(), 'warn')
    await this.#step('tools', () => this.#tools(), 'warn')
    await this.#step('schema', () => this.#schema(), 'warn')
    // A server may load its model only when it is asked, and tell of it only then.
    await this.#fits(listed)
    return this.endpoint.embed_model === undefined
      ? undefined
      : await this.#step('embeddings', () => this.#embeddings())
  }

  #say(check: Finding['check'], level: Finding['level'], detail: string): void {
    const finding = { check, level, detail: scrubbed(detail, this.endpoint.api_key) }
    this.findings.push(finding)
    this.#heard(finding)
  }

  async #step(
    check: Finding['check'],
    work: () => Promise<void>,
    level: Finding['level'] = 'bad',
  ): Promise<string | undefined> {
    try {
      await work()
      return undefined
    } catch (thrown) {
      if (!(thrown instanceof EffectFailure)) throw thrown
      this.#say(check, level, `${thrown.code}: ${thrown.message}`)
      return thrown.code
    }
  }

  /** The models, or the code of why there is no API at all. */
  async #list(): Promise<readonly Listed[] | string> {
    const { base_url } = this.endpoint
    try {
      const listed = await listModels(this.endpoint, this.#signal)
      this.#say('reach', 'ok', `${base_url} answers`)
      return listed
    } catch (thrown) {
      if (!(thrown instanceof EffectFailure)) throw thrown
      const elsewhere = await this.#elsewhere(thrown)
      if (elsewhere !== undefined) {
        this.#say('reach', 'bad', `there is no such API at ${base_url}: it begins at ${elsewhere}; correct base_url`)
        this.endpoint = { ...this.endpoint, base_url: elsewhere }
        return thrown.code
      }
      if (thrown.code === 'BAD_REQUEST') {
        this.#say('reach', 'warn', `${base_url} answers, but lists no models`)
        return []
      }
      this.#say('reach', 'bad', `${thrown.message}${adviceFor(thrown.code, base_url)}`)
      return thrown.code
    }
  }

  /** The same host with `/v1`, when the API is there and not where it was looked for. */
  async #elsewhere({ code }: EffectFailure): Promise<string | undefined> {
    const { base_url } = this.endpoint
    if (/\/v\d+$/.test(base_url) || (code !== 'BAD_RESPONSE' && code !== 'BAD_REQUEST')) return undefined
    try {
      await listModels({ ...this.endpoint, base_url: `${base_url}/v1` }, this.#signal)
      return `${base_url}/v1`
    } catch {
      // Nothing is there either: the first failure says what is wrong.
      return undefined
    }
  }

  #fit(listed: readonly Listed[]): void {
    const { base_url, model, profile } = this.endpoint
    const shown = listed.slice(0, namesShown).map(({ id }) => id)
    const names = `${shown.join(', ')}${listed.length > shown.length ? ', …' : ''}`
    if (listed.some(({ id }) => isModel(id, model))) {
      this.#say('models', 'ok', `${model} is one of ${listed.length}: ${names}`)
    } else if (listed.length > 0)
      this.#say('models', 'warn', `${model} is not among the ${listed.length} listed: ${names}`)
    const name = profileNameOf(base_url, listed) ?? profile.name
    const differs = name !== profile.name ? `, not ${profile.name} as it is asked now` : ''
    this.#say('profile', differs === '' ? 'ok' : 'warn', `${name}${differs}`)
    this.endpoint = { ...this.endpoint, profile: profiles[name] }
  }

  async #fits(listed: readonly Listed[]): Promise<void> {
    const context = await contextOf(this.endpoint, listed, this.#signal)
    this.context = context
    if (context === undefined) return
    const small = context < smallContext ? ', which is little for an agent with memories and tools' : ''
    const hint = small !== '' && this.endpoint.profile.name === 'ollama' ? ': set OLLAMA_CONTEXT_LENGTH' : ''
    this.#say('context', small === '' ? 'ok' : 'warn', `${context} tokens${small}${hint}`)
  }

  #ask(request: Partial<LlmChatRequest> & { messages: ChatMessage[] }, stream = false): Promise<LlmChatDone> {
    const first_byte_ms = stream ? this.endpoint.first_byte_ms : this.#whole_ms
    const endpoint = { ...this.endpoint, stream, first_byte_ms }
    const asked = { task: 'probe', tokens_max: tokensMax, ...request }
    return converse(asked, { endpoint, learned: this.#learned, signal: this.#signal })
  }

  async #chat(): Promise<void> {
    const began_ms = performance.now()
    const { content, model } = await this.#ask({ messages: [user('Answer with the single word: ready')] })
    const took_ms = Math.round(performance.now() - began_ms)
    const said = content.length > 40 ? `${content.slice(0, 40).toWellFormed()}…` : content
    // Some servers list their models to everybody: only an answer shows that the key is taken.
    const key = this.endpoint.api_key === '' ? '' : 'the key is taken; '
    this.#say('chat', 'ok', `${key}${model} answered in ${took_ms} ms: “${said}”`)
  }

  async #stream(): Promise<void> {
    const done = await this.#ask({ messages: [user('Count from one to five.')] }, true)
    const { tokens_in, tokens_out } = done
    if (tokens_in !== undefined && tokens_out !== undefined) {
      this.#say('stream', 'ok', `ends with '${done.finish}' and counts tokens: ${tokens_in} in, ${tokens_out} out`)
    } else this.#say('stream', 'warn', `ends with '${done.finish}' but counts no tokens: what is spent is not known`)
  }

  async #tools(): Promise<void> {
    const asked = user('Call the tool probe.echo with the word "ready".')
    const { tool_calls = [], content } = await this.#ask({ messages: [asked], tools: [tool] })
    const { profile, model } = this.endpoint
    if (this.#learned.get(model)?.tools === false) {
      this.#say(
        'tools',
        'warn',
        `${model} takes no tools${hints[profile.name] ?? ''}; without them an agent only talks`,
      )
      return
    }
    const [call] = tool_calls
    if (call === undefined) {
      this.#say('tools', 'warn', `tools may be offered, but ${model} did not call the one that it was told to`)
      return
    }
    const back: ChatMessage[] = [
      asked,
      { role: 'assistant', content, tool_calls },
      ...tool_calls.map(({ id }): ChatMessage => ({ role: 'tool', content: 'ready', tool_call_id: id })),
    ]
    await this.#ask({ messages: back, tools: [tool] })
    this.#say('tools', 'ok', `${model} calls tools and reads what they return`)
  }

  async #schema(): Promise<void> {
    const messages = [user('What is two plus two? Answer as JSON.')]
    const { content } = await this.#ask({ messages, schema: shape })
    const { model } = this.endpoint
    const [format] = (this.#learned.get(model) ?? abilitiesOf(this.endpoint)).formats
    const how = format === undefined ? 'asked in words only' : `asked by ${format}`
    const kept = keepsShape(content)
    this.#say(
      'schema',
      kept ? 'ok' : 'warn',
      `${how}, ${model} ${kept ? 'keeps to' : 'does not keep to'} a JSON Schema`,
    )
  }

  async #embeddings(): Promise<void> {
    const { embed_model = '' } = this.endpoint
    const { dimensions } = await embed(this.endpoint, { model: embed_model, texts: ['one', 'two'] }, this.#signal)
    this.#say('embeddings', 'ok', `${embed_model} makes vectors of ${dimensions} dimensions`)
  }
}

/** The names of the models that a server lists within a second; undefined when no such server is there. */
export async function modelsAt(base_url: string): Promise<string[] | undefined> {
  const limits = { first_byte_ms: 1_000, idle_ms: 1_000, total_ms: 1_000 }
  const endpoint = endpointOf({ base_url, model: 'any', ...limits })
  try {
    return (await listModels(endpoint, new AbortController().signal)).map(({ id }) => id)
  } catch (thrown) {
    if (thrown instanceof EffectFailure) return undefined
    throw thrown
  }
}

/** Whether the profile would not be guessed from the address. */
export function mustName(profile: ProfileName, base_url: string): boolean {
  return profileAt(base_url).name !== profile
}

function adviceFor(code: string, base_url: string): string {
  if (code === 'NETWORK') return '; is the server running, and is base_url right?'
  return code === 'BAD_RESPONSE' && !/\/v\d+$/.test(base_url) ? '; base_url usually ends in /v1' : ''
}

function user(content: string): ChatMessage {
  return { role: 'user', content }
}

function keepsShape(content: string): boolean {
  try {
    const parsed: unknown = JSON.parse(content)
    return typeof parsed === 'object' && parsed !== null && 'sum' in parsed && Number.isInteger(parsed.sum)
  } catch {
    return false
  }
}
