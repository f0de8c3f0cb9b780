/** The best `k` of what is offered, in a heap whose root is the worst of them. Equal scores: the smaller label is better. */
export class Best {
  readonly #labels: Uint32Array
  readonly #scores: Float64Array
  readonly #k: number
  #count = 0

  constructor(k: number) {
    this.#k = k
    this.#labels = new Uint32Array(k)
    this.#scores = new Float64Array(k)
  }

  get count(): number {
    return this.#count
  }

  /** Whether `offer` would keep it; a cheap question to ask before a dear one. */
  wants(label: number, score: number): boolean {
    if (this.#count < this.#k) return true
    return score > this.#scores[0]! || (score === this.#scores[0]! && label < this.#labels[0]!)
  }

  offer(label: number, score: number): void {
    if (this.#count < this.#k) this.#rise(this.#count++, label, score)
    else if (this.wants(label, score)) this.#sink(0, this.#count, label, score)
  }

  /** What was kept, best first. It is empty afterwards. */
  take(): { labels: Uint32Array; scores: Float64Array } {
    const labels = new Uint32Array(this.#count)
    const scores = new Float64Array(this.#count)
    while (this.#count > 0) {
      const last = --this.#count
      labels[last] = this.#labels[0]!
      scores[last] = this.#scores[0]!
      this.#sink(0, last, this.#labels[last]!, this.#scores[last]!)
    }
    return { labels, scores }
  }

  /** Whether the entry at `index` is worse than this one. */
  #worse(index: number, label: number, score: number): boolean {
    const there = this.#scores[index]!
    return there < score || (there === score && this.#labels[index]! > label)
  }

  #rise(from: number, label: number, score: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#worse(parent, label, score)) break
      this.#move(parent, at)
      at = parent
    }
    this.#labels[at] = label
    this.#scores[at] = score
  }

  #sink(from: number, count: number, label: number, score: number): void {
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && this.#worse(child + 1, this.#labels[child]!, this.#scores[child]!)) child++
      if (!this.#worse(child, label, score)) break
      this.#move(child, at)
      at = child
    }
    this.#labels[at] = label
    this.#scores[at] = score
  }

  #move(from: number, to: number): void {
    this.#labels[to] = this.#labels[from]!
    this.#scores[to] = this.#scores[from]!
  }
}
