import assert from 'node:assert/strict'
import { test } from 'node:test'
import { total } from './cart.js'

test('a cart costs what all of its things cost', () => {
  assert.equal(
    total([
      { price: 250, count: 2 },
      { price: 99, count: 1 },
    ]),
    599,
  )
})
