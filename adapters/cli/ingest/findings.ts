/** What is to be said of one line: why it was refused, or how it was changed to be taken. Lines count from 1. */
export type Finding = { readonly file?: string; readonly line: number; readonly code: string; readonly reason: string }

/** All findings of one kind: every one is counted, the first hundred are kept. */
export type FindingsData = {
  readonly count: number
  readonly by_code: { readonly [code: string]: number }
  readonly first: readonly Finding[]
}

const keptMax = 100

/** Gathers findings, counting all of them and keeping the first. */
export class Findings {
  #count = 0
  readonly #byCode = new Map<string, number>()
  readonly #first: Finding[] = []

  get count(): number {
    return this.#count
  }

  add(finding: Finding): void {
    this.#tell(finding.code, 1)
    if (this.#first.length < keptMax) this.#first.push(finding)
  }

  /** Takes in what was found in a part of a file. @param lines how many lines of it came before that part */
  merge(data: FindingsData, file: string, lines: number): void {
    for (const [code, count] of Object.entries(data.by_code)) this.#tell(code, count)
    for (const { line, code, reason } of data.first) {
      if (this.#first.length === keptMax) return
      this.#first.push({ file, line: line + lines, code, reason })
    }
  }

  data(): FindingsData {
    const codes = [...this.#byCode].sort(([a], [b]) => (a < b ? -1 : 1))
    return { count: this.#count, by_code: Object.fromEntries(codes), first: this.#first }
  }

  #tell(code: string, count: number): void {
    this.#count += count
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + count)
  }
}
