import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { createTestNetwork } from 'ao-loom/testing'

// A whole network in memory: real processes, real messages, no server.
const loom = await createTestNetwork()
after(() => loom.close())
const alice = loom.wallet('alice')

let guestBook
beforeEach(async () => {
  guestBook = await loom.spawn({ file: 'process.lua' })
})

const visit = (tags) => guestBook.send({ from: alice, action: 'Visit', tags })

test('greets a guest, and knows who comes back', async () => {
  const first = await visit({ Guest: 'Alice' })
  assert.equal(first.reply.data, 'Welcome, Alice!')
  const second = await visit({ Guest: 'Alice' })
  assert.equal(second.reply.data, 'Welcome back, Alice! This is visit 2.')
  assert.deepEqual(await guestBook.state('Visits'), { [alice.address]: 2 })
})

test('refuses a visit without a name, and does not count it', async () => {
  const { reply } = await visit({})
  assert.equal(reply.action, 'Visit-Error')
  assert.deepEqual(await guestBook.state('Visits'), [])
})

test('keeps the visits when the code is loaded again', async () => {
  await visit({ Guest: 'Alice' })
  await guestBook.load('process.lua')
  const { reply } = await visit({ Guest: 'Alice' })
  assert.equal(reply.tags.Count, '2')
})
