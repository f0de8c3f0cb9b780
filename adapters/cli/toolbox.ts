import { existsSync } from 'node:fs'
import type { View } from '../../engine/flow/adapter.ts'
import { LockedBy, Session, Subscription } from '../../systems/agents/columns.ts'
import { filterOf } from '../../systems/agents/filters.ts'
import { isPrivate as isPrivateSession } from '../../systems/agents/sessions.ts'
import { matcherOf } from '../../systems/route/projection.ts'
import { notesPort } from '../fs/port.ts'
import type { SearchAdapter } from '../search.ts'
import { allTools, type FiltersPort, type Tool, type ToolsAdapter, tools } from '../tools.ts'
import type { Config } from './config.ts'
import { noteCheckOf } from './note-check.ts'

/** The tools of a config: those that come with the mind, those that it turns on, and those of its module. */
export type Toolbox = {
  readonly tools: readonly Tool[]
  /** Names that a session may name, also those that are off or have nothing to work on here. */
  readonly names: readonly string[]
  /** The adapter that runs them; `see` gives it the world, once there is one. */
  adapter(search: SearchAdapter): { readonly adapter: ToolsAdapter; see(view: View): void }
}

/** @param given tools of the config's module, which may not have the names of others */
export function toolboxOf(config: Config, given: readonly Tool[]): Toolbox {
  let world: View | undefined
  const check = noteCheckOf(config.policy)
  const notes = notesPort(config.notes, { check: (_path, text) => check(text) })
  const isPrivate = (session: string): boolean => world === undefined || isPrivateSession(world.world, session)
  const filters: FiltersPort = (session) => (world === undefined ? [] : filtersOf(world, session))
  const { web_fetch = false } = config.tools
  const fetching = web_fetch === false ? {} : { web_fetch: web_fetch === true ? {} : web_fetch }
  // Where there is no folder of notes, a model is not told of tools that could only fail.
  const folder = existsSync(config.notes) ? { notes } : {}
  const all = [...allTools({ ...folder, isPrivate, filters, ...fetching }), ...given]
  return {
    tools: all,
    names: [...new Set([...ownToolNames(), ...given.map(({ name }) => name)])],
    adapter: (search) => {
      const recall: SearchAdapter['recall'] = (query, options) => search.recall(query, options)
      const adapter = tools({ tools: all, recall, redact: redactor([config.model.api_key, config.discord?.token]) })
      return {
        adapter,
        see: (view) => {
          world = view
        },
      }
    },
  }
}

/** Names of the tools that come with the mind, also of those that are off unless they are named. */
export function ownToolNames(): string[] {
  return allTools({ notes: notesPort('.'), web_fetch: {} }).map(({ name }) => name)
}

/** Neither the endpoint's key nor the bot's token ever reaches a model by way of a tool. */
function redactor(keys: readonly (string | undefined)[]): (text: string) => string {
  const secrets = keys.filter((key): key is string => key !== undefined && key.length >= 8)
  return (text) => secrets.reduce((rest, key) => rest.replaceAll(key, '[key]'), text)
}

/** The filters of a session that are in force. O(its filters). */
function filtersOf(view: View, key: string): ReturnType<FiltersPort> {
  const session = view.world.find(Session, key)
  if (session === 0) return []
  const { locked_by } = view.world.of(Subscription)
  return matcherOf(view)
    .rowsOf(session)
    .map((row) => {
      return { filter: filterOf(view.read('filter', row) ?? '{}'), locked: locked_by[row] !== LockedBy.session }
    })
}
