/** Globs of paths: `?` is one sign of a name, `*` any number, `**` as a whole name any number of names, at the end at least one. */

export type Glob = {
  readonly text: string
  /** Its names; one only when there is no slash. */
  readonly names: readonly string[]
  /** How many names at the beginning are literal. */
  readonly literal: number
}

/** Takes a glob apart. O(its length). */
export function globOf(text: string): Glob {
  const names = text.split('/')
  const first = names.findIndex(isWild)
  return { text, names, literal: first === -1 ? names.length : first }
}

/** Whether it is a path and nothing else. */
export function isLiteral({ names, literal }: Glob): boolean {
  return literal === names.length
}

/** Whether it hears all that is in its literal folder, however deep. */
export function isWholeFolder({ names, literal }: Glob): boolean {
  return literal === names.length - 1 && names[literal] === '**'
}

/**
 * Whether a path, taken apart at its slashes, is what the names of a glob mean. O(names of both, multiplied, at worst).
 * @param from the first name of the path that is looked at
 */
export function globMatches(asked: readonly string[], path: readonly string[], from = 0): boolean {
  let at = from
  let next = 0
  let many = -1
  let resumed = 0
  while (at < path.length) {
    const name = asked[next]
    if (name === '**') {
      if (next === asked.length - 1) return true
      many = next++
      resumed = at
    } else if (name !== undefined && nameMatches(name, path[at]!)) {
      next++
      at++
    } else if (many >= 0) {
      next = many + 1
      at = ++resumed
    } else return false
  }
  // A `**` at the end that has found no name is left over, and so is any other name.
  return next === asked.length
}

/** Whether every path that `narrow` means is meant by `wide` too; no where that is hard to say. */
export function isWithinGlob(narrow: Glob, wide: Glob): boolean {
  if (isLiteral(narrow)) return globMatches(wide.names, narrow.names)
  if (!isWholeFolder(wide)) return narrow.text === wide.text
  if (narrow.literal < wide.literal || narrow.names.length <= wide.literal) return false
  return wide.names.slice(0, wide.literal).every((name, at) => narrow.names[at] === name)
}

function isWild(name: string): boolean {
  return name.includes('*') || name.includes('?')
}

/** Whether a name is what `*` and `?` allow. Only the last `*` is ever tried anew, so it takes the product of both lengths at most. */
function nameMatches(asked: string, name: string): boolean {
  let at = 0
  let next = 0
  let many = -1
  let resumed = 0
  while (at < name.length) {
    const sign = asked[next]
    if (sign === '*') {
      many = next++
      resumed = at
    } else if (sign === '?' || (sign !== undefined && sign === name[at])) {
      next++
      at++
    } else if (many >= 0) {
      next = many + 1
      at = ++resumed
    } else return false
  }
  while (asked[next] === '*') next++
  return next === asked.length
}
