import type { EventInput } from '../../engine/index.ts'

/** What bots say all day, with what varies left to chance: `{name}`, `{n}`, `{link}`, `{repo}`, `{branch}`, `{time}`, `{id}`, `{user}`. */
export const templates: readonly string[] = [
  'GG {user}, you just advanced to level {n}!',
  'Build {n} of {repo} failed on {branch} after {n} seconds: {link}',
  'Build {n} of {repo} passed on {branch} after {n} seconds: {link}',
  '{name} joined the server. We are now {n} members.',
  '{name} left the server. We are now {n} members.',
  '[{repo}] {name} pushed {n} commits to {branch}: {link}',
  '[{repo}] Pull request #{n} opened by {name}: {link}',
  '[{repo}] Pull request #{n} merged by {name}: {link}',
  '[{repo}] Issue #{n} closed by {name}: {link}',
  'Disk usage on host {repo} is at {n} percent, please clean up the old logs.',
  'Alert firing: latency of {repo} is above {n} ms since {time}, see {link}',
  'Alert resolved: latency of {repo} is back below {n} ms since {time}, see {link}',
  'Now playing a song requested by {name}, {n} more in the queue. {link}',
  'Reminder for {user}: your appointment begins in {n} minutes.',
  'The price of the token rose by {n} percent within the last hour and stands at {n} dollars.',
  'The price of the token fell by {n} percent within the last hour and stands at {n} dollars.',
  '{name} rolled a {n} with two dice and wins {n} coins.',
  'Daily backup of {repo} finished at {time}: {n} files, {n} megabytes, checksum {id}.',
  'Ticket {n} was assigned to {name} with high priority, details at {link}',
  'Welcome {user}! Please read the rules in our channel before you write, and introduce yourself to the others.',
  'User {name} was warned by moderator {name} for spamming links ({n} warnings in total).',
  'User {name} was banned by moderator {name}: raid account, evidence under {link}',
  'Stream started: {name} is playing chess in front of {n} viewers at {link}',
  'Deploying release {id} of {repo} to the production cluster, started by {name} at {time}.',
  'Nightly report: {n} requests served, {n} errors seen, slowest answer {n} ms.',
  'Weather for today: {n} degrees at noon, wind {n} knots, rain probability {n} percent.',
  'New follower: {name} follows us now, number {n} on the list!',
  'Poll ended: the option of {name} got {n} votes of {n} in all.',
  'Certificate for {repo} expires within {n} days, renew it at {link}',
  'Package {repo} version {n} was published to the registry by {name}.',
  'Coffee machine on floor {n} needs beans and water again since {time}.',
  'Lost connection to the sensor {id} in the greenhouse, last value {n}.',
  'Raffle: {name} bought {n} tickets, the pot is at {n} points.',
  'Translation of page {n} into Danish is complete, reviewed by {name}.',
  'Shipment {id} left the warehouse at {time} and arrives in {n} days.',
  'Quiz question {n} was answered first by {name}, who has {n} points by now.',
  'Server {repo} restarted because of an update and was away for {n} seconds.',
  'Thread archived after {n} days without a message: {link}',
  'Donation received! {name} gave {n} euros to the animal shelter. Thank you!',
  'Test run {n} on the arm runner took {n} minutes, {n} tests skipped, log at {link}',
]

/** Others, by which nothing was chosen. */
export const otherTemplates: readonly string[] = [
  '{name} has made the advancement [Stone Age]',
  '{user} is now AFK: back in {n} minutes',
  '🔔 {name} just posted a new video: {link}',
  'CI | {repo} | {branch} | build {n} | SUCCESS | {link}',
  'CI | {repo} | {branch} | build {n} | FAILURE | {link}',
  ':white_check_mark: {repo} deployed by {name} ({id})',
  ':x: {repo} deploy broken by {name} ({id})',
  'Vote for {name} received, thanks for the support! Total: {n}',
  'CPU load on {repo} is {n}%',
  'Memory usage on {repo} is {n}%',
  '**{name}** caught a salmon weighing {n} g and earned {n} gold',
  '**{name}** caught a boot and earned nothing, {n} tries left',
  'Incident {id}: {name} is on call, acknowledged after {n} s',
  'Incident {id}: escalated to {name} after {n} s',
  'Incident {id}: resolved by {name} after {n} min',
  'Order #{n} was shipped to {name}, tracking {link}',
  'Order #{n} was refunded to {name}',
  '{name} hosts a raid with {n} viewers!',
  'Member {user} was muted by {name} for {n} minutes',
  'Member {user} was unmuted by {name}',
  'Heartbeat of {repo} missed {n} times since {time}',
  'Backup of volume {id} skipped: only {n} MB free',
  'Your streak of {n} days is in danger, {name}!',
  'Server time {time}, players online: {n}',
]

const firsts =
  'Ada Ben Cleo Dario Edda Finn Greta Hugo Iris Jonas Karla Levi Mina Nora Otto Pia Quentin Rosa Sven Tilda'.split(' ')
const lasts =
  'Lund Brandt Okafor Silva Tanaka Weber Novak Costa Jensen Haddad Moreau Kowalski Rossi Farouk Lindqvist'.split(' ')
const repos = 'promethean heron-api lighthouse web/shop tools.cli data_lake mill-gateway atlas-7 ferry pond'.split(' ')
const branches = 'main dev release/2.4 feature/login-form fix-1234 hotfix staging next'.split(' ')
/** Mulberry32. */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One message of a template. */
export function filled(template: string, next: () => number): string {
  const of = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!
  const number = (): number => Math.floor(10 ** (next() * 5))
  const name = (): string => {
    const parts = [of(firsts), of(lasts)]
    if (next() < 0.2) parts.splice(1, 0, `${of(firsts)[0]}.`)
    return next() < 0.3 ? `${of(firsts).toLowerCase()}_${number()}` : parts.slice(0, next() < 0.4 ? 1 : 3).join(' ')
  }
  return template.replaceAll(/\{(\w+)\}/g, (_, what: string) => {
    if (what === 'n') return String(number())
    if (what === 'name') return name()
    if (what === 'user') return `<@${Math.floor(1e17 + next() * 9e17)}>`
    if (what === 'repo') return of(repos)
    if (what === 'branch') return of(branches)
    if (what === 'time')
      return `${String(Math.floor(next() * 24)).padStart(2, '0')}:${String(Math.floor(next() * 60)).padStart(2, '0')}`
    if (what === 'id')
      return Math.floor(next() * 2 ** 40)
        .toString(16)
        .padStart(10, '0')
    return `https://example.org/${of(repos)}/${number()}?run=${number()}`
  })
}

/** Something that a person says: words as they come, none of them a frame for others. */
export function personal(n: number, next: () => number): string {
  const said = Array.from({ length: 5 + Math.floor(next() * 12) }, () => wordOf(Math.floor(next() * next() * 900)))
  return `${said.join(' ')}${next() < 0.3 ? '?' : '.'} ${n.toString(36)}`
}

function wordOf(index: number): string {
  const syllables = 'ba ke li mo nu ra se ti vo za fel gor hin jup'.split(' ')
  let word = ''
  for (let left = index + 13; left > 0; left = Math.floor(left / syllables.length))
    word += syllables[left % syllables.length]
  return word
}

export type FloodMessage = {
  readonly text: string
  readonly author: string
  readonly bot: boolean
  readonly template: number
}

/** So many copies of templates and messages of people, shuffled. Each bot has some templates of its own. */
export function floodOf(
  seed: number,
  {
    copies,
    people,
    bots = 4,
    from = templates,
  }: { copies: number; people: number; bots?: number; from?: readonly string[] },
): FloodMessage[] {
  const next = chance(seed)
  const messages: FloodMessage[] = []
  for (let n = 0; n < copies; n++) {
    const template = n < from.length * 4 ? n % from.length : Math.floor(next() * from.length)
    messages.push({ text: filled(from[template]!, next), author: `bot ${template % bots}`, bot: true, template })
  }
  for (let n = 0; n < people; n++) {
    messages.push({ text: personal(n, next), author: firsts[n % firsts.length]!, bot: false, template: -1 })
  }
  for (let at = messages.length - 1; at > 0; at--) {
    const to = Math.floor(next() * (at + 1))
    ;[messages[at], messages[to]] = [messages[to]!, messages[at]!]
  }
  return messages
}

/** A message as the adapter publishes it, in a channel of its own time. */
export function floodEvent({ text, author, bot }: FloodMessage, n: number, channel = '343299242963763200'): EventInput {
  const id = String((BigInt(1_760_000_000_000 - 1_420_070_400_000 + n * 10) << 22n) + BigInt(n))
  return {
    type: 'discord.message.new',
    id,
    ts: 1_760_000_000_000 + n * 10,
    source: { kind: 'discord', channel, author },
    payload: { text, author_name: author, channel_name: 'bots', ...(bot ? { bot } : {}) },
  }
}
