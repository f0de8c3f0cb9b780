import type { Flooded } from './discord/flood.ts'
import { start } from './memory/children.ts'
import { type Concern, type Row, type Scale, withFolder } from './support.ts'

/** Floods of programs through the adapter's path into memory and families, with people among them. */
export const discord: Concern = {
  name: 'discord',
  about:
    'messages from the gateway into memory and families, 200,000 of them or with --full a million, 2,000 of people',
  run: (scale) => withFolder((folder) => flood(folder, scale)),
}

const people = 2_000

async function flood(folder: string, scale: Scale): Promise<Row[]> {
  const count = scale.rows(scale.full || scale.smoke ? 1_000_000 : 200_000)
  const child = start('../discord/flood.ts', [folder, String(count), String(Math.min(people, count / 10))])
  const found = await child.said<Flooded>('flooded')
  await child.ended()
  if (found.people + found.bots !== count)
    throw new Error(`${found.people + found.bots} of ${count} messages were heard`)
  if (found.ofPeople !== found.people)
    throw new Error(`${found.ofPeople} of ${found.people} people's messages are memories`)
  const [warm = 0] = found.own
  const growth = Math.max(...found.own) / warm
  const { families, members, memories, mapped, record_bytes } = found
  const kept = `${families} families of ${members} members, ${memories} memories served, ${found.ofPeople} of people`
  const sizes = `${mb(warm)} of its own after a quarter, ${mb(found.own.at(-1) ?? 0)} at the end; ${mb(mapped)} of mapped files, ${mb(record_bytes)} on disk`
  const isGoal = !scale.smoke
  const rate: Row = { name: 'flood', value: found.rate, unit: 'messages/s', detail: kept }
  const memory: Row = { name: 'flood, memory', value: growth, unit: '× when warm', detail: sizes }
  if (!isGoal) return [rate, memory]
  return [
    { ...rate, goal: '>= 20000', met: found.rate >= 20_000 },
    { ...memory, goal: '<= 1.05', met: growth <= 1.05 },
  ]
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
