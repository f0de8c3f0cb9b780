/** Fields that may bound an answer's length, the one to try first before the other. */
export type TokensField = 'max_tokens' | 'max_completion_tokens'
/** How an answer of a given shape may be asked for besides in words, the strictest first. */
export type Format = 'json_schema' | 'json_object'

/** What differs among servers that speak OpenAI's chat completions. What one refuses nevertheless is learned from its refusal. */
export type Profile = {
  readonly name: ProfileName
  readonly tokens: readonly TokensField[]
  readonly formats: readonly Format[]
  /** Whether a stream may be asked to count tokens, with `stream_options`. */
  readonly usage: boolean
  /** Whether several calls in one answer must be asked for, with `parallel_tool_calls`. */
  readonly parallel: boolean
  /** Whether the model's chat template may insist on one system message at the start, and on turns that alternate. */
  readonly strict: boolean
  /** Whether an answer's shape may be prescribed in a request that offers tools. */
  readonly tools_and_format: boolean
  /** Where the server tells how much fits into its model, relative to the origin of `base_url`; the list of models may say it too. */
  readonly context_path: string | undefined
}

export const profileNames = ['openai', 'ollama', 'vllm', 'lmstudio', 'llamacpp', 'openrouter', 'other'] as const
export type ProfileName = (typeof profileNames)[number]

/** What most servers understand: the ground of all profiles. */
const usual = {
  tokens: ['max_tokens', 'max_completion_tokens'],
  formats: ['json_schema', 'json_object'],
  usage: true,
  parallel: false,
  strict: false,
  tools_and_format: true,
  context_path: undefined,
} as const

/**
 * The facts, by where they stand. What all agree on is no part of a profile: `tool_choice` is never sent, because its default
 * is what is meant; `developer` goes as `system`, which those that know both treat alike. None is sent a header of its own: those
 * of OpenRouter are optional. How long Ollama keeps a model, and how much of a context it gives, cannot be set by this API.
 *
 * - openai: API reference of chat completions: `max_tokens` is deprecated and refused by reasoning models; several calls in one
 *   answer are the default.
 * - ollama: docs.ollama.com, "OpenAI compatibility": the request fields hold `max_tokens` and `stream_options`; a prescribed
 *   shape is a grammar, under which no tool can be called. `GET /api/ps` tells the context of loaded models.
 * - vllm: docs.vllm.ai, "OpenAI-Compatible Server" and "Tool Calling": tools need `--enable-auto-tool-choice` and
 *   `--tool-call-parser`; the list of models tells `max_model_len`; roles are up to the model's chat template.
 * - lmstudio: lmstudio.ai/docs, "Structured Output": shapes go by `json_schema` only. `GET /api/v0/models` tells the context.
 * - llamacpp: README of `tools/server` and "Function Calling": tools need `--jinja` and go with no grammar of one's own; several
 *   calls must be asked for; `GET /props` tells `n_ctx`.
 * - openrouter: openrouter.ai/docs, "Parameters", "Streaming", "Errors": comments keep a stream alive, an error in its middle is an
 *   event, fields that a provider lacks are dropped; the list of models tells `context_length`.
 *
 * What models think comes as `reasoning` or `reasoning_content` beside `content` with any of them, and is never read.
 */
export const profiles: { readonly [N in ProfileName]: Profile } = {
  openai: {
    ...usual,
    name: 'openai',
    tokens: ['max_completion_tokens', 'max_tokens'],
  },
  ollama: { ...usual, name: 'ollama', tokens: ['max_tokens'], tools_and_format: false, context_path: '/api/ps' },
  vllm: { ...usual, name: 'vllm', strict: true },
  lmstudio: {
    ...usual,
    name: 'lmstudio',
    tokens: ['max_tokens'],
    formats: ['json_schema'],
    strict: true,
    context_path: '/api/v0/models',
  },
  llamacpp: {
    ...usual,
    name: 'llamacpp',
    tokens: ['max_tokens'],
    parallel: true,
    strict: true,
    tools_and_format: false,
    context_path: '/props',
  },
  openrouter: { ...usual, name: 'openrouter' },
  other: { ...usual, name: 'other' },
}

const byPort: { readonly [port: string]: ProfileName } = {
  '11434': 'ollama',
  '1234': 'lmstudio',
  '8000': 'vllm',
  '8080': 'llamacpp',
}

/** The profile that an address speaks for: known hosts, and the ports that local servers listen at unless told otherwise. */
export function profileAt(base_url: string): Profile {
  const { hostname, port } = new URL(base_url)
  if (hostname === 'api.openai.com') return profiles.openai
  if (hostname === 'openrouter.ai') return profiles.openrouter
  return profiles[byPort[port] ?? 'other']
}
