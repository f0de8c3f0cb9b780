import { system } from '../engine/system.ts'

/** Moves turns: recall, context, question, tools, answer. */
export const cephalon = system('cephalon', () => {})
