/**
 * Words are forgotten in two steps. First nobody reads them any more: a column `hidden_tick` says since which tick, 0 = they are read.
 * After a snapshot they are removed, and the column holds `erased`. Only what was hidden before that snapshot may go: ticks after it are run again
 * when the process dies in between, and must find what they read.
 */
export const erased = 0xffff_ffff

/** Rows, ascending, that were hidden no later than a tick and still have their words. O(rows) */
export function* hiddenUntil(hidden_tick: Uint32Array, rows: number, tick: number): Generator<number> {
  for (let row = 1; row <= rows; row++) {
    const since = hidden_tick[row]!
    if (since !== 0 && since <= tick) yield row
  }
}
