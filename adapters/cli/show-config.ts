import type { Arguments } from './arguments.ts'
import { compose, modelAdapters } from './compose.ts'
import { loadConfig } from './config.ts'
import { configSchema } from './config-schema.ts'
import { CliError, type ExitCode, exitCodes } from './exit.ts'

/** `promethean config check|print|schema`. */
export async function showConfig(args: Arguments): Promise<ExitCode> {
  const [what = 'print', folder] = args.words
  if (what === 'schema') {
    const schema = { $schema: 'http://json-schema.org/draft-07/schema#', title: 'promethean.yaml', ...configSchema }
    process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`)
    return exitCodes.ok
  }
  if (what !== 'check' && what !== 'print')
    throw new CliError(exitCodes.usage, `config takes check, print or schema, not ${what}`)
  const config = loadConfig(args, folder ?? args.notes)
  if (args.strict && config.warnings.length > 0) throw new CliError(exitCodes.config, config.warnings.join('\n'))
  const { policy } = await compose(config)
  await modelAdapters(config)
  const { api_key, ...model } = config.model
  const { discord } = config
  const shown = {
    ...config,
    policy,
    model: api_key === undefined ? model : { ...model, api_key: '(set)' },
    ...(discord === undefined ? {} : { discord: { ...discord, token: '(set)' } }),
  }
  if (what === 'check') process.stdout.write(args.json ? '{"ok":true}\n' : `${config.file ?? 'no config file'}: ok\n`)
  else process.stdout.write(`${JSON.stringify(shown, null, args.json ? 0 : 2)}\n`)
  return exitCodes.ok
}
