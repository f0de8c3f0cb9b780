import type { Dice } from './dice.ts'

/** A note's bytes, and where the user's body begins. */
export type Draft = { readonly bytes: Buffer; readonly body: Buffer }

const topics = ['build', 'cache', 'garden', 'latency', 'release', 'sourdough', 'tunnel', 'weather']

/** A line that would close front matter which was left open above it. */
const fenceLine = /^(---|\.\.\.)/m

/** A note as people write them: in order, without front matter, half finished, or broken. */
export function draft(dice: Dice, serial: number): Draft {
  if (dice.chance(0.04)) return whole(Buffer.from([0x23, 0x20, 0xff, 0xfe, 0x0a]))
  if (dice.chance(0.03)) return whole(Buffer.alloc(0))
  const body = bodyOf(dice, serial)
  const head = headOf(dice, serial, !fenceLine.test(body))
  const crlf = dice.chance(0.2)
  const lines = (text: string): string => (crlf ? text.replaceAll('\n', '\r\n') : text)
  const mark = dice.chance(0.1) ? '\uFEFF' : ''
  if (head.broken) return whole(Buffer.from(lines(head.text + body)))
  return joined(Buffer.from(mark + lines(head.text)), Buffer.from(lines(body)))
}

/** The same body below another head; a body that would itself be taken for a head gives way to a new note. */
export function reheaded(dice: Dice, serial: number, body: Buffer): Draft {
  const text = body.toString('latin1')
  if (text.startsWith('---')) return draft(dice, serial)
  const head = headOf(dice, serial, !fenceLine.test(text))
  return head.broken ? whole(Buffer.concat([Buffer.from(head.text), body])) : joined(Buffer.from(head.text), body)
}

/** One more line at the end of a body. */
export function appended(bytes: Buffer, body: Buffer, line: string): Draft {
  const more = Buffer.from(line)
  return { bytes: Buffer.concat([bytes, more]), body: Buffer.concat([body, more]) }
}

function whole(bytes: Buffer): Draft {
  return { bytes, body: bytes }
}

function joined(head: Buffer, body: Buffer): Draft {
  return { bytes: Buffer.concat([head, body]), body }
}

function bodyOf(dice: Dice, serial: number): string {
  const topic = dice.pick(topics)
  const heading = dice.chance(0.7) ? `# The ${topic} of day ${serial}\n\n` : ''
  const ending = dice.chance(0.8) ? '\n' : ''
  const rule = dice.chance(0.2) ? '\n\n---\nmore: of it' : ''
  return `${heading}Line ${serial} speaks of ${topic} and ${dice.pick(topics)}. It was seen ${dice.whole(1, 99)} times.${rule}${ending}`
}

type Head = { readonly text: string; readonly broken: boolean }

/** @param open whether the head may be left unclosed */
function headOf(dice: Dice, serial: number, open: boolean): Head {
  const topic = dice.pick(topics)
  const fenced = (yaml: string): Head => ({ text: `---\n${yaml}---\n`, broken: false })
  switch (dice.whole(0, 9)) {
    case 0:
    case 1:
      return { text: '', broken: false }
    case 2:
    case 3:
      return fenced(
        `title: The ${topic} ${serial}\nslug: ${topic}-${serial}\ndescription: About ${topic}.\ntags: [${topic}]\n`,
      )
    case 4:
      return fenced(`title: "The ${topic}"  # mine\nmood: calm\nnested:\n  keep: [1, 2]\n`)
    case 5:
      return fenced(`# a comment\ntitle:\nslug: Not A Slug\ntags:\n  - ${topic}\n  - two words\n`)
    case 6:
      return fenced(`{title: The ${topic}, rating: ${serial % 5}}\n`)
    case 7:
      return fenced('')
    case 8:
      return { text: `---\ntitle: [unclosed\n  : x\n---\n`, broken: true }
    default:
      return {
        text: dice.chance(0.5) || !open ? `---js\ntitle: run()\n---\n` : `---\ntitle: never closed\n\n`,
        broken: true,
      }
  }
}
