import { states, table } from '../../engine/world/archetype.ts'

/** What the world knows of opencode: what it has heard, how far, and what opencode asks to be allowed. */

export const OpencodeLink = states('none', 'ready', 'away')

/** A folder whose sessions are heard. Keyed by its path. */
export const OpencodeFolder = table(
  'OpencodeFolder',
  {
    state: 'u8', //           OpencodeLink
    changed_at_ms: 'f64',
    reason: 'u32', //         name of why it is away; 0 = none
  },
  { capacity: 16, rows_max: 65_536 },
)

/** A session. Keyed by its id. */
export const OpencodeSession = table(
  'OpencodeSession',
  {
    folder: 'u32', //         row in OpencodeFolder; 0 = unknown
    events: 'u32', //         heard of it
    newest_ms: 'f64', //      when the newest of them happened
    read_ms: 'f64', //        its history is known up to here, by opencode's clock
    deleted: 'u8',
  },
  { rows_max: 4_000_000 },
)

/** Ids of events that were heard, so that none is heard twice. */
export const OpencodeHeard = table(
  'OpencodeHeard',
  { id_high: 'u32', id_low: 'u32' },
  { rows_max: 64_000_000, fixed: true },
)

/** `gone`: opencode does not ask any more, because somebody else answered or its session ended. */
export const PermissionState = states('none', 'asked', 'answering', 'answered', 'gone')
export const PermissionReply = states('none', 'once', 'always', 'reject')
export const PermissionBy = states('none', 'policy', 'operator', 'elsewhere')

/** Something opencode asked to be allowed. Keyed by its id. Record: `opencode_permission`, JSON of what it said. */
export const OpencodePermit = table(
  'OpencodePermit',
  {
    state: 'u8', //           PermissionState
    reply: 'u8', //           PermissionReply
    by: 'u8', //              PermissionBy
    session: 'u32', //        row in OpencodeSession
    effect_id: 'u32', //      the answer that is under way; 0 = none
    code: 'u32', //           name of why the last one failed; 0 = it did not
    asked_at_ms: 'f64',
    ended_at_ms: 'f64',
  },
  { rows_max: 4_000_000 },
)

export const opencodeArchetypes = [OpencodeFolder, OpencodeSession, OpencodeHeard, OpencodePermit] as const
export const opencodeRecords = ['opencode_permission'] as const
