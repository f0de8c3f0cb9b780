/** Discord's ids: 64 bits in decimal that grow with time. */

/** When Discord's time begins, in milliseconds since 1970. */
const epoch_ms = 1_420_070_400_000n

/** The newest id that a message of before that time can have, as decimal. */
export function idBefore(time_ms: number): string {
  const since = BigInt(Math.max(0, Math.floor(time_ms))) - epoch_ms
  return since <= 0n ? '0' : String((since << 22n) - 1n)
}

/** Whether one id is newer than another; decimals without leading zeros compare by length first. */
export function isNewer(id: string, than: string): boolean {
  return id.length === than.length ? id > than : id.length > than.length
}

/** The id right before or after an id. */
export function neighbour(id: string, step: -1 | 1): string {
  return String(BigInt(id) + BigInt(step))
}
