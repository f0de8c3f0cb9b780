const decimal = /^[0-9]{1,20}$/
const largest = (1n << 64n) - 1n

/** A snowflake as the two halves in which columns hold it; `is` is false for a text that is none. */
export type Halves = { is: boolean; high: number; low: number }

/** Reads a snowflake: 64 bits in decimal, not 0. */
export function readSnowflake(text: string, into: Halves): boolean {
  into.is = false
  if (!decimal.test(text)) return false
  const value = BigInt(text)
  if (value === 0n || value > largest) return false
  into.is = true
  into.high = Number(value >> 32n)
  into.low = Number(value & 0xffff_ffffn)
  return true
}

/** A snowflake from its halves; empty for 0. */
export function snowflakeText(high: number, low: number): string {
  return high === 0 && low === 0 ? '' : String((BigInt(high) << 32n) | BigInt(low))
}
