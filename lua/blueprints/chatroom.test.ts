import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestNetwork, type TestNetwork, type TestProcess, type TestWallet } from '../../src/testing/testing.ts'

const code = readFileSync(new URL('chatroom.lua', import.meta.url), 'utf8')

let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let room: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
})
afterAll(() => loom.close())

beforeEach(async () => {
  room = await loom.spawn({ code })
})

async function answer(from: TestWallet, action: string, data = ' '): Promise<string | undefined> {
  return (await room.send({ from, action, data })).reply?.data
}

test('says that it is loaded, and keeps its members when loaded again', async () => {
  await answer(alice, 'Register')
  expect((await room.eval(code)).output).toBe('Chatroom loaded, members: 1.')
  expect(await room.state('Members')).toEqual([alice.address])
})

test('registers once', async () => {
  expect(await answer(alice, 'Register')).toBe('Registered.')
  expect(await answer(alice, 'Register')).toBe('Already registered.')
  expect(await answer(bob, 'Register')).toBe('Registered.')
  expect(await room.state('Members')).toEqual([alice.address, bob.address])
})

test('unregisters those who are registered, and leaves no double behind', async () => {
  await room.eval(`Members = { "${alice.address}", "${bob.address}", "${alice.address}", "${alice.address}" }`)
  expect(await answer(alice, 'Unregister')).toBe('Unregistered')
  expect(await room.state('Members')).toEqual([bob.address])
  expect(await answer(alice, 'Unregister')).toBe('Not registered')
})

test('sends a broadcast once to each member, wallets and processes, the sender too', async () => {
  const reader = await loom.spawn()
  await reader.eval(`Send({ Target = "${room.id}", Action = "Register" })`)
  await loom.idle()
  await answer(alice, 'Register')
  await answer(bob, 'Register')
  await room.eval(`table.insert(Members, "${bob.address}")`)

  const { messages, reply } = await room.send({ from: alice, action: 'Broadcast', data: 'Good morning' })
  expect(messages.map(({ target, action }) => [target, action])).toEqual([
    [reader.id, 'Broadcast-Notice'],
    [alice.address, 'Broadcast-Notice'],
    [bob.address, 'Broadcast-Notice'],
    [alice.address, undefined],
  ])
  expect(reply).toMatchObject({ action: 'Broadcast-Notice', data: 'Good morning' })
  expect(messages.at(-1)?.data).toBe('Broadcasted.')
  const notice = {
    from: room.id,
    action: 'Broadcast-Notice',
    data: 'Good morning',
    tags: { Broadcaster: alice.address },
  }
  expect((await loom.received(bob)).at(-1)).toMatchObject(notice)
  expect((await reader.inbox()).at(-1)).toMatchObject(notice)
})

test('never sends a broadcast to itself', async () => {
  await room.eval('Send({ Target = ao.id, Action = "Register" })')
  await loom.idle()
  await answer(alice, 'Register')
  expect(await room.state('Members')).toEqual([room.id, alice.address])
  const { messages } = await room.send({ from: bob, action: 'Broadcast', data: 'Hello' })
  expect(messages.map(({ target }) => target)).toEqual([alice.address, bob.address])
})

test('is full at some point, and says so', async () => {
  await room.eval('MembersMax = 1')
  await answer(alice, 'Register')
  expect(await answer(bob, 'Register')).toBe('The room is full: 1 members.')
  expect(await answer(alice, 'Register')).toBe('Already registered.')
  expect(await room.state('Members')).toEqual([alice.address])
})
