/** A piece of an answer that is still being given, and the effect that asked for it. */
export type DeltaListener = (effect_id: number, text: string) => void

/** Where the model's adapter says what comes, and whoever shows it listens. Nothing of it enters the world. */
export class Deltas {
  readonly #listeners = new Set<DeltaListener>()

  /** Returns the way to stop. */
  hear(listener: DeltaListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Tells all listeners. They must not throw. */
  readonly tell: DeltaListener = (effect_id, text) => {
    for (const listener of this.#listeners) listener(effect_id, text)
  }
}
