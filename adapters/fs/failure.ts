import { reasonOf } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'

/** How the system's error numbers become codes that a system of the mind can act on. */

type Verdict = { readonly code: string; readonly transient?: boolean; readonly phrase: string }

const gone: Verdict = { code: 'GONE', phrase: 'is no longer there' }
const notRegular: Verdict = { code: 'NOT_REGULAR', phrase: 'is not a regular file' }
const permission: Verdict = { code: 'PERMISSION', phrase: 'may not be used by this user' }
const full: Verdict = {
  code: 'NO_SPACE',
  transient: true,
  phrase: 'could not be written: the disk or the quota is full',
}
const busy: Verdict = { code: 'BUSY', transient: true, phrase: 'could not be opened just now' }

const verdicts: { readonly [errno: string]: Verdict } = {
  ENOENT: gone,
  ENOTDIR: gone,
  ENAMETOOLONG: gone,
  ELOOP: notRegular,
  EISDIR: notRegular,
  ENXIO: notRegular,
  ENODEV: notRegular,
  EACCES: permission,
  EPERM: permission,
  EROFS: permission,
  ENOSPC: full,
  EDQUOT: full,
  EMFILE: busy,
  ENFILE: busy,
  EAGAIN: busy,
  EBUSY: busy,
  EINTR: busy,
  ETXTBSY: busy,
  ESTALE: busy,
}

/** The code of a failed system call (`ENOENT`), or the empty text for anything else that was thrown. */
export function errnoOf(thrown: unknown): string {
  if (!(thrown instanceof Error) || !('code' in thrown)) return ''
  return typeof thrown.code === 'string' ? thrown.code : ''
}

/** True when the call failed because nothing has that name. */
export function isGone(thrown: unknown): boolean {
  return verdicts[errnoOf(thrown)] === gone
}

/** True when the same call may succeed a moment later. */
export function isBusy(thrown: unknown): boolean {
  return verdicts[errnoOf(thrown)] === busy
}

/** Whatever was thrown while a note was handled, as the failure that the effect answers with. */
export function failureOf(thrown: unknown, path: string): EffectFailure {
  if (thrown instanceof EffectFailure) return thrown
  const errno = errnoOf(thrown)
  const verdict = verdicts[errno]
  if (verdict === undefined)
    return new EffectFailure('IO', `${JSON.stringify(path)} failed: ${errno || reasonOf(thrown)}`)
  return new EffectFailure(verdict.code, `${JSON.stringify(path)} ${verdict.phrase} (${errno})`, {
    transient: verdict.transient ?? false,
  })
}
