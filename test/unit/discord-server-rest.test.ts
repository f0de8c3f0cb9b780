import { afterEach, describe, expect, test } from 'vitest'
import { ask, endAll, type Got, get, started } from '../support/discord/hand.ts'
import type { DiscordServer } from '../support/discord/server.ts'
import type { RawMessage } from '../support/discord/types.ts'
import { Permission } from '../support/discord/visibility.ts'

/** The REST half of the loopback Discord, by hand. */

afterEach(endAll)

describe('REST, by hand', () => {
  async function posted(server: DiscordServer, channel: string, body: object): Promise<Got> {
    return ask(server, 'POST', `/channels/${channel}/messages`, body)
  }

  test('history is given newest first, a page after, before or around an id', async () => {
    const server = await started()
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const ids = Array.from({ length: 10 }, (_, index) => server.say(channel, ann, `${index}`).id)
    server.remove(ids[4]!)
    const page = async (query: string): Promise<string> => {
      const { body } = await get(server, `/channels/${channel.id}/messages?${query}`)
      return (body as unknown as RawMessage[]).map(({ content }) => content).join('')
    }
    expect(await page('limit=3')).toBe('987')
    expect(await page(`after=${ids[2]}&limit=3`)).toBe('653')
    expect(await page(`after=${ids[4]}&limit=2`)).toBe('65')
    expect(await page(`before=${ids[5]}&limit=3`)).toBe('321')
    expect(await page(`around=${ids[7]}&limit=3`)).toBe('876')
    expect(await page('after=0')).toBe('987653210')
    expect(await page(`after=${ids[9]}`)).toBe('')
    expect(server.history(channel).map(({ content }) => content)).toEqual([...'012356789'])
    expect((await get(server, `/channels/${channel.id}/messages?limit=101`)).status).toBe(400)
    expect((await get(server, `/channels/${channel.id}/messages?after=x`)).status).toBe(400)
  })

  test('the same nonce gives the same message for a while, where it is enforced', async () => {
    let now = 1_700_000_000_000
    const server = await started({ now: () => now, nonce_ms: 1_000 })
    const { id } = server.addChannel({ name: 'bots' })
    const asked = { content: 'hello', nonce: 'n', enforce_nonce: true }
    const first = await posted(server, id, asked)
    expect(first.body).toMatchObject({ content: 'hello', nonce: 'n', author: { id: server.bot.id } })
    expect((await posted(server, id, asked)).body['id']).toBe(first.body['id'])
    expect(server.posted).toHaveLength(1)
    await posted(server, id, { content: 'hello', nonce: 'n' })
    expect(server.posted).toHaveLength(2)
    now += 1_001
    await posted(server, id, asked)
    expect(server.posted).toHaveLength(3)
    const { body } = await get(server, `/channels/${id}/messages`)
    expect(body).toHaveLength(3)
    expect(JSON.stringify(body)).not.toContain('nonce')
    server.remove(server.posted[0]!)
    expect(server.posted).toHaveLength(2)
  })

  test('history gives nonces back only where that is wanted', async () => {
    const server = await started({ history_nonce: true })
    const { id } = server.addChannel({ name: 'bots' })
    await posted(server, id, { content: 'hello', nonce: 'n' })
    expect((await get(server, `/channels/${id}/messages`)).body).toMatchObject([{ nonce: 'n' }])
  })

  test.each([
    ['nothing', { content: ' ' }, 50_006],
    ['too much', { content: 'x'.repeat(2_001) }, 50_035],
    ['a nonce that is too long', { content: 'x', nonce: 'n'.repeat(26) }, 50_035],
    ['an answer to nothing', { content: 'x', message_reference: { message_id: '1' } }, 50_035],
  ])('%s is not posted', async (_name, body, code) => {
    const server = await started()
    const { id } = server.addChannel({ name: 'bots' })
    expect(await posted(server, id, body)).toMatchObject({ status: 400, body: { code } })
    expect(server.posted).toEqual([])
    expect((await posted(server, id, { content: '👍'.repeat(1_000) })).status).toBe(200)
  })

  test('mentions only whom it is let to', async () => {
    const server = await started()
    const { id } = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const content = `<@${ann.id}> @everyone`
    const free = await posted(server, id, { content })
    expect(free.body).toMatchObject({ mentions: [{ id: ann.id }], mention_everyone: false })
    const none = await posted(server, id, { content, allowed_mentions: { parse: [] } })
    expect(none.body).toMatchObject({ mentions: [], mention_everyone: false })
    expect(server.posted.map((one) => one.allowed_mentions)).toEqual([undefined, { parse: [] }])
    server.guild.permissions = String(Permission.view | Permission.send | Permission.everyone)
    expect((await posted(server, id, { content })).body).toMatchObject({ mention_everyone: true })
  })

  test.each([
    ['GET', '/channels/1', 404, 10_003],
    ['GET', '/channels/x', 400, 50_035],
    ['GET', '/guilds/1', 404, 10_004],
    ['GET', '/nowhere', 404, 0],
    ['PUT', '/users/@me', 405, 0],
  ])('%s %s is answered with %d and %d', async (method, path, status, code) => {
    const server = await started()
    expect(await ask(server, method, path)).toMatchObject({ status, body: { code } })
  })

  test('a wrong token is 401, a channel where the bot may not speak 403; both are counted', async () => {
    const server = await started({ permissions: String((1 << 10) | (1 << 16)) })
    const { id } = server.addChannel({ name: 'bots' })
    expect(await ask(server, 'GET', '/users/@me', undefined, 'wrong')).toMatchObject({ status: 401, body: { code: 0 } })
    expect(await posted(server, id, { content: 'x' })).toMatchObject({ status: 403, body: { code: 50_013 } })
    expect(server.counts).toMatchObject({ requests: 2, posts: 1, invalid: 2 })
    expect((await get(server, `/guilds/${server.guild.id}/members/${server.bot.id}`)).status).toBe(200)
    expect((await get(server, `/guilds/${server.guild.id}/roles`)).body).toMatchObject([{}, { permissions: '66560' }])
    expect((await get(server, '/applications/@me')).body).toMatchObject({ flags: 1 << 19, id: server.bot.id })
  })

  test('limits answer 429 in the words of their scope', async () => {
    const server = await started()
    server.limit({ scope: 'route', retry_after_ms: 2_500, times: 1 })
    server.limit({ scope: 'global', retry_after_ms: 100, times: 1 })
    server.limit({ scope: 'shared', retry_after_ms: 100, times: 1 })
    const [route, global, shared, free] = [
      await get(server, '/users/@me'),
      await get(server, '/users/@me'),
      await get(server, '/users/@me'),
      await get(server, '/users/@me'),
    ]
    expect(route).toMatchObject({ status: 429, body: { retry_after: 2.5, global: false } })
    expect(route.headers.get('retry-after')).toBe('3')
    expect(route.headers.get('x-ratelimit-scope')).toBe('user')
    expect(route.headers.get('x-ratelimit-remaining')).toBe('0')
    expect(route.headers.get('x-ratelimit-reset-after')).toBe('2.500')
    expect(global.body).toMatchObject({ global: true })
    expect(global.headers.get('x-ratelimit-global')).toBe('true')
    expect(shared.headers.get('x-ratelimit-scope')).toBe('shared')
    expect(free.status).toBe(200)
    expect(free.headers.get('x-ratelimit-bucket')).not.toBeNull()
    expect(server.counts.invalid).toBe(2)
  })

  test('limits that are kept are kept a channel', async () => {
    let now = 1_700_000_000_000
    const server = await started({ now: () => now, post_limit: { limit: 2, per_ms: 5_000 } })
    const one = server.addChannel({ name: 'one' }).id
    const two = server.addChannel({ name: 'two' }).id
    const statuses: number[] = []
    for (const id of [one, one, one, two]) statuses.push((await posted(server, id, { content: 'x' })).status)
    now += 5_000
    statuses.push((await posted(server, one, { content: 'x' })).status)
    expect(statuses).toEqual([200, 200, 429, 200, 200])
  })

  test('faults: a page of 502, a broken connection, silence; before or after the work', async () => {
    const server = await started()
    const { id } = server.addChannel({ name: 'bots' })
    const fault = { method: 'POST', path: '/messages', times: 1 }
    server.fail({ ...fault, status: 502 })
    expect((await posted(server, id, { content: 'a' })).status).toBe(502)
    expect(server.posted).toHaveLength(0)
    server.fail({ ...fault, status: 502, after_accept: true })
    expect((await posted(server, id, { content: 'b' })).status).toBe(502)
    server.fail({ ...fault, after_accept: true })
    await expect(posted(server, id, { content: 'c' })).rejects.toThrow()
    server.fail({ ...fault, status: 403, code: 50_013 })
    expect((await posted(server, id, { content: 'd' })).body['code']).toBe(50_013)
    server.fail({ ...fault, hang: true, after_accept: true })
    const control = new AbortController()
    const hanging = fetch(`${server.api_url}/channels/${id}/messages`, {
      method: 'POST',
      headers: { authorization: `Bot ${server.token}` },
      body: JSON.stringify({ content: 'e' }),
      signal: control.signal,
    })
    while (server.posted.length < 3) await new Promise((resolve) => setImmediate(resolve))
    control.abort()
    await expect(hanging).rejects.toThrow()
    expect(server.posted.map(({ content }) => content)).toEqual(['b', 'c', 'e'])
  })

  test('ids grow with the clock, and when it stands still; the oldest messages go when there are too many', async () => {
    let now = 1_700_000_000_000
    const server = await started({ now: () => now, history_max: 100 })
    const channel = server.addChannel({ name: 'bots' })
    const ann = server.addUser({ username: 'ann' })
    const said = Array.from({ length: 300 }, () => BigInt(server.say(channel, ann, 'x').id))
    now += 1_000
    said.push(BigInt(server.say(channel, ann, 'x').id))
    expect(said.every((id, index) => index === 0 || id > said[index - 1]!)).toBe(true)
    expect(Number(said.at(-1)! >> 22n) + 1_420_070_400_000).toBe(now)
    expect(server.history(channel).length).toBeLessThanOrEqual(100)
    expect((await get(server, `/channels/${channel.id}/messages/${said[0]}`)).body).toMatchObject({ code: 10_008 })
  })
})
