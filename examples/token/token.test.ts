import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestNetwork, type TestNetwork, type TestProcess, type TestWallet } from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')
const supply = '1000000000000000000'
const integerMax = '9223372036854775807'

let loom: TestNetwork
let owner: TestWallet
let alice: TestWallet
let bob: TestWallet
let token: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  owner = loom.wallet('owner')
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
})
afterAll(() => loom.close())

beforeEach(async () => {
  token = await loom.spawn({ wallet: owner, code })
  await transfer(owner, alice.address, '1000')
})

function transfer(from: TestWallet, recipient: string, quantity: string, tags = {}) {
  return token.send({ from, action: 'Transfer', tags: { Recipient: recipient, Quantity: quantity, ...tags } })
}

async function balances(): Promise<Record<string, string>> {
  const { reply } = await token.dryRun({ action: 'Balances' })
  return JSON.parse(reply?.data ?? '{}') as Record<string, string>
}

test('tells what it is', async () => {
  const { reply } = await token.send({ from: bob, action: 'Info' })
  expect(reply).toMatchObject({
    target: bob.address,
    tags: { Name: 'Learner Token', Ticker: 'LEARN', Denomination: '12', 'Total-Supply': supply },
  })
})

test('gives the balance of the sender, or of anyone', async () => {
  const own = await token.send({ from: alice, action: 'Balance' })
  expect(own.reply).toMatchObject({ action: 'Balance-Notice', data: '1000', tags: { Account: alice.address } })
  const other = await token.send({ from: alice, action: 'Balance', tags: { Recipient: bob.address } })
  expect(other.reply).toMatchObject({ data: '0', tags: { Account: bob.address } })
})

describe('Transfer', () => {
  test('moves tokens and tells both', async () => {
    const { messages, error } = await transfer(alice, bob.address, '300', { 'X-Order': '42' })
    expect(error).toBeUndefined()
    expect(messages).toMatchObject([
      {
        target: alice.address,
        tags: { Action: 'Debit-Notice', Recipient: bob.address, Quantity: '300', 'X-Order': '42' },
      },
      {
        target: bob.address,
        tags: { Action: 'Credit-Notice', Sender: alice.address, Quantity: '300', 'X-Order': '42' },
      },
    ])
    expect(await balances()).toEqual({
      [owner.address]: '999999999999999000',
      [alice.address]: '700',
      [bob.address]: '300',
    })
    expect((await loom.received(bob)).at(-1)).toMatchObject({ from: token.id, action: 'Credit-Notice' })
  })

  test('of everything leaves no account behind', async () => {
    await transfer(alice, bob.address, '1000')
    expect(await balances()).toEqual({ [owner.address]: '999999999999999000', [bob.address]: '1000' })
  })

  test('to oneself changes nothing', async () => {
    const before = await balances()
    const { reply } = await transfer(alice, alice.address, '1000')
    expect(reply?.action).toBe('Debit-Notice')
    expect(await balances()).toEqual(before)
  })

  const refusals = [
    { name: 'more than there is', quantity: '1001', error: 'Insufficient balance: you have 1000.' },
    { name: 'nothing', quantity: '0', error: /^Quantity must be/ },
    { name: 'a negative quantity', quantity: '-5', error: /^Quantity must be/ },
    { name: 'a fraction', quantity: '1.5', error: /^Quantity must be/ },
    { name: 'scientific notation', quantity: '1e2', error: /^Quantity must be/ },
    { name: 'hexadecimal', quantity: '0x10', error: /^Quantity must be/ },
    { name: 'leading zeros', quantity: '007', error: /^Quantity must be/ },
    { name: 'words', quantity: 'all', error: /^Quantity must be/ },
    { name: 'one above the largest integer', quantity: '9223372036854775808', error: /^Quantity must be/ },
    { name: 'a recipient of the wrong shape', recipient: 'bob', error: /^Recipient must be/ },
  ]

  test.each(refusals)('refuses $name', async ({ quantity = '5', recipient = bob.address, error }) => {
    const before = await balances()
    const result = await transfer(alice, recipient, quantity)
    expect(result.error).toBeUndefined()
    expect(result.messages).toHaveLength(1)
    expect(result.reply).toMatchObject({ action: 'Transfer-Error', tags: { Error: expect.stringMatching(error) } })
    expect(await balances()).toEqual(before)
  })

  test('refuses a message without recipient and quantity', async () => {
    const { reply } = await token.send({ from: alice, action: 'Transfer' })
    expect(reply?.tags.Error).toMatch(/^Recipient must be/)
    const second = await token.send({ from: alice, action: 'Transfer', tags: { Recipient: bob.address } })
    expect(second.reply?.tags.Error).toMatch(/^Quantity must be/)
  })

  test('refuses a sender without account', async () => {
    const { reply } = await transfer(loom.wallet('carol'), bob.address, '1')
    expect(reply?.tags.Error).toBe('Insufficient balance: you have 0.')
  })
})

describe('with other processes', () => {
  // A shop that ships what was paid for, and trusts nobody's notices but the token's.
  const shopCode = () => `
    Orders = {}
    Handlers.add("Credit-Notice", "Credit-Notice", function(msg)
      if msg.From ~= "${token.id}" then return end
      Orders[msg.Tags["X-Order"]] = { paid = msg.Quantity, by = msg.Sender }
    end)`

  test('a process learns who paid what, and pays out itself', async () => {
    const shop = await loom.spawn({ wallet: bob, code: shopCode() })
    await transfer(alice, shop.id, '250', { 'X-Order': 'book' })
    expect(await shop.state('Orders')).toEqual({ book: { paid: '250', by: alice.address } })

    await shop.eval(
      `Send({ Target = "${token.id}", Action = "Transfer", Recipient = "${alice.address}", Quantity = "50" })`,
    )
    await loom.idle()
    expect(await balances()).toMatchObject({ [alice.address]: '800', [shop.id]: '200' })
    expect((await shop.inbox()).map(({ action }) => action)).toEqual(['Debit-Notice'])
  })

  test('a forged notice is not a payment', async () => {
    const shop = await loom.spawn({ wallet: bob, code: shopCode() })
    const forged = { Sender: alice.address, Quantity: '250', 'X-Order': 'book' }
    await shop.send({ from: alice, action: 'Credit-Notice', tags: forged })
    expect(await shop.state('Orders')).toEqual([])
  })

  test('a process waits for the answer to its question', async () => {
    const reader = await loom.spawn({ wallet: bob })
    await reader.eval(`
      local answer = Send({ Target = "${token.id}", Action = "Balance", Recipient = "${alice.address}" }).receive()
      Seen = answer.Data`)
    expect(await reader.state('Seen')).toBe('1000')
  })

  test('a sender cannot make a notice look like the answer to a question', async () => {
    const { messages } = await transfer(alice, bob.address, '1', { 'X-Reference': '7', 'X-Origin': alice.address })
    const credit = messages.find(({ action }) => action === 'Credit-Notice')
    expect(credit?.tags).not.toHaveProperty('X-Reference')
    expect(credit?.tags).not.toHaveProperty('X-Origin')
  })
})

describe('Mint and Burn', () => {
  test('the owner mints, anyone burns, and the supply is the sum of all balances', async () => {
    const minted = await token.send({ from: owner, action: 'Mint', tags: { Quantity: '500' } })
    expect(minted.reply).toMatchObject({ action: 'Mint-Notice', tags: { 'Total-Supply': '1000000000000000500' } })
    const burned = await token.send({ from: alice, action: 'Burn', tags: { Quantity: '400' } })
    expect(burned.reply).toMatchObject({ action: 'Burn-Notice', tags: { 'Total-Supply': '1000000000000000100' } })
    const all = Object.values(await balances()).reduce((sum, balance) => sum + BigInt(balance), 0n)
    expect(all).toBe(1000000000000000100n)
  })

  test('others may not mint, and nobody more than fits', async () => {
    const before = await balances()
    const stranger = await token.send({ from: alice, action: 'Mint', tags: { Quantity: '500' } })
    expect(stranger.reply).toMatchObject({ action: 'Mint-Error', tags: { Error: 'Only the owner may mint.' } })
    const tooMuch = await token.send({ from: owner, action: 'Mint', tags: { Quantity: integerMax } })
    expect(tooMuch.reply?.tags.Error).toBe(`The supply cannot exceed ${integerMax}.`)
    const notNumber = await token.send({ from: owner, action: 'Mint', tags: { Quantity: 'much' } })
    expect(notNumber.reply?.tags.Error).toMatch(/^Quantity must be/)
    expect(await balances()).toEqual(before)

    const room = (BigInt(integerMax) - BigInt(supply)).toString()
    const full = await token.send({ from: owner, action: 'Mint', tags: { Quantity: room } })
    expect(full.reply?.tags['Total-Supply']).toBe(integerMax)
  })

  test('nobody burns what they do not have', async () => {
    const { reply } = await token.send({ from: bob, action: 'Burn', tags: { Quantity: '1' } })
    expect(reply).toMatchObject({ action: 'Burn-Error', tags: { Error: 'Insufficient balance: you have 0.' } })
  })
})

test('loading the code again keeps the state', async () => {
  await token.send({ from: owner, action: 'Mint', tags: { Quantity: '500' } })
  const before = await balances()
  await token.eval(code)
  expect(await balances()).toEqual(before)
  expect((await token.dryRun({ action: 'Info' })).reply?.tags['Total-Supply']).toBe('1000000000000000500')
  const { messages } = await transfer(alice, bob.address, '1')
  expect(messages).toHaveLength(2)
})
