import type { RawEmbed, RawMessage } from './raw.ts'

/**
 * What a message says, as one text: its content, then its embeds, its poll and the names of its stickers; of a message
 * that only forwards, what it forwards; and when there is nothing of all that, the names of its attachments in brackets.
 * Empty when it says nothing. O(length).
 */
export function textOf(message: Partial<RawMessage>): string {
  const { content = '', embeds, poll, sticker_items } = message
  // Nearly all messages are nothing but their content.
  if (content !== '' && isBare(message)) return mended(content)
  const parts = content === '' ? [] : [content]
  for (const embed of embeds ?? []) addEmbed(parts, embed)
  if (poll !== undefined) {
    parts.push(poll.question.text ?? '')
    for (const answer of poll.answers ?? []) parts.push(`- ${answer.poll_media.text ?? ''}`)
  }
  for (const sticker of sticker_items ?? []) parts.push(sticker.name)
  const inner = innerOf(message)
  if (parts.length === 0 && inner !== undefined) return textOf(inner)
  if (parts.length === 0) for (const { filename } of message.attachments ?? []) parts.push(`[${filename}]`)
  return mended(parts.filter((part) => part !== '').join('\n'))
}

/** Without NULs and halves of characters, neither of which may be stored. */
export function mended(text: string): string {
  const clean = text.includes('\0') ? text.replaceAll('\0', '') : text
  return clean.isWellFormed() ? clean : clean.toWellFormed()
}

/** A thread's first entry and a forwarded message say what another message says. */
function innerOf({
  type,
  referenced_message,
  message_snapshots,
}: Partial<RawMessage>): Partial<RawMessage> | undefined {
  if (type === threadStarter) return referenced_message ?? undefined
  return message_snapshots?.[0]?.message
}

function isBare({ embeds, poll, sticker_items }: Partial<RawMessage>): boolean {
  return (
    (embeds === undefined || embeds.length === 0) &&
    poll === undefined &&
    (sticker_items === undefined || sticker_items.length === 0)
  )
}

function addEmbed(parts: string[], { title, description, fields }: RawEmbed): void {
  parts.push(title ?? '', description ?? '')
  for (const { name, value } of fields ?? []) parts.push(`${name}: ${value}`)
}

/** The type of message by which a thread shows what it was begun from. */
export const threadStarter = 21
