/** A promise of the project that a simulated run has seen broken. */
export class Violation extends Error {
  override readonly name = 'Violation'
  /** Which promise, as a short name. */
  readonly rule: string

  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`)
    this.rule = rule
  }
}

/**
 * Where checkers bring what they saw. Some of them look on from inside the engine's calls, where a thrown error would
 * be taken for a failing neighbour, so the first finding is kept until the run asks for it.
 */
export class Court {
  checks = 0
  #first: Violation | undefined

  /** Counts a check and keeps the first that fails. */
  readonly holds = (condition: boolean, rule: string, message: () => string): void => {
    this.checks++
    if (!condition) this.#first ??= new Violation(rule, message())
  }

  /** Throws the first finding, if there is one. */
  session(): void {
    if (this.#first !== undefined) throw this.#first
  }
}
