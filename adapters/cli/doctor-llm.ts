import { type Finding, modelsAt, mustName, type Probed, probe } from '../openai/probe.ts'
import type { Config } from './config.ts'
import { type ExitCode, exitCodes } from './exit.ts'
import { oneLine } from './words.ts'

export type DoctorOut = {
  readonly json: boolean
  /** Default: standard output. */
  readonly print?: (text: string) => void
}

const marks = { ok: 'ok  ', warn: 'warn', bad: 'BAD ' } as const
/** Where servers on one's own machine listen unless told otherwise. */
const usual = [
  ['Ollama', 'http://127.0.0.1:11434/v1'],
  ['LM Studio', 'http://127.0.0.1:1234/v1'],
  ['vLLM', 'http://127.0.0.1:8000/v1'],
  ['llama.cpp', 'http://127.0.0.1:8080/v1'],
] as const

/**
 * `promethean doctor llm`: asks the configured endpoint what it can do, and says which profile fits and what belongs into
 * promethean.yaml. Without one it looks for servers on this machine. @returns 0 when the model can be used
 */
export async function doctorLlm(config: Pick<Config, 'model' | 'keyName'>, out: DoctorOut): Promise<ExitCode> {
  const print = out.print ?? ((text: string): void => void process.stdout.write(text))
  const { model } = config
  if (model.adapter !== 'openai') return await lookAround(out.json, print)
  const { adapter: _adapter, delay_ms: _delay, parallel: _parallel, base_url = '', model: name = '', ...more } = model
  const keyName = config.keyName === undefined ? {} : { api_key_name: config.keyName }
  const told = (finding: Finding): void => {
    if (!out.json) print(`${marks[finding.level]} ${finding.check}: ${oneLine(finding.detail, 400)}\n`)
  }
  const probed = await probe({ base_url, model: name, ...more, ...keyName }, told)
  const suggested = suggestedOf(config, probed)
  const ok = probed.code === undefined
  if (out.json) {
    const { findings, profile, context } = probed
    print(`${JSON.stringify({ ok, base_url, model: name, profile, context: context ?? null, findings, suggested })}\n`)
  } else if (ok) print(`\nIn promethean.yaml:\n${yamlOf(suggested)}${windowWords(probed.context)}`)
  return ok ? exitCodes.ok : exitOf(probed.code)
}

type Suggested = { readonly [key: string]: string | number | boolean }

/** What belongs below `model:`. The key is only named. */
function suggestedOf({ model, keyName }: Pick<Config, 'model' | 'keyName'>, { profile, base_url }: Probed): Suggested {
  const { model: name = '', embed_model, embed_dimensions } = model
  return {
    base_url,
    model: name,
    ...(keyName === undefined ? {} : { api_key: keyName }),
    ...(mustName(profile, base_url) ? { profile } : {}),
    ...(embed_model === undefined ? {} : { embed_model }),
    ...(embed_dimensions === undefined ? {} : { embed_dimensions }),
  }
}

function yamlOf(suggested: Suggested): string {
  const plain = (value: string | number | boolean): string =>
    typeof value === 'string' && !/^[A-Za-z][\w./:-]*$/.test(value) ? JSON.stringify(value) : String(value)
  const lines = Object.entries(suggested).map(([key, value]) => `  ${key}: ${plain(value)}`)
  return `model:\n${lines.join('\n')}\n`
}

function windowWords(context: number | undefined): string {
  return context === undefined ? '' : `An agent's window_tokens should be ${context} at most.\n`
}

function exitOf(code: string | undefined): ExitCode {
  if (code === 'AUTH') return exitCodes.permission
  const wrong = code === 'BAD_REQUEST' || code === 'BAD_RESPONSE' || code === 'REDIRECT'
  return wrong ? exitCodes.config : exitCodes.unavailable
}

/** No endpoint is configured: which of the usual ones are there? */
async function lookAround(json: boolean, print: (text: string) => void): Promise<ExitCode> {
  const found = (await Promise.all(usual.map(async ([name, base_url]) => await serverAt(name, base_url)))).flat()
  if (json) {
    print(`${JSON.stringify({ ok: false, reason: 'no endpoint is configured', found })}\n`)
    return exitCodes.config
  }
  print('BAD  reach: no endpoint is configured; without one answers come from memory alone\n')
  for (const { name, base_url, models } of found) {
    print(
      `ok   reach: ${name} answers at ${base_url} with ${oneLine(models.slice(0, 5).join(', ') || 'no models', 300)}\n`,
    )
  }
  const [first] = found
  const suggested = { base_url: first?.base_url ?? 'http://127.0.0.1:11434/v1', model: first?.models[0] ?? 'NAME' }
  print(`\nIn promethean.yaml, for instance:\n${yamlOf(suggested)}`)
  return exitCodes.config
}

async function serverAt(
  name: string,
  base_url: string,
): Promise<{ name: string; base_url: string; models: string[] }[]> {
  const models = await modelsAt(base_url)
  return models === undefined ? [] : [{ name, base_url, models }]
}
