import { system, type Tick } from '../engine/system.ts'
import { Content, File, Gauge, Memory } from './components.ts'
import { DiscordChannel } from './discord/columns.ts'
import {
  ConfigSet,
  MemoryCompacted,
  MemoryOrder,
  MemoryRestored,
  MemoryStored,
  MemoryUsed,
  NoteGone,
  NoteReady,
} from './events.ts'
import { compacted, restored } from './memory/compacted.ts'
import { bodyOf, type Draft, draftOf, draftOfNote } from './memory/draft.ts'
import {
  copyOf,
  countCopy,
  deliveredAs,
  exactly,
  isProgram,
  loopOf,
  rememberContent,
  rememberCopy,
  type Said,
} from './memory/duplicate.ts'
import { joinFamily } from './memory/family.ts'
import { canFlood, channelOf, type Met, meetFlood, rememberMet, setFloods } from './memory/flood.ts'
import { hasRoom, mint, rowsOf } from './memory/mint.ts'
import { forgetFile, obey, standForFile } from './memory/orders.ts'
import { isPurge, purge } from './memory/purge.ts'
import { noteEdited, revise } from './memory/revise.ts'
import { wake } from './memory/usage.ts'
import { type Minted, mintedOf } from './minted.ts'
import { isSkipped, skip } from './skipped.ts'
import { hash64 } from './text/hash.ts'
import { readNormal } from './text/normal.ts'

/**
 * What is worth finding again becomes a memory: known texts are counted and not kept twice, floods of programs collapse
 * into one, near-duplicate documents are joined into families, and what a text mentions is read once.
 */
export const memory = system('memory', (tick) => {
  const { world } = tick
  const minted = mintedOf(world)
  minted.begin()
  for (const event of tick.events) {
    if (isSkipped(event)) continue
    const draft = draftOf(event)
    if (draft !== undefined) {
      met.suppressed = false
      noteEdited(world, event, perceive(tick, minted, draft))
      if (met.suppressed) skip(event)
    } else if (NoteReady.is(event)) {
      const file = world.find(File, event.payload.path)
      const id = perceive(tick, minted, draftOfNote(event.payload, file, event.ts))
      // A note that was emptied, or that finds no room, is not what it was: the old text is served no more.
      if (id === 0) forgetFile(world, file)
      else if (file !== 0) standForFile(world, file, id)
    } else if (NoteGone.is(event)) forgetFile(world, world.find(File, event.payload.path))
    else if (MemoryOrder.is(event)) obey(tick, event.payload)
    else if (isPurge(event)) purge(tick, event)
    else if (MemoryCompacted.is(event)) {
      if (event.source.kind === 'world') compacted(tick, minted, event.payload)
    } else if (MemoryRestored.is(event)) {
      if (event.source.kind === 'world') restored(world, event.payload)
    } else if (ConfigSet.is(event)) setFloods(world, event.payload.policy)
    else if (MemoryUsed.is(event)) {
      for (const id of event.payload.memory_ids) if (id <= world.rows(Memory)) wake(world, id, tick.now_ms)
    } else revise(tick, minted, event, perceive)
  }
  if (minted.count > 0) tick.emit(MemoryStored, { first: minted.first, last: minted.first + minted.count - 1 })
})

const identity = new Uint32Array(2)
const exact: Said = { high: 0, low: 0 }
const normal: Said = { high: 0, low: 0 }

/** The memory that a draft is or becomes; 0 when there is nothing in it, or no room. */
function perceive(tick: Tick, minted: Minted, draft: Draft): number {
  const { world } = tick
  const gauge = world.of(Gauge)
  hash64(draft.identity, identity)
  const delivered = deliveredAs(world, identity[0]!, identity[1]!)
  if (delivered !== 0) {
    gauge.duplicates[1]!++
    return delivered
  }
  if (draft.text === '' && draft.title === '') return 0
  const known = draft.file === 0 ? repeated(tick, draft) : readBack(tick, draft)
  if (known !== 0) {
    const channel = channelOf(world, draft)
    // A window knows what was said in its channel: nothing grows with what is only counted.
    if (channel === 0) rememberCopy(world, identity[0]!, identity[1]!, known)
    else world.of(DiscordChannel).counted[channel]!++
    return known
  }
  if (!hasRoom(world, rowsOf(draft))) {
    // An example of a flood has been counted with it.
    const counted = draft.file === 0 ? met.of : 0
    gauge[counted === 0 ? 'refused' : 'duplicates'][1]!++
    return counted
  }
  const id = mint(tick, minted, draft)
  const columns = world.of(Memory)
  columns.source_high[id] = identity[0]!
  columns.source_low[id] = identity[1]!
  remember(tick, draft, id)
  return id
}

/** The memory that stands for these words already, with the new copy counted; 0 when they are new. */
function repeated(tick: Tick, draft: Draft): number {
  const { world } = tick
  const gauge = world.of(Gauge)
  exactly(draft.text, exact)
  const loop = loopOf(world, draft, exact)
  if (loop !== 0) gauge.loops[1]!++
  if (isProgram(draft)) readNormal(draft.text, normal)
  else Object.assign(normal, exact)
  met.of = 0
  const counted = loop === 0 && canFlood(draft) ? meetFlood(tick, draft, met) : 0
  const known = counted || loop || copyOf(world, draft, normal)
  if (known === 0) return 0
  gauge.duplicates[1]!++
  const standing = world.of(Memory).replaced_by[known]! || known
  // A member of a family has been counted when it was met.
  if (counted === 0 && met.of === 0) countCopy(world, standing, draft.ts)
  return standing
}

/** The memory of the agent's own words that a note holds and nothing else, counted; or 0. */
function readBack(tick: Tick, draft: Draft): number {
  const { world } = tick
  if (world.rows(Content) === 0) return 0
  exactly(bodyOf(draft.text), exact)
  const known = loopOf(world, draft, exact)
  if (known === 0) return 0
  const gauge = world.of(Gauge)
  gauge.loops[1]!++
  gauge.duplicates[1]!++
  countCopy(world, known, draft.ts)
  return known
}

/** What the message that is looked at is to the floods of its channel. */
const met: Met = { of: 0, slot: 0, fresh: false, others: false, suppressed: false }

/** Makes a new memory known to those who look for the same words, the same flood and the same document. */
function remember(tick: Tick, draft: Draft, id: number): void {
  const { world } = tick
  if (draft.file === 0) {
    rememberContent(world, draft, normal, exact, id)
    if (canFlood(draft)) rememberMet(tick, draft, id, met)
  }
  joinFamily(tick, draft, id)
}
