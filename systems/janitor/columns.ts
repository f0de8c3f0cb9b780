import { archetype, singleton, states, table } from '../../engine/world/archetype.ts'

/** What the janitor keeps: rules that it proposed, its reports, and which channels are warm. */

export const RuleState = states('none', 'proposed', 'active', 'refused', 'ended')

/** A rule: a family of messages of programs is only counted, and wakes nobody. In force only with the operator's yes. */
export const Rule = table(
  'Rule',
  {
    state: 'u8', //             RuleState
    family: 'u32', //           row in Family
    members: 'f64', //          of the family, when the rule was proposed or decided last
    proposed_at_ms: 'f64',
    decided_at_ms: 'f64',
    suppressed: 'f64', //       messages it has kept away
  },
  { rows_max: 100_000 },
)

/** What is known of the channel with the same row in DiscordChannel: how far its rate and the last report have counted. */
export const ChannelWatch = table(
  'ChannelWatch',
  {
    warm: 'u32', //             its Warm entity; 0 = it is cold
    heard: 'f64', //            messages that its rate includes
    heard_counted: 'f64', //    of these, only counted
    people: 'f64', //           the next four as they were at the last report
    bots: 'f64',
    counted: 'f64',
    suppressed: 'f64',
  },
  { rows_max: 65_536 },
)

/** A channel that was heard of lately: its rate fades until it is cold and costs nothing. */
export const Warm = archetype('Warm', { channel: 'u32' })

/** Whether the last report waits for words: `asked` until a turn takes it up, `taken` until that turn says them. */
export const Wording = states('none', 'asked', 'taken')

/** The running report. */
export const Janitor = singleton('Janitor', {
  since_ms: 'f64', //           beginning of the report that is being gathered; 0 = nothing was heard yet
  due_at_ms: 'f64', //          when it is given; 0 = only when it is asked for
  reports: 'u32',
  messages: 'f64', //           heard since then
  counted: 'f64', //            of these, only counted
  elsewhere: 'f64', //          of these, said by programs outside Discord
  families: 'u32', //           that became known since then
  families_known: 'u32', //     rows in Family at the last report
  turn: 'u32', //               that words the last report; 0 = none does
  wording: 'u8', //             Wording of the last report
  wording_until_ms: 'f64', //   then its numbers go out as they are
  reported_tick: 'f64', //      when the last report was given
  reported_at_ms: 'f64',
  rated_at_ms: 'f64', //        to which time the rates of warm channels are true
  left_alone: 'f64', //         orders about rules that meant nothing, or came from somebody else
})

export const janitorArchetypes = [Rule, ChannelWatch, Warm, Janitor] as const
export const janitorRecords = ['report'] as const
