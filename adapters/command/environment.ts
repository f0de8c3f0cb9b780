/** What a command may know of this process: where programs, the user and scratch space are, and how to write. */
const plain = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'LANG', 'LANGUAGE'],
  ...['SYSTEMROOT', 'COMSPEC', 'PATHEXT', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA'],
])

/** The few variables that a command is given: keys, tokens and whatever else stands in the environment are not among them. */
export function environmentOf(all: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(all).filter(([name]) => plain.has(name.toUpperCase()) || /^LC_[A-Z]+$/.test(name))
  return { ...Object.fromEntries(kept), NO_COLOR: '1', CI: '1' }
}
