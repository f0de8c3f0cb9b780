import { EventEmitter } from 'eventemitter3'
import type { Event } from '../../engine/index.ts'
import { measure } from '../route/measure.ts'
import { byHand } from '../route/plain.ts'

/** The types that events have, for filters that ask for the beginning of one. */
const types = [
  'discord.message.new',
  'chat.message',
  'fs.file.changed',
  'fs.file.created',
  'note.written',
  'tool.ran',
  'opencode.said',
]

/** Each filter listens to its types and looks at the rest of the event by itself. No session of the workload is met twice. */
measure((filters) => {
  const emitter = new EventEmitter()
  let found = 0
  for (const each of filters) {
    for (const asked of each) {
      const meets = byHand(asked)
      const begins = asked.type?.replace('*', '') ?? ''
      const listen = (event: Event) => {
        if (meets(event)) found++
      }
      for (const type of types) if (type.startsWith(begins)) emitter.on(type, listen)
    }
  }
  return (event) => {
    found = 0
    emitter.emit(event.type, event)
    return found
  }
})
