import { system } from '../engine/system.ts'

/** Sends each event to the sessions that subscribed to it. */
export const route = system('route', () => {})
