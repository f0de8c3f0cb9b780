import type { Frame, Hello } from '../shapes.ts'
import { dropToken, hasToken, Refusal, setToken, stream } from './api.ts'
import { contextPanel } from './context.ts'
import { debugPanel } from './debug.ts'
import { byId, count, make, moment } from './dom.ts'
import { eventsPanel } from './events.ts'
import { ingestPanel, modelsPanel, outboxPanel, queuesPanel } from './flow.ts'
import { gaugesPanel } from './gauges.ts'
import { familiesPanel, sentinelsPanel } from './lists.ts'
import { memoryPanel } from './memory.ts'
import { type Panel, sectionOf } from './panel.ts'
import { ticksPanel } from './ticks.ts'
import { timePanel } from './time.ts'
import { worldPanel } from './world.ts'

const retry_ms = { least: 500, most: 10_000 }
let tap = '*'
let watched: readonly string[] = []
let listening = new AbortController()
let hello: Hello | undefined
let pending: Frame | undefined

const panels: readonly Panel[] = [
  ticksPanel(),
  queuesPanel(),
  gaugesPanel(),
  ingestPanel(),
  outboxPanel(),
  modelsPanel(),
  memoryPanel(),
  contextPanel(),
  familiesPanel(),
  sentinelsPanel(),
  eventsPanel((pattern) => {
    tap = pattern
    listening.abort()
  }),
  worldPanel((names) => {
    watched = names
    listening.abort()
  }),
  timePanel(),
]
const inSight = new Set<Panel>()
const main = byId('panels')

/** A panel that is out of sight does no work but to hear. */
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const panel = placed.get(target)
    if (panel === undefined) continue
    if (!isIntersecting) inSight.delete(panel)
    else if (!inSight.has(panel)) {
      inSight.add(panel)
      panel.shown?.()
    }
  }
})
const placed = new Map<Element, Panel>()

function place(panel: Panel): void {
  const section = sectionOf(panel)
  placed.set(section, panel)
  main.append(section)
  byId('contents').append(make('a', { href: `#${panel.id}` }, panel.title))
  sight.observe(section)
}

/** Frames come as they like; drawing waits for the screen, and of several only the newest is drawn. */
function take(frame: Frame): void {
  const known = hello
  if (known === undefined) return
  for (const panel of placed.values()) panel.hear?.(frame, known)
  if (pending === undefined) requestAnimationFrame(draw)
  pending = frame
}

function draw(): void {
  const frame = pending
  pending = undefined
  if (frame === undefined || hello === undefined) return
  byId('health').textContent = frame.paused ? `${frame.health}, paused` : frame.health
  byId('health').className = frame.health === 'ok' ? 'good' : 'bad'
  byId('tick').textContent = count(frame.tick)
  byId('now').textContent = moment(frame.now_ms)
  byId('memories').textContent = count(frame.gauges['memories'] ?? 0)
  for (const panel of inSight) panel.frame?.(frame, hello)
}

function say(words: string, on: boolean): void {
  const connection = byId('connection')
  if (connection.textContent !== words) connection.textContent = words
  connection.className = on ? 'on' : 'off'
}

/** Listens for as long as the page is open. What breaks is tried again, ever more seldom; a token that is wrong is asked for. */
async function listen(): Promise<void> {
  let wait_ms = retry_ms.least
  while (hasToken()) {
    listening = new AbortController()
    try {
      for await (const told of stream(tap, watched, listening.signal)) {
        wait_ms = retry_ms.least
        if ('hello' in told) greet(told.hello)
        else take(told.frame)
      }
      say('the daemon ended the stream', false)
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.status === 401) return refuse('This is not the token.')
      if (listening.signal.aborted) continue
      const refused = thrown instanceof Refusal && thrown.status < 500
      say(refused ? thrown.message : 'disconnected; trying again', false)
      if (refused) tap = '*'
    }
    await new Promise((resolve) => setTimeout(resolve, wait_ms))
    wait_ms = Math.min(retry_ms.most, wait_ms * 2)
  }
}

function greet(given: Hello): void {
  if (hello === undefined && given.write) place(debugPanel())
  hello = given
  main.hidden = false
  byId('door').hidden = true
  say(`live, version ${given.version}`, true)
}

function refuse(words: string): void {
  dropToken()
  main.hidden = true
  byId('door').hidden = false
  byId('refusal').textContent = words
  say('not connected', false)
  byId('token').focus()
}

byId('door').addEventListener('submit', (event) => {
  event.preventDefault()
  const field = byId('token') as HTMLInputElement
  setToken(field.value, (byId('keep') as HTMLInputElement).checked)
  field.value = ''
  void listen()
})
for (const panel of panels) place(panel)
if (hasToken()) void listen()
else refuse('')
