import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { secrets } from './secrets.ts'

/** What a secret's reference stands for. @throws Error naming the reference, never the secret */
export function secretOf(reference: string, base: string): string {
  const [kind, name] = [reference.slice(0, reference.indexOf(':')), reference.slice(reference.indexOf(':') + 1)]
  if (kind === 'file') return known(reference, readFileSync(isAbsolute(name) ? name : join(base, name), 'utf8').trim())
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`the variable ${name} is not set`)
  return known(reference, value.trim())
}

/** The secret, which is kept out of whatever this process says from now on. @throws Error when there is nothing in it */
function known(reference: string, value: string): string {
  if (value === '') throw new Error(`${reference} is empty`)
  secrets.add(reference, value)
  return value
}
