import type { Json } from '../../../engine/flow/event.ts'
import type { ChatMessage } from '../../events.ts'

/**
 * Texts that pretend to be the frame of a conversation. Many models read the marks of their chat template wherever they stand,
 * so in what is only quoted they are changed, for all to see: `<|im_start|>` is shown as `<¦im_start¦>`.
 */

const hint = /<[|｜]|[|｜]>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:s|bos|eos|start_of_turn|end_of_turn|system|assistant)>|#{2,}/i
const bars = /<[|｜]([^|｜<>\n]{0,64})[|｜]>/g
const openBar = /<[|｜]|[|｜]>/g
const brackets = /\[(\/?INST)\]/gi
const doubled = /<<(\/?SYS)>>/gi
const tags = /<(\/?(?:s|bos|eos|start_of_turn|end_of_turn|system|assistant))>/gi
const headings =
  /^([ \t]{0,3}#{2,6}[ \t]{0,8})(system|developer|assistant|user|instructions?|response|human|tool)(?=[ \t]{0,8}:?[ \t]{0,8}$|:)/gim

/** A text with the marks of chat templates changed so that they are none; any other text as it is. O(length). */
export function defused(text: string): string {
  if (!hint.test(text)) return text
  return text
    .replace(bars, '<¦$1¦>')
    .replace(openBar, (mark) => (mark.startsWith('<') ? '<¦' : '¦>'))
    .replace(brackets, '($1)')
    .replace(doubled, '‹‹$1››')
    .replace(tags, '‹$1›')
    .replace(headings, '$1“$2”')
}

/** A message whose quoted texts are defused; the calls that an assistant asked for stay as they are. */
export function defusedMessage(message: ChatMessage): ChatMessage {
  const { content } = message
  if (typeof content === 'string') return { ...message, content: defused(content) }
  return { ...message, content: defusedFields(content) }
}

function defusedFields(fields: { readonly [key: string]: Json | undefined }): { [key: string]: Json } {
  const result: { [key: string]: Json } = Object.create(null)
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) result[defused(key)] = defusedJson(value)
  }
  return { ...result }
}

function defusedJson(value: Json): Json {
  if (typeof value === 'string') return defused(value)
  if (typeof value !== 'object' || value === null) return value
  return isList(value) ? value.map(defusedJson) : defusedFields(value)
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value)
}
