import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestNetwork, type TestNetwork, type TestProcess, type TestWallet } from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')

let loom: TestNetwork
let owner: TestWallet
let alice: TestWallet
let bob: TestWallet
let carol: TestWallet
let bank: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  owner = loom.wallet('owner')
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
  carol = loom.wallet('carol')
})
afterAll(() => loom.close())

beforeEach(async () => {
  bank = await loom.spawn({ wallet: owner, code })
  await batch(owner, [{ recipient: alice.address, quantity: '100' }])
})

function batch(from: TestWallet, transfers: unknown, tags = {}) {
  const data = typeof transfers === 'string' ? transfers : JSON.stringify(transfers)
  return bank.send({ from, action: 'Batch-Transfer', tags, data })
}

function balances() {
  return bank.state('Balances')
}

/** Recipients of the notices in a result. */
function credited(messages: readonly { action: string | undefined; target: string }[]) {
  return messages.filter(({ action }) => action === 'Credit-Notice').map(({ target }) => target)
}

describe('a batch without failure', () => {
  test.each(['Partial', 'Atomic'])('is done whole in mode %s', async (mode) => {
    const transfers = [
      { recipient: bob.address, quantity: '30' },
      { recipient: carol.address, quantity: '70' },
    ]
    const { reply, messages } = await batch(alice, transfers, { Mode: mode })
    expect(reply).toMatchObject({ action: 'Batch-Report', tags: { Mode: mode, Done: '2', Failed: '0' } })
    expect(JSON.parse(reply?.data ?? '')).toEqual([
      { index: 1, recipient: bob.address, quantity: '30', status: 'done' },
      { index: 2, recipient: carol.address, quantity: '70', status: 'done' },
    ])
    expect(credited(messages)).toEqual([bob.address, carol.address])
    expect(await balances()).toEqual({ [owner.address]: 999_900, [bob.address]: 30, [carol.address]: 70 })
    expect((await loom.received(carol)).at(-1)).toMatchObject({ tags: { Sender: alice.address, Quantity: '70' } })
  })

  test('may name a recipient more than once, and the sender', async () => {
    const to = (wallet: TestWallet, quantity: string) => ({ recipient: wallet.address, quantity })
    const { reply } = await batch(alice, [to(bob, '40'), to(bob, '40'), to(alice, '20'), to(bob, '20')])
    expect(reply?.tags.Failed).toBe('0')
    expect(await balances()).toEqual({ [owner.address]: 999_900, [bob.address]: 100 })
  })

  test('is understood as decoded JSON too', async () => {
    const tags = { 'Content-Type': 'application/json' }
    const { reply } = await batch(alice, [{ recipient: bob.address, quantity: '1' }], tags)
    expect(reply?.tags.Done).toBe('1')
  })
})

describe('a batch with failures', () => {
  const transfers = () => [
    { recipient: bob.address, quantity: '60' },
    { recipient: 'nobody', quantity: '10' },
    { recipient: carol.address, quantity: '50' },
    { recipient: carol.address, quantity: '40' },
  ]
  const reasons = [
    undefined,
    'recipient must be an address of 43 characters',
    'insufficient balance: 40 left at this point',
    undefined,
  ]

  test('in mode Partial does what can be done, and says what was not', async () => {
    const { reply, messages } = await batch(alice, transfers())
    expect(reply?.tags).toMatchObject({ Mode: 'Partial', Done: '2', Failed: '2' })
    const report = JSON.parse(reply?.data ?? '') as { status: string; reason?: string }[]
    expect(report.map(({ status }) => status)).toEqual(['done', 'failed', 'failed', 'done'])
    expect(report.map(({ reason }) => reason)).toEqual(reasons)
    expect(credited(messages)).toEqual([bob.address, carol.address])
    expect(await balances()).toEqual({ [owner.address]: 999_900, [bob.address]: 60, [carol.address]: 40 })
  })

  test('in mode Atomic does nothing, and says why', async () => {
    const before = await balances()
    const { reply, messages } = await batch(alice, transfers(), { Mode: 'Atomic' })
    expect(reply?.tags).toMatchObject({ Mode: 'Atomic', Done: '0', Failed: '2' })
    const report = JSON.parse(reply?.data ?? '') as { status: string; reason?: string }[]
    expect(report.map(({ status }) => status)).toEqual(['not done', 'failed', 'failed', 'not done'])
    expect(report.map(({ reason }) => reason)).toEqual(reasons)
    expect(credited(messages)).toEqual([])
    expect(await balances()).toEqual(before)
  })

  test.each([
    { name: 'a number as quantity', item: { quantity: 5 } },
    { name: 'a negative quantity', item: { quantity: '-5' } },
    { name: 'a fraction', item: { quantity: '0.5' } },
    { name: 'no quantity', item: {} },
  ])('fails a transfer with $name', async ({ item }) => {
    const { reply } = await batch(alice, [{ recipient: bob.address, ...item }])
    expect(JSON.parse(reply?.data ?? '')).toMatchObject([
      { status: 'failed', reason: expect.stringMatching(/^quantity/) },
    ])
    expect(await balances()).toEqual({ [owner.address]: 999_900, [alice.address]: 100 })
  })

  test('fails what is no transfer at all, or an infinite number, and does the rest', async () => {
    const data = `["text", 5, {"recipient": 1e999, "quantity": 1e999}, {"recipient": "${bob.address}", "quantity": "1"}]`
    const { reply, error } = await batch(alice, data)
    expect(error).toBeUndefined()
    expect(reply?.tags).toMatchObject({ Done: '1', Failed: '3' })
  })

  test('takes nothing from a sender who has nothing', async () => {
    const { reply } = await batch(carol, [{ recipient: bob.address, quantity: '1' }])
    expect(JSON.parse(reply?.data ?? '')).toMatchObject([{ reason: 'insufficient balance: 0 left at this point' }])
  })
})

describe('a batch is refused as a whole', () => {
  test.each([
    { name: 'text', data: 'pay bob' },
    { name: 'nothing', data: '' },
    { name: 'an empty list', data: '[]' },
    { name: 'an object', data: '{"recipient":"x","quantity":"1"}' },
    { name: 'a list with a hole', data: '[{"recipient":"x","quantity":"1"}, null, {"recipient":"x","quantity":"1"}]' },
    { name: 'a number', data: '5' },
  ])('when the data is $name', async ({ data }) => {
    const { reply, messages } = await batch(alice, data)
    expect(reply).toMatchObject({
      action: 'Batch-Transfer-Error',
      tags: { Error: expect.stringMatching(/^Data must be/) },
    })
    expect(messages).toHaveLength(1)
  })

  test('when it is too long', async () => {
    const one = { recipient: bob.address, quantity: '1' }
    expect((await batch(alice, Array(101).fill(one))).reply?.tags.Error).toMatch(/^At most 100 .* has 101\.$/)
    expect((await batch(alice, Array(100).fill(one))).reply?.tags.Done).toBe('100')
  })

  test('when the mode is unknown', async () => {
    const { reply } = await batch(alice, [{ recipient: bob.address, quantity: '1' }], { Mode: 'Maybe' })
    expect(reply?.tags.Error).toBe('Mode must be Partial or Atomic.')
    expect(await balances()).toEqual({ [owner.address]: 999_900, [alice.address]: 100 })
  })
})

test('a process pays its people and reads the report', async () => {
  const payroll = await loom.spawn({ wallet: owner })
  await batch(owner, [{ recipient: payroll.id, quantity: '50' }])
  await payroll.eval(`
    local report = Send({ Target = "${bank.id}", Action = "Batch-Transfer", Data = {
      { recipient = "${bob.address}", quantity = "30" }, { recipient = "${carol.address}", quantity = "30" },
    } }).receive()
    Failed = {}
    for _, outcome in ipairs(report.Data) do
      if outcome.status ~= "done" then Failed[#Failed + 1] = outcome.index .. ": " .. outcome.reason end
    end`)
  expect(await payroll.state('Failed')).toEqual(['2: insufficient balance: 20 left at this point'])
  const { reply } = await bank.dryRun({ action: 'Balance', tags: { Account: payroll.id } })
  expect(reply?.data).toBe('20')
})
