import { describe, expect, test } from 'vitest'
import { Backoff } from '../../adapters/discord/backoff.ts'
import { Emptiness } from '../../adapters/discord/emptiness.ts'
import { deletedOf, editedEventOf, reactionOf, saidOf } from '../../adapters/discord/events.ts'
import { fatalOf } from '../../adapters/discord/fatal.ts'
import { Gap, heldMax } from '../../adapters/discord/gap.ts'
import { IdentifyBudget } from '../../adapters/discord/identify.ts'
import type { RawMessage } from '../../adapters/discord/raw.ts'
import { idBefore, isNewer, neighbour } from '../../adapters/discord/snowflake.ts'
import { textOf } from '../../adapters/discord/text.ts'
import { silent } from '../../engine/flow/adapter.ts'

const self = { id: '900', application: '901' }
const where = { channel: '10', thread: '', name: 'general', guild: '1', direct: false }
const time = '2026-01-02T03:04:05.678000+00:00'

function message(more: Partial<RawMessage> = {}): RawMessage {
  const author = { id: '7', username: 'ada', discriminator: '0' }
  return { id: '100', channel_id: '10', guild_id: '1', author, content: 'hello', timestamp: time, type: 0, ...more }
}

describe('What a message says', () => {
  test('content, embeds without their footers, poll and stickers', () => {
    const embed = {
      title: 'Build 12',
      description: 'failed',
      fields: [{ name: 'branch', value: 'main' }],
      footer: { text: 'never' },
    }
    expect(textOf(message({ embeds: [embed] }))).toBe('hello\nBuild 12\nfailed\nbranch: main')
    const poll = { question: { text: 'Tea?' }, answers: [{ poll_media: { text: 'yes' } }] }
    expect(textOf(message({ content: '', poll }))).toBe('Tea?\n- yes')
    expect(textOf(message({ content: '', sticker_items: [{ name: 'wave' }] }))).toBe('wave')
  })

  test('attachments only when there is nothing else, forwarded messages, and the start of a thread', () => {
    const attachments = [{ id: '1', filename: 'a.png', size: 3, url: 'https://x.invalid/a.png' }]
    expect(textOf(message({ content: '', attachments }))).toBe('[a.png]')
    expect(textOf(message({ attachments }))).toBe('hello')
    expect(textOf(message({ content: '', message_snapshots: [{ message: { content: 'sent on' } }] }))).toBe('sent on')
    expect(textOf(message({ content: '', type: 21, referenced_message: message({ content: 'begun' }) }))).toBe('begun')
  })

  test('NULs and halves of characters are mended', () => {
    expect(textOf(message({ content: 'a\0b\ud800c' }))).toBe('ab\ufffdc')
  })
})

describe('Events', () => {
  test('a message of a person, word for word', () => {
    expect(saidOf(message(), where, self, { shard: 0, sequence: 5 })).toEqual({
      id: '100',
      ts: Date.parse(time),
      type: 'discord.message.new',
      source: { kind: 'discord', channel: '10', author: '7' },
      payload: {
        text: 'hello',
        author_name: 'ada',
        channel_name: 'general',
        guild: '1',
        edited_ms: 0,
        shard: 0,
        sequence: 5,
      },
    })
  })

  test('to whom it is said: mentions, answers, direct; a plain one to nobody', () => {
    const toMe = (more: Partial<RawMessage>, at = where) => saidOf(message(more), at, self)?.payload['to_me']
    expect(toMe({})).toBeUndefined()
    expect(toMe({ mentions: [{ id: '5' }, { id: '900' }] })).toBe(true)
    expect(toMe({ referenced_message: message({ author: { id: '900', username: 'agent' } }) })).toBe(true)
    expect(toMe({}, { ...where, direct: true })).toBe(true)
  })

  test('bots and webhooks are programs; the own account and own webhooks are not heard', () => {
    const bot = { id: '8', username: 'ci', bot: true, discriminator: '0042' }
    expect(saidOf(message({ author: bot }), where, self)?.payload).toMatchObject({ bot: true, author_name: 'ci#0042' })
    const bridge = message({ webhook_id: '8', author: { id: '8', username: 'Ada (irc)', discriminator: '0000' } })
    expect(saidOf(bridge, where, self)?.payload).toMatchObject({
      bot: true,
      webhook: true,
      author_name: 'Ada (irc)',
    })
    expect(saidOf({ ...bridge, application_id: '901' }, where, self)).toBeUndefined()
    expect(saidOf(message({ author: { id: '900', username: 'agent' } }), where, self)).toBeUndefined()
  })

  test.each([1, 6, 7, 8, 18, 22, 24, 46])('a message of the type %d is of the system', (type) => {
    expect(saidOf(message({ type }), where, self)).toBeUndefined()
  })

  test.each([0, 19, 20, 23])('a message of the type %d is heard', (type) => {
    expect(saidOf(message({ type }), where, self)).toBeDefined()
  })

  test('in a thread, the channel is its channel', () => {
    const event = saidOf(message(), { ...where, thread: '11' }, self)
    expect(event?.source).toEqual({ kind: 'discord', channel: '10', thread: '11', author: '7' })
  })

  test('edits: with a time; links looked at only where a person wrote, at the time of the message', () => {
    const at = '2026-01-02T04:00:00.000000+00:00'
    expect(editedEventOf(message({ edited_timestamp: at }), where, self)?.id).toBe(`100:${Date.parse(at)}`)
    expect(editedEventOf(message(), where, self)).toBeUndefined()
    const shown = message({ embeds: [{ title: 'A page' }] })
    expect(editedEventOf(shown, where, self)?.id).toBe(`100:${Date.parse(time)}`)
    expect(editedEventOf({ ...shown, author: { id: '8', username: 'ci', bot: true } }, where, self)).toBeUndefined()
    expect(editedEventOf({ id: '100', channel_id: '10', embeds: [] }, where, self)).toBeUndefined()
  })

  test('deletions and signs', () => {
    expect(deletedOf(['1', '2'], where).payload).toEqual({ message_ids: ['1', '2'] })
    const raw = { user_id: '7', channel_id: '10', message_id: '100', emoji: { id: null, name: '👍' } }
    const at = { where, self, sequence: 4 }
    expect(reactionOf(raw, true, at)?.payload).toEqual({ message_id: '100', emoji: '👍', added: true })
    expect(reactionOf({ ...raw, user_id: '900' }, true, at)).toBeUndefined()
    expect(reactionOf(raw, true, at)?.id).not.toBe(reactionOf(raw, true, { ...at, sequence: 6 })?.id)
  })
})

describe('Small parts', () => {
  test('ids compare as numbers and know their time', () => {
    expect(isNewer('100', '99')).toBe(true)
    expect(isNewer('99', '100')).toBe(false)
    expect(isNewer('99', '99')).toBe(false)
    expect(neighbour('175928847299117063', 1)).toBe('175928847299117064')
    const time_ms = 1_462_015_105_796
    expect(isNewer('175928847299117063', idBefore(time_ms))).toBe(true)
    expect(isNewer('175928847299117063', idBefore(time_ms + 1))).toBe(false)
    expect(idBefore(0)).toBe('0')
  })

  test('waits double up to the longest, never beyond it', () => {
    const backoff = new Backoff({ first_ms: 1_000, most_ms: 60_000 }, () => 0.9)
    const waits = Array.from({ length: 10 }, () => backoff.next())
    expect(waits[0]).toBe(1_450)
    expect(waits[1]).toBe(2_900)
    expect(Math.max(...waits)).toBe(60_000)
    backoff.reset()
    expect(backoff.next()).toBe(1_450)
  })

  test('flapping: ten times in ten minutes, then it waits; the day and Discord have a say', () => {
    const budget = new IdentifyBudget(0)
    for (let time_ms = 0; time_ms < 10; time_ms++) {
      expect(budget.wait(time_ms, undefined)).toBe(0)
      budget.spent(time_ms)
    }
    expect(budget.wait(100, undefined)).toBe(600_000 - 100)
    expect(budget.wait(600_000, undefined)).toBe(0)
    const stand = { session: '', resume_url: '', sequence: 0, identifies: 900, identifies_since_ms: 0, failed: false }
    expect(new IdentifyBudget(0).wait(1_000, stand)).toBe(86_399_000)
    expect(new IdentifyBudget(0).wait(1_000, { ...stand, identifies: 899 })).toBe(0)
    expect(new IdentifyBudget(0).wait(86_400_000, stand)).toBe(0)
    expect(new IdentifyBudget(0).wait(5, undefined, { remaining: 0, reset_after: 70 })).toBe(70)
  })

  test('which close codes are for good', () => {
    const fatal = [4004, 4010, 4011, 4012, 4013, 4014]
    for (let code = 4000; code < 4020; code++) expect(fatalOf(code, 'x') !== undefined).toBe(fatal.includes(code))
    expect(fatalOf(4004, 'file:token')?.reason).toContain('file:token')
  })

  test('what is held back is bounded; the oldest goes, and that is known', () => {
    const held = { count: 0 }
    const gap = new Gap(held)
    for (let id = 1; id <= heldMax + 5; id++) gap.hold(message({ id: String(id) }))
    expect([gap.count, held.count, gap.overflowed, gap.first, gap.peek()?.id]).toEqual([
      heldMax,
      heldMax,
      true,
      '1',
      '6',
    ])
    gap.clear()
    expect(held.count).toBe(0)
  })

  test('empty contents are noticed at the fifth in a row, and never once there was one', () => {
    const empty = message({ content: '' })
    const noticing = new Emptiness(silent)
    for (let count = 0; count < 4; count++) noticing.look(empty, where, self)
    expect(noticing.trouble).toBe('')
    noticing.look(empty, where, self)
    expect(noticing.trouble).toContain('Message Content Intent')
    const content = new Emptiness(silent)
    content.look(message(), where, self)
    for (let count = 0; count < 9; count++) content.look(empty, where, self)
    expect(content.trouble).toBe('')
  })
})
