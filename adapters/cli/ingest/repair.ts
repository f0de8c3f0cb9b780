/** What a text from elsewhere may hold that no text of ours does. */
export type Repairs = { surrogates: number; nuls: number; forbidden: boolean; deep: boolean }

const depthMax = 64
const forbiddenMember = '__proto__'

/** Whether a line may need a closer look: escapes can hide a NUL or half a character, and a member can be named like a trap. */
export function suspicious(line: string): boolean {
  return line.includes('\\u') || line.includes(forbiddenMember)
}

/** The same value without NULs, and with U+FFFD for each half of a character; what was done is counted in `repairs`. */
export function repaired(value: unknown, repairs: Repairs, depth = 0): unknown {
  if (typeof value === 'string') return repairedText(value, repairs)
  if (typeof value !== 'object' || value === null) return value
  if (depth === depthMax) {
    repairs.deep = true
    return null
  }
  if (Array.isArray(value)) return value.map((item) => repaired(item, repairs, depth + 1))
  const members = Object.entries(value).map(([name, member]) => {
    const clean = repairedText(name, repairs)
    if (clean === forbiddenMember) repairs.forbidden = true
    return [clean, repaired(member, repairs, depth + 1)] as const
  })
  return repairs.forbidden ? {} : Object.fromEntries(members)
}

function repairedText(text: string, repairs: Repairs): string {
  let clean = text
  if (!clean.isWellFormed()) {
    repairs.surrogates++
    clean = clean.toWellFormed()
  }
  if (clean.includes('\0')) {
    repairs.nuls++
    clean = clean.replaceAll('\0', '')
  }
  return clean
}
