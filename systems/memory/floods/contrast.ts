import { hashText } from '../../text/hash.ts'

/**
 * Words that say what happened, or of what, by which two messages of one form differ in earnest: `build 7 failed` is no copy
 * of `build 8 passed`. Names, branches and places differ too, and are no contrast.
 */
const contrasts = `
passed failed failing succeeded success successful failure error errors warning critical fatal info ok okay healthy unhealthy
degraded recovered resolved firing acknowledged escalated timeout timed crashed restarted started stopped finished completed
cancelled canceled aborted skipped queued pending running deployed rolled joined left kicked banned unbanned muted unmuted warned
promoted demoted opened closed reopened merged approved rejected assigned unassigned created deleted removed added updated edited
renamed locked unlocked pinned unpinned enabled disabled connected disconnected online offline up down outdated
increased decreased rose fell gained lost won bought sold paid refunded charged expired renewed subscribed unsubscribed
accepted declined invited uninvited login logout signed registered paused resumed playing ended live begins begun enters exits
entered exited granted revoked raised lowered above below open close win loss draw buy sell true false yes no not never
cpu memory disk network swap load latency traffic temperature humidity
`
/** Words after which a name is to be expected. */
const befores = `
of on by from to for in at as with via about user member host server project repo repository branch service channel author
von auf für bei aus mit de du des par en sur pour con por da di
[ ( { # | * :
`
const setOf = (words: string): ReadonlySet<number> =>
  new Set(
    words
      .trim()
      .split(/\s+/)
      .map((word) => hashOf(word)),
  )
/** Signs are known by the hash that `tokens.ts` gives them. */
const hashOf = (word: string): number =>
  /^[\p{L}]/u.test(word) ? hashText(word) : Math.imul(word.charCodeAt(0), 0x9e3779b1) >>> 0
const contrasting = setOf(contrasts)
const announcing = setOf(befores)

/** Whether a token is a word of contrast. */
export function isContrast(token: number): boolean {
  return contrasting.has(token)
}

/** Whether a name is to be expected after a token. */
export function isBefore(token: number): boolean {
  return announcing.has(token)
}
