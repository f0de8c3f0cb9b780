import type { JanitorReport } from '../events.ts'
import { quoted } from './defuse.ts'

/** A report in plain English, from its numbers alone. */

/** Most UTF-16 units of a report in words: it is one message. */
export const reportUnits_max = 1_900
/** What the sections may take, at most; what one leaves free the next may have. */
const proposalUnits = 700
const familyUnits = 800
const templateUnits = 90
const nameUnits = 40

/** What a report has besides what it names. */
export type Rest = {
  /** Channels in which something was said. */
  readonly channels: number
  /** Families that were said again, and those of them that are new. */
  readonly families: number
  readonly fresh: number
  /** Families that were said often enough for a rule, beyond those that one report may propose. */
  readonly proposals: number
  /** Rules that wait for the operator's word since an earlier report. */
  readonly waiting: number
}

/** The words of a report: at most 1,900 units, with what had no room counted. */
export function wordsOf(report: Omit<JanitorReport, 'text'>, rest: Rest): string {
  const { channels, families, proposals } = report
  let words = headOf(report, rest)
  const add = (title: string, lines: readonly string[], unnamed: number, units: number): void => {
    words += section(title, lines, unnamed, Math.min(units, reportUnits_max - words.length))
  }
  const names = new Map(channels.map(({ channel, name }) => [channel, name || channel]))
  add('Rules that wait for your yes (`promethean janitor allow N`):', proposals.map(proposed), 0, proposalUnits)
  const said = families.map((family) => saidOften(family, names.get(family.channel) ?? ''))
  add('Said most:', said, rest.families - families.length, familyUnits)
  add('Channels:', channels.map(heard), rest.channels - channels.length, reportUnits_max)
  return words
}

/** A number with its thousands apart: `12,034`. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A length of time to the minute: `1 h 5 min`. */
export function duration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  if (minutes === 0) return 'less than a minute'
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24]
  const parts = [days > 0 ? `${grouped(days)} d` : '', hours > 0 ? `${hours} h` : '', `${minutes % 60} min`]
  return parts.filter((part) => part !== '' && part !== '0 min').join(' ')
}

type Reported<K extends 'channels' | 'families' | 'proposals'> = JanitorReport[K][number]

function headOf({ report, since_ms, until_ms, messages, counted }: Omit<JanitorReport, 'text'>, rest: Rest): string {
  const kept = messages === 0 ? '' : compacted(messages, counted)
  const open = rest.waiting === 0 ? '' : ` ${many(rest.waiting, 'older rule waits', 'older rules wait')} for your word.`
  const beyond = rest.proposals === 0 ? '' : ` ${grouped(rest.proposals)} more came often enough for a rule.`
  const heard = `${many(messages, 'message', 'messages')} in ${duration(until_ms - since_ms)}.`
  return `Report ${report}: ${heard}${kept}${patterns(rest)}${beyond}${open}`
}

function compacted(messages: number, counted: number): string {
  if (counted <= 0) return ' All of them were looked at one by one.'
  const kept = Math.max(0, messages - counted)
  return ` ${grouped(counted)} of them became numbers, ${grouped(kept)} were looked at one by one.`
}

function patterns({ families, fresh }: Rest): string {
  if (families === 0) return ' No pattern was said again.'
  const known = fresh === 0 ? 'none of them new' : `${grouped(fresh)} of them new`
  return ` ${many(families, 'pattern was', 'patterns were')} said again, ${known}.`
}

function proposed({ rule, template, why }: Reported<'proposals'>): string {
  return `- rule ${rule}: only count ${quoted(template, templateUnits)}, ${why}`
}

function saidOften({ template, count, recent, fresh }: Reported<'families'>, channel: string): string {
  const where = channel === '' ? '' : ` in ${quoted(channel, nameUnits)}`
  return `- ${times(recent)}${where}: ${quoted(template, templateUnits)} (${fresh ? 'new, ' : ''}${grouped(count)} in all)`
}

function heard({ channel, name, people, bots, counted, suppressed, rate, pressure }: Reported<'channels'>): string {
  const parts = [
    `${grouped(people)} of people`,
    `${grouped(bots)} of programs`,
    ...(counted > 0 ? [`${grouped(counted)} only counted`] : []),
    ...(suppressed > 0 ? [`${grouped(suppressed)} kept away by rules`] : []),
    `${grouped(rate)} a minute now`,
    ...(pressure === 'none' ? [] : [`pressure ${pressure}`]),
  ]
  return `- ${quoted(name || channel, nameUnits)}: ${parts.join(', ')}`
}

/** A title and as many lines as fit, and how many did not; nothing when there is nothing to say. */
function section(title: string, lines: readonly string[], unnamed: number, units: number): string {
  if (lines.length + unnamed <= 0) return ''
  let text = `\n\n${title}`
  let named = 0
  for (const line of lines) {
    const left = lines.length - named - 1 + unnamed
    const more = left > 0 ? leftOut(left).length : 0
    if (text.length + 1 + line.length + more > units) break
    text += `\n${line}`
    named++
  }
  const left = lines.length - named + unnamed
  if (left > 0) text += leftOut(left)
  return text.length <= units ? text : ''
}

function leftOut(count: number): string {
  return `\n- and ${grouped(count)} more`
}

/** How often: `once`, `1,234 times`. */
export function times(count: number): string {
  return count === 1 ? 'once' : `${grouped(count)} times`
}

function many(count: number, one: string, several: string): string {
  return `${grouped(count)} ${count === 1 ? one : several}`
}
