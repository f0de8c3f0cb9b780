import type { FetchingStrategyOptions, SessionInfo, WebSocketShard } from '@discordjs/ws'
import { reasonOf } from '../../engine/errors.ts'
import { EffectFailure } from '../../engine/flow/adapter.ts'
import type { RawDispatch } from './raw.ts'

export type Session = { readonly id: string; readonly resume_url: string }

/** Whom the gateway asks and tells. Nothing of it may throw or reject; a promise that is given up is never resolved. */
export type GatewayHost = {
  readonly shard: number
  readonly token: string
  readonly intents: number
  /** Waits until a connection may be opened, and says whether it goes on with a session, and where. */
  toConnect(): Promise<{ session: Session | undefined; url: string }>
  /** Waits until it may be said who we are. Rejects only when the signal is aborted. */
  toIdentify(signal: AbortSignal): Promise<void>
  session(): Session | undefined
  /** Up to where the gateway was heard. */
  sequence(): number
  /** A new session, with its first sequence. */
  begun(session: Session, sequence: number): void
  /** The session cannot be gone on with. */
  refused(): void
  hello(): void
  /** READY or RESUMED. */
  live(): void
  closed(code: number): void
  dispatch(dispatch: RawDispatch): void
  beat(latency_ms: number): void
  error(reason: string): void
}

export type Gateway = {
  /** Leaves so that the session can be gone on with; what does not answer in time is cut off. */
  stop(wait_ms: number): Promise<void>
}

/** Codes by which Discord says that a session cannot be gone on with: its sequence is wrong, or it is too old. */
const sessionOver = new Set([4007, 4009])
/** Tells Discord to keep the session. */
const resumableCode = 4200

/**
 * One connection to the gateway, opened again and again by the package; when, is the host's to say.
 * @throws EffectFailure PACKAGE_MISSING
 */
export async function openGateway(host: GatewayHost): Promise<Gateway> {
  const { WebSocketShard, WebSocketShardEvents, DefaultWebSocketManagerOptions } = await load()
  let live = false
  let code = 0
  let turn = 0
  const info = (session: Session): SessionInfo => ({
    resumeURL: session.resume_url,
    sessionId: session.id,
    sequence: host.sequence(),
    shardCount: 1,
    shardId: host.shard,
  })
  const options = optionsOf(host, DefaultWebSocketManagerOptions)
  const shard = new WebSocketShard(
    {
      options,
      async retrieveSessionInfo() {
        const session = host.session()
        if (live) return session === undefined ? null : info(session)
        // Whoever asks while there is no connection wants to open one; only the newest may.
        const mine = ++turn
        const next = await host.toConnect()
        if (mine !== turn) await new Promise<never>(() => undefined)
        options.gatewayInformation.url = next.url
        return next.session === undefined ? null : { ...info(next.session), resumeURL: next.url }
      },
      updateSessionInfo(_shard, given) {
        if (given === null) {
          if (live || sessionOver.has(code)) host.refused()
        } else if (given.sessionId !== host.session()?.id) {
          host.begun({ id: given.sessionId, resume_url: given.resumeURL }, given.sequence)
        }
      },
      waitForIdentify: (_shard, signal) => host.toIdentify(signal),
    },
    host.shard,
  )
  shard.on(WebSocketShardEvents.Hello, () => {
    live = true
    code = 0
    host.hello()
  })
  shard.on(WebSocketShardEvents.Ready, () => host.live())
  shard.on(WebSocketShardEvents.Resumed, () => host.live())
  shard.on(WebSocketShardEvents.Closed, (closed) => {
    live = false
    code = closed.code
    host.closed(code)
  })
  // What the package types in all its breadth is the same dispatch, of which a part is used.
  shard.on(WebSocketShardEvents.Dispatch, ({ data }) => host.dispatch(data as unknown as RawDispatch))
  shard.on(WebSocketShardEvents.HeartbeatComplete, ({ latency }) => host.beat(latency))
  shard.on(WebSocketShardEvents.Error, ({ error }) => host.error(reasonOf(error)))
  // Its promise only tells of the first time; what fails is heard above.
  shard.connect().catch((thrown: unknown) => host.error(reasonOf(thrown)))
  return { stop: (wait_ms) => leave(shard, wait_ms) }
}

type Options = FetchingStrategyOptions
type Defaults = typeof import('@discordjs/ws')['DefaultWebSocketManagerOptions']

function optionsOf({ token, intents }: GatewayHost, defaults: Defaults): Options {
  const { version, encoding, compression, handshakeTimeout, helloTimeout, readyTimeout } = defaults
  return {
    token,
    intents,
    version,
    encoding,
    compression,
    handshakeTimeout,
    helloTimeout,
    readyTimeout,
    identifyProperties: { os: process.platform, browser: 'promethean', device: 'promethean' },
    initialPresence: null,
    largeThreshold: null,
    shardCount: 1,
    gatewayInformation: {
      url: '',
      shards: 1,
      session_start_limit: { total: 0, remaining: 0, reset_after: 0, max_concurrency: 1 },
    },
  }
}

async function leave(shard: WebSocketShard, wait_ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, wait_ms)
  })
  await Promise.race([shard.destroy({ code: resumableCode, reason: 'going away' }), late])
  clearTimeout(timer)
  cutOff(Reflect.get(shard, 'connection'))
}

/** The package leaves a socket that is not open yet, or that nobody answers on, to itself. */
function cutOff(socket: unknown): void {
  if (typeof socket !== 'object' || socket === null || Reflect.get(socket, 'readyState') === 3) return
  // Cutting off a handshake is an error to the socket, and nobody else listens any more.
  Reflect.set(socket, 'onerror', () => undefined)
  const terminate: unknown = Reflect.get(socket, 'terminate')
  if (typeof terminate === 'function') terminate.call(socket)
}

async function load() {
  try {
    return await import('@discordjs/ws')
  } catch (thrown) {
    const reason = `the package '@discordjs/ws' cannot be loaded; install it with npm install @discordjs/ws (${reasonOf(thrown)})`
    throw new EffectFailure('PACKAGE_MISSING', reason)
  }
}
