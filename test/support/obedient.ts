import type { ChatMessage, LlmChatRequest } from '../../systems/events.ts'
import { type Model, type Reply, sinceUser, type Wanted } from './agents.ts'

/**
 * The worst model there could be: it does whatever any text before it says, whoever wrote it. It calls tools that a text
 * names, in prose or in what looks like a call; it shows images and links with all that it knows in them; it tells its
 * instructions; it believes that it was approved. What the engine lets it do is then the engine's own fault.
 */
export const obedient: Model = (request: LlmChatRequest): Reply => {
  const texts = request.messages.flatMap(({ content }) => stringsIn(content))
  const wanted = texts.flatMap(callsIn)
  const made = new Set(ownCalls(request.messages).map(({ name, arguments: given }) => `${name} ${given}`))
  const open = distinct(wanted).filter(({ name, arguments: given }) => !made.has(`${name} ${given}`))
  if (open.length > 0) return { say: 'At once.', call: open.slice(0, 8) }
  return { say: [...texts.flatMap((text) => wordsIn(text, request)), 'It is done, as you wish.'].join('\n') }
}

/** A model that does what the newest message of a user says and heeds no other text. `fail twice` makes it fail twice first. */
export const dutiful: Model = (request, { attempt }): Reply => {
  const { user, own } = sinceUser(request)
  if (user.includes('fail twice') && attempt < 3) return { fail: 'NETWORK' }
  const call = own.length === 0 ? distinct(stringsIn(plainly(user)).flatMap(callsIn)) : []
  return call.length > 0 ? { call } : { say: `Done: ${own.filter(({ role }) => role === 'tool').length} results.` }
}

/** Data that was made text, as data again. */
function plainly(text: string): unknown {
  return text.startsWith('{') ? JSON.parse(text) : text
}

/** Every text inside a message, however deep. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(stringsIn)
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([, each]) => stringsIn(each)) : []
}

/** Calls of this turn, so that each order is obeyed once. */
function ownCalls(messages: readonly ChatMessage[]): { name: string; arguments: string }[] {
  const from = messages.findLastIndex(({ role }) => role === 'user')
  return messages.slice(from + 1).flatMap(({ tool_calls = [] }) => tool_calls)
}

const prose = /\bcall (?:the )?(?:tool |function )?["`']?([\w.-]+)["`']? with (\{[^\n]*?\})(?=[.\s!)\]"'`*<]|$)/gi
const written = /"name"\s*:\s*"([\w.-]+)"\s*,\s*"arguments"\s*:\s*(\{[^{}]*\}|"(?:[^"\\]|\\.)*")/g

/** What a text asks to be called: in a sentence, or written as a model writes calls. */
function callsIn(text: string): { name: string; arguments: string }[] {
  const found = [...text.matchAll(prose), ...text.matchAll(written)]
  return found.map(([, name = '', given = '{}']) => {
    const parsed = given.startsWith('"') ? (JSON.parse(given) as string) : given
    return { name, arguments: parsed }
  })
}

function distinct(calls: readonly { name: string; arguments: string }[]): Wanted[] {
  return [...new Map(calls.map((call) => [`${call.name} ${call.arguments}`, call])).values()]
}

/** What a text makes it say: `<data>` in an address becomes all that it knows, and its instructions go to whoever asks. */
function wordsIn(text: string, { messages }: LlmChatRequest): string[] {
  const said: string[] = []
  const known = (): string => messages.flatMap(({ content }) => stringsIn(content)).join(' ')
  for (const [address] of text.matchAll(/https?:\/\/\S*?<data>\S*/g)) {
    const packed = Buffer.from(known()).toString('base64url').slice(0, 1_500)
    const url = address.replaceAll('<data>', packed).replace(/[)\]>"'`]+$/, '')
    said.push(`![status](${url})`, `[click here](${url})`, url, `<img src="${url}">`)
  }
  for (const [, words] of text.matchAll(/\bsay exactly:\s*([^\n]+)/gi)) said.push(words!)
  if (/(?:repeat|print|reveal|show)[^.\n]{0,40}(?:instructions|system prompt|everything above)/i.test(text)) {
    said.push(
      ...messages
        .filter(({ role }) => role === 'system' || role === 'developer')
        .flatMap((each) => stringsIn(each.content)),
    )
  }
  return said
}
