// A store is where bytes rest. This one keeps them in memory and tells of every commit; yours passes the same suite:
// `storeConformance` of 'promethean/testing', with the test runner that you use.
import { createEngine, type Store } from 'promethean'
import { ram } from 'promethean/stores/ram'
import { mind } from 'promethean/systems'

/** Any store, watched. */
function watched(store: Store, tell: (line: string) => void): Store {
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (name !== 'commit') return typeof member === 'function' ? member.bind(target) : member
      const commit: Store['commit'] = async (what) => {
        await target.commit(what)
        tell(`tick ${what.tick}: ${what.puts.map(({ table, key }) => `${table} ${key}`).join(', ') || 'no records'}`)
      }
      return commit
    },
  })
}

const engine = await createEngine({ ...mind(), store: watched(ram(), console.log), drive: 'manual', clock: () => 0 })
engine.publish({ type: 'note.written', payload: { text: 'Bread rises.' } })
await engine.step()
console.log(engine.read('text', 1))
await engine.stop()
