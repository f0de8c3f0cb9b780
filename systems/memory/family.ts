import type { Tick } from '../../engine/system.ts'
import type { Draft } from './draft.ts'

/** Joins a document to the family of near duplicates that it belongs to. */
export function joinFamily(_tick: Tick, _draft: Draft, _id: number): void {}
