/** Whether a text matches a pattern in which `*` stands for any characters, also none. O(pattern × text), no backtracking without bound. */
export function globOf(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return (text) => text === pattern
  return (text) => {
    if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false
    let at = first.length
    for (const part of rest) {
      const found = text.indexOf(part, at)
      if (found < 0 || found + part.length > text.length - last.length) return false
      at = found + part.length
    }
    return true
  }
}
