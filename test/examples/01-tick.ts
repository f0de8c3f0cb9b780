// A world of your own: an event goes in, a system moves columns, the same events always give the same digest.
import { archetype, createEngine, eventType, objectOf, system } from 'promethean'
import { ram } from 'promethean/stores/ram'

const Thrown = eventType<{ speed: number }>('ball.thrown', objectOf({ speed: { type: 'number' } }))
const Landed = eventType<{ ball: number }>('ball.landed', objectOf({ ball: { type: 'integer' } }))
const Ball = archetype('Ball', { height: 'f32', speed: 'f32' })

const fall = system('fall', ({ world, events, emit }) => {
  const { height, speed } = world.of(Ball)
  for (const event of events) {
    if (Thrown.is(event)) speed[world.spawn(Ball)] = event.payload.speed
  }
  for (const ball of world.each(Ball)) {
    height[ball]! += speed[ball]! * 0.05
    speed[ball]! -= 9.81 * 0.05
    if (height[ball]! > 0) continue
    world.kill(ball)
    emit(Landed, { ball })
  }
})

const parts = { archetypes: [Ball], systems: [fall], events: [Thrown, Landed], effects: [], records: [] }
const engine = await createEngine({ ...parts, store: ram(), drive: 'manual', clock: () => 0 })
engine.on('ball.landed', () => console.log(`landed at tick ${engine.tick}`))
engine.publish({ type: 'ball.thrown', id: 'first', ts: 0, payload: { speed: 5 } })
for (let n = 0; n < 40; n++) await engine.step()
console.log(`digest ${engine.digest()}`)
await engine.stop()
