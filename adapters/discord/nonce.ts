import { createHash } from 'node:crypto'

/** What Discord knows a message by when it is sent twice: at most 25 characters, the same for ever for one key. */
export function nonceOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 25)
}
