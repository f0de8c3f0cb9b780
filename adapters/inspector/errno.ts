/** The code of a failed system call (`ENOENT`), or the empty text for anything else that was thrown. */
export function errnoOf(thrown: unknown): string {
  if (!(thrown instanceof Error) || !('code' in thrown)) return ''
  return typeof thrown.code === 'string' ? thrown.code : ''
}
