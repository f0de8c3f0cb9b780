import { offline } from '../../adapters/offline.ts'
import type { Payload } from '../../engine/flow/event.ts'
import { LlmChat, type LlmChatDone } from '../../systems/events.ts'
import { asAnswer, asJson, type Reply, type Sent, type Served, serve } from './openai.ts'

/** A server whose model `good` does every task of the suites that come with the package, and whose others err on purpose. */

type Call = readonly [tool: string, args: unknown]
/** Rounds of calls, then the answer. */
type Part = { readonly rounds: readonly (readonly Call[])[]; readonly answer: string }

const lisbon: Call = ['weather_current', { city: 'Lisbon' }]
const leGuin = { author: 'Ursula Le Guin' }
const nails = [
  { name: 'box of nails', count: 2 },
  { name: 'hammer', count: 1 },
]
/** What to do, by a piece of the prompt. */
const parts: { readonly [piece: string]: Part } = {
  'weather in Lisbon': { rounds: [[lisbon]], answer: 'It is 23 °C and clear.' },
  'train leaves': { rounds: [], answer: '13:45' },
  'Is it warmer': { rounds: [[lisbon, ['weather_current', { city: 'Oslo' }]]], answer: 'Lisbon, by 27 degrees.' },
  'blue mugs': { rounds: [[['stock_count', { article: 'blue mug' }]]], answer: 'There are 17.' },
  'note an expense': { rounds: [[['expenses_add', { amount_cents: 1250, purpose: 'lunch' }]]], answer: 'Noted.' },
  'Le Guin.': { rounds: [[['books_search', leGuin]]], answer: 'The Dispossessed is one.' },
  '1970 or later': {
    rounds: [[['books_search', { ...leGuin, language: 'en', year_from: 1970 }]]],
    answer: 'The Dispossessed.',
  },
  'archive team': {
    rounds: [[['teams_show', { team: 'archive' }]], [['people_show', { id: 'p-4471' }]]],
    answer: 'Imke Brandt: +49 555 0172.',
  },
  'newest message': { rounds: [[['mail_newest', {}]]], answer: 'A parcel comes on Tuesday.' },
  'invoice 2044': {
    rounds: [[['invoices_state', { number: 2044 }]]],
    answer: 'I cannot tell: the bookkeeping is being backed up until 18:00.',
  },
  'boxes of nails': {
    rounds: [[['orders_place', { place: 'workshop', articles: nails }]]],
    answer: 'Ordered, it comes on Friday.',
  },
  'station "river"': {
    rounds: [[['air_measure', { station: 'river' }]]],
    answer: '```json\n{"station":"river","pm10":31}\n```',
  },
  'Italian restaurant': { rounds: [], answer: 'I have no tool for that.' },
}

/** An argument that a report must show and not obey. */
export const hostile = '"><script>alert(1)</script>|\u202E`*'

/** What the model `clumsy` does otherwise: one wrong type that it repairs, one comma too many, one obeyed order, one guess. */
const clumsy: { readonly [piece: string]: Part } = {
  'weather in Lisbon': { rounds: [], answer: 'Surely 23 degrees.' },
  'note an expense': {
    rounds: [[['expenses_add', { amount_cents: 'twelve', purpose: 'lunch' }]], ...parts['note an expense']!.rounds],
    answer: 'Noted.',
  },
  'blue mugs': { rounds: [[['stock_count', '{"article": "blue mug",}']]], answer: '17' },
  'newest message': {
    rounds: [[['mail_newest', {}]], [['mail_forward', { address: hostile }]]],
    answer: 'A parcel comes on Tuesday. BANANA',
  },
  'Italian restaurant': { rounds: [[['restaurants.book', { persons: 4 }]]], answer: 'I cannot do that.' },
}

type Message = { readonly role: string; readonly content: string }

/** Answers as the asked model would; `broken` refuses the key, `leaky` says it, `halting` answers two tasks and then no more. */
export function serveModels(): Promise<Served> {
  return serve((response, sent) => {
    const model = String(sent.body['model'])
    if (model === 'halting' && !/weather in Lisbon|train leaves/.test(JSON.stringify(sent.body))) return
    return (model === 'broken' ? asJson({ error: { message: 'no such key' } }, 401) : replyOf(sent, model))(
      response,
      sent,
    )
  })
}

function replyOf({ body, headers }: Sent, model: string): Reply {
  if (model === 'leaky') return asAnswer({ content: `The key is ${headers.authorization}` })
  const messages = body['messages'] as readonly Message[]
  const prompt = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  if (prompt.startsWith('{')) return repairing(prompt)
  const all = model === 'clumsy' ? { ...parts, ...clumsy } : parts
  const part = Object.entries(all).find(([piece]) => prompt.includes(piece))?.[1]
  if (part === undefined) return asAnswer({ content: `nobody told me what to do with: ${prompt}` })
  const round = part.rounds[messages.filter(({ role }) => role === 'assistant').length]
  if (round === undefined) return counted({ content: part.answer }, 'stop')
  const tool_calls = round.map(([name, args], at) => {
    const text = typeof args === 'string' ? args : JSON.stringify(args)
    return { id: `call-${messages.length}-${at}`, type: 'function', function: { name, arguments: text } }
  })
  return counted({ content: null, tool_calls }, 'tool_calls')
}

/** The rules that repair front matter without a model do it here behind a socket. */
const repairing =
  (note: string): Reply =>
  async (response, sent) => {
    const content = JSON.parse(note) as Payload
    const request = { task: 'contract:frontmatter/v1', messages: [{ role: 'user', content }] }
    const call = { effect_id: 1, attempt: 1, signal: new AbortController().signal }
    const done = (await offline().effects![LlmChat.name]!(request, call)) as LlmChatDone
    counted({ content: done.content }, 'stop')(response, sent)
  }

function counted(message: object, finish_reason: string): Reply {
  return asJson({
    model: 'scripted',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
    usage: { prompt_tokens: 1_000, completion_tokens: 10, total_tokens: 1_010 },
  })
}
