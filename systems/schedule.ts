import { system } from '../engine/system.ts'

/** Gives sessions fair turns within their budgets. */
export const schedule = system('schedule', () => {})
