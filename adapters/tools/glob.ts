/** True when a path meets a glob: `*` and `?` within a name, `**` as a whole name for any folders. O(path x glob). */
export function meetsGlob(path: string, glob: string): boolean {
  return meets(path.split('/'), glob.split('/'), (name) => name === '**', isName)
}

function isName(name: string, pattern: string): boolean {
  return meets(
    [...name],
    [...pattern],
    (char) => char === '*',
    (char, asked) => asked === '?' || asked === char,
  )
}

/** Matches a list against patterns of which some stand for any run: goes back to the last such one only. */
function meets(
  list: readonly string[],
  patterns: readonly string[],
  isAny: (pattern: string) => boolean,
  isOne: (item: string, pattern: string) => boolean,
): boolean {
  let at = 0
  let pattern = 0
  let back = -1
  let from = 0
  while (at < list.length) {
    const asked = patterns[pattern]
    if (asked !== undefined && isAny(asked)) {
      back = pattern++
      from = at
    } else if (asked !== undefined && isOne(list[at]!, asked)) {
      at++
      pattern++
    } else if (back >= 0) {
      pattern = back + 1
      at = ++from
    } else return false
  }
  return patterns.slice(pattern).every(isAny)
}
