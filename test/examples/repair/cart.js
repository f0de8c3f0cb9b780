/** What a cart costs in cents: each line is a price and how many of it. */
export function total(lines) {
  return lines.reduce((sum, { price }) => sum + price, 0)
}
