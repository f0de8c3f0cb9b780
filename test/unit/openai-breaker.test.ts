import { afterEach, describe, expect, it } from 'vitest'
import { Breaker } from '../../adapters/openai/breaker.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import { LlmEmbed } from '../../systems/events.ts'
import { adapterAt, asAnswer, askWith, failureOf, refusing, serve, stopServers } from '../support/openai.ts'

afterEach(stopServers)

/** A breaker with a clock that stands still until it is moved, and calls that end as they are told. */
class Bench {
  now_ms = 0
  asked = 0
  readonly states: string[] = []
  readonly breaker = new Breaker(
    ({ state }) => this.states.push(state),
    () => this.now_ms,
  )

  call(code?: string, signal: AbortSignal = new AbortController().signal): Promise<string> {
    const work = async (): Promise<string> => {
      this.asked++
      if (code !== undefined) throw new EffectFailure(code, `it was ${code}`, { transient: true })
      return 'done'
    }
    return this.breaker.run(work, signal)
  }

  /** Fails so many times, each time as told. */
  async fail(times: number, code = 'SERVER'): Promise<void> {
    for (let count = 0; count < times; count++) expect((await failureOf(this.call(code))).code).toBe(code)
  }
}

describe('the breaker', () => {
  it.each(['SERVER', 'NETWORK', 'TIMEOUT'])('opens for ten seconds after five times %s', async (code) => {
    const bench = new Bench()
    await bench.fail(4, code)
    expect(bench.breaker.status).toEqual({ state: 'closed', failures: 4, wait_ms: 0, reason: '' })
    await bench.fail(1, code)
    expect(bench.breaker.status).toEqual({ state: 'open', failures: 5, wait_ms: 10_000, reason: `it was ${code}` })
    bench.now_ms = 2_500
    const failure = await failureOf(bench.call())
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', transient: true, retry_after_ms: 7_500 })
    expect(failure.message).toContain(`it was ${code}`)
    expect(bench.asked).toBe(5)
  })

  it('lets one call try, and doubles its time up to five minutes', async () => {
    const bench = new Bench()
    await bench.fail(5)
    const waits: number[] = []
    for (let count = 0; count < 7; count++) {
      const { wait_ms } = bench.breaker.status
      waits.push(wait_ms)
      bench.now_ms += wait_ms
      await bench.fail(1)
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
    bench.now_ms += 300_000
    expect(await bench.call()).toBe('done')
    expect(bench.breaker.status).toMatchObject({ state: 'closed', failures: 0 })
    expect(bench.states).toEqual([...Array.from({ length: 8 }, () => 'open'), 'closed'])
    await bench.fail(5)
    expect(bench.breaker.status.wait_ms).toBe(10_000)
  })

  it('lets no second call try while the first does', async () => {
    const bench = new Bench()
    await bench.fail(5)
    bench.now_ms = 10_000
    let end = (): void => undefined
    const slow = new Promise<void>((resolve) => {
      end = resolve
    })
    const { signal } = new AbortController()
    const probe = bench.breaker.run(() => slow, signal)
    expect(bench.breaker.status.state).toBe('probing')
    expect(await failureOf(bench.call())).toMatchObject({ code: 'UNAVAILABLE', retry_after_ms: 1_000 })
    end()
    await probe
    expect(await bench.call()).toBe('done')
  })

  it('a probe that its caller ended leaves the next one to try', async () => {
    const bench = new Bench()
    await bench.fail(5)
    bench.now_ms = 10_000
    await failureOf(bench.call('TIMEOUT', AbortSignal.abort()))
    expect(bench.breaker.status).toMatchObject({ state: 'open', failures: 5, wait_ms: 0 })
    expect(await bench.call()).toBe('done')
  })

  it('calls that their callers ended do not count', async () => {
    const bench = new Bench()
    for (let count = 0; count < 20; count++) await failureOf(bench.call('TIMEOUT', AbortSignal.abort()))
    expect(bench.breaker.status).toMatchObject({ state: 'closed', failures: 0 })
  })

  it.each([undefined, 'RATE_LIMITED', 'BAD_REQUEST', 'BAD_RESPONSE', 'CONTEXT_TOO_LONG', 'DEFERRED'])(
    'whoever answers is not down: %s',
    async (code) => {
      const bench = new Bench()
      await bench.fail(4)
      if (code === undefined) await bench.call()
      else await bench.fail(1, code)
      await bench.fail(4)
      expect(bench.breaker.status).toMatchObject({ state: 'closed', failures: 4 })
    },
  )

  it('calls that set out before it opened do not prolong it', async () => {
    const bench = new Bench()
    await Promise.all(Array.from({ length: 50 }, () => bench.fail(1)))
    expect(bench.breaker.status).toMatchObject({ state: 'open', wait_ms: 10_000 })
  })
})

describe('openai: an endpoint that is down', () => {
  it('is asked five times, then left alone', async () => {
    const { base_url, sent } = await serve(refusing(503, 'busy'))
    const adapter = adapterAt(base_url)
    for (let count = 0; count < 5; count++) expect(await failureOf(askWith(adapter))).toMatchObject({ code: 'SERVER' })
    const failure = await failureOf(askWith(adapter))
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', transient: true })
    expect(failure.retry_after_ms).toBeGreaterThan(5_000)
    expect(sent).toHaveLength(5)
    expect(adapter.status()).toMatchObject({
      profile: 'other',
      chat: { state: 'open', failures: 5 },
      embed: { state: 'closed' },
    })
  })

  it('one that refuses the key is asked once', async () => {
    const { base_url, sent } = await serve(refusing(401, 'bad key'), asAnswer({ content: 'never' }))
    const adapter = adapterAt(base_url)
    for (let count = 0; count < 3; count++) {
      const failure = await failureOf(askWith(adapter))
      expect(failure).toMatchObject({ code: 'AUTH', transient: false })
      expect(failure.message).toContain('env:TINY_KEY')
    }
    expect(sent).toHaveLength(1)
    expect(adapter.status().chat).toMatchObject({ state: 'refused', wait_ms: 0 })
  })

  it('embeddings are judged apart', async () => {
    const { base_url, sent } = await serve(refusing(500, 'no'))
    const adapter = adapterAt(base_url, { embed_model: 'vec' })
    const call = { effect_id: 1, attempt: 1, signal: new AbortController().signal }
    const embed = (): Promise<unknown> => adapter.effects![LlmEmbed.name]!({ model: 'vec', texts: ['a'] }, call)
    for (let count = 0; count < 5; count++) await failureOf(embed())
    expect(await failureOf(embed())).toMatchObject({ code: 'UNAVAILABLE' })
    expect(await failureOf(askWith(adapter))).toMatchObject({ code: 'SERVER' })
    expect(sent).toHaveLength(6)
  })
})
