import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createTestNetwork,
  type TestNetwork,
  type TestProcess,
  type TestResult,
  type TestTags,
  type TestWallet,
} from '../../src/testing/testing.ts'

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const code = read('subledger.lua')
const tokenCode = read('token.lua')

let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let mallory: TestWallet
let parent: TestProcess
let subledger: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
  mallory = loom.wallet('mallory')
})
afterAll(() => loom.close())

beforeEach(async () => {
  const accounts = [alice, bob, mallory].map(({ address }) => `["${address}"] = "1000"`)
  parent = await loom.spawn({ code: `Balances = { ${accounts.join(', ')} } Denomination = 6 Ticker = "PAR"` })
  await parent.eval(tokenCode)
  subledger = await spawnBelow(parent)
})

async function spawnBelow(token: TestProcess): Promise<TestProcess> {
  const process = await loom.spawn({ code, tags: { 'Parent-Token': token.id, Name: 'Below' } })
  await loom.idle()
  return process
}

async function transfer(
  at: TestProcess,
  from: TestWallet,
  recipient: string,
  quantity: string,
  tags: TestTags = {},
): Promise<TestResult> {
  const all = { Recipient: recipient, Quantity: quantity, ...tags }
  const result = await at.send({ from, action: 'Transfer', tags: all })
  await loom.idle()
  return result
}

async function withdraw(from: TestWallet, quantity: string, tags: TestTags = {}): Promise<TestResult> {
  const result = await subledger.send({ from, action: 'Withdraw', tags: { Quantity: quantity, ...tags } })
  await loom.idle()
  return result
}

async function balances(process: TestProcess): Promise<Record<string, string>> {
  const { reply } = await process.dryRun({ action: 'Balances' })
  return JSON.parse(reply?.data ?? '') as Record<string, string>
}

async function lastNotice(wallet: TestWallet) {
  return (await loom.received(wallet)).at(-1)
}

interface Withdrawal {
  readonly holder: string
  readonly quantity: string
}

async function withdrawals(process: TestProcess): Promise<Record<string, Withdrawal>> {
  const list = await process.state('Withdrawals')
  return Array.isArray(list) ? {} : (list as Record<string, Withdrawal>)
}

function sum(amounts: readonly string[]): bigint {
  return amounts.reduce((total, amount) => total + BigInt(amount), 0n)
}

/** What the subledger promises, once nothing is under way between the two. */
async function expectBacked(ledger: TestProcess = subledger, token: TestProcess = parent): Promise<void> {
  const held = (await balances(token))[ledger.id] ?? '0'
  const owed = Object.values(await balances(ledger))
  const leaving = Object.values(await withdrawals(ledger)).map(({ quantity }) => quantity)
  expect(sum([...owed, ...leaving])).toBe(BigInt(held))
  expect(await ledger.state('TotalSupply')).toBe(String(sum(owed)))
}

/** A parent that may be paused: it then fails, or refuses, what the subledger asks for. */
async function makePausable(): Promise<void> {
  await parent.eval(`Handlers.prepend("pause", function(msg)
    return Mood ~= nil and msg.Action == "Transfer" and msg.From == "${subledger.id}"
  end, function(msg)
    if Mood == "fails" then error("paused") end
    local sender = Mood == "refuses" and msg.From or nil
    msg.reply({ Action = "Transfer-Error", Error = "paused", Sender = sender, ["X-Withdrawal"] = msg["X-Withdrawal"] })
  end)`)
}

describe('loading', () => {
  test('says what it is below of, begins empty, and takes the unit of the parent', async () => {
    const { output } = await subledger.eval(code)
    expect(output).toBe(`Subledger loaded: total supply 0, parent token ${parent.id}.`)
    expect(await balances(subledger)).toEqual({})
    const { reply } = await subledger.send({ from: alice, action: 'Info' })
    const unit = { name: 'Below', ticker: 'PAR', denomination: '6', supply: '0', 'parent-token': parent.id }
    expect(reply?.tags).toMatchObject({ ...unit, Name: 'Below', Ticker: 'PAR', Denomination: '6' })
  })

  test('takes the parent from the global as well, and keeps names that were set before', async () => {
    const process = await loom.spawn({ code: `ParentToken = "${parent.id}" Ticker = "OWN"` })
    await process.eval(code)
    await loom.idle()
    expect(await process.state('{ Ticker, Denomination }')).toEqual(['OWN', 6])
  })

  test('without a parent says how to give one', async () => {
    const process = await loom.spawn()
    const { error } = await process.send({ action: 'Eval', data: code })
    expect(error).toMatch(/needs the process id of the parent token.*Parent-Token.*ParentToken/)
  })

  test('over balances that nothing backs is refused', async () => {
    const process = await loom.spawn({ code: tokenCode, tags: { 'Parent-Token': parent.id } })
    const { error } = await process.send({ action: 'Eval', data: code })
    expect(error).toContain('A subledger begins empty')
    expect(await process.state('type(Withdrawals)')).toBe('nil')
  })

  test('again keeps balances, and withdrawals under way', async () => {
    await makePausable()
    await transfer(parent, alice, subledger.id, '400')
    await parent.eval('Mood = "fails"')
    await withdraw(alice, '100')
    const state = '{ Balances, TotalSupply, Withdrawals, WithdrawalCount, ParentToken }'
    const before = await subledger.state(state)
    await subledger.eval(code)
    expect(await subledger.state(state)).toEqual(before)
    await expectBacked()
  })

  test('the sections that blueprints have in common are the same', () => {
    const section = (name: string, title: string) => {
      const [, after = `no ${title} in ${name}`] = read(name).split(new RegExp(`^-{20,} ${title} --$`, 'm'))
      return after.split(/^-{20,} \w+ --$/m)[0]
    }
    for (const title of ['amounts', 'ledger']) expect(section('subledger.lua', title)).toBe(section('token.lua', title))
    expect(section('staking.lua', 'amounts')).toBe(section('token.lua', 'amounts'))
  })
})

describe('a deposit', () => {
  test('credits the sender, and tells them', async () => {
    await transfer(parent, alice, subledger.id, '400', { 'X-Order': '42' })
    expect(await balances(subledger)).toEqual({ [alice.address]: '400' })
    expect(await lastNotice(alice)).toMatchObject({
      from: subledger.id,
      action: 'Credit-Notice',
      tags: { Sender: alice.address, Quantity: '400', 'X-Order': '42' },
    })
    await expectBacked()
  })

  test('credits whom X-Recipient names instead', async () => {
    await transfer(parent, alice, subledger.id, '400', { 'X-Recipient': bob.address })
    await transfer(parent, alice, subledger.id, '1', { 'X-Recipient': '' })
    expect(await balances(subledger)).toEqual({ [bob.address]: '400', [alice.address]: '1' })
    expect(await lastNotice(bob)).toMatchObject({ tags: { Sender: alice.address, Quantity: '400' } })
    await expectBacked()
  })

  test('counts only if it comes from the parent: forged notices go to the Inbox', async () => {
    const notice = { Sender: mallory.address, Quantity: '1000000' }
    const { messages } = await subledger.send({ from: mallory, action: 'Credit-Notice', tags: notice })
    expect(messages).toEqual([])
    await subledger.send({ action: 'Credit-Notice', tags: { ...notice, 'From-Process': parent.id } })
    await subledger.send({ action: 'Credit-Notice', tags: { ...notice, From: parent.id } })
    const other = await loom.spawn({ wallet: mallory, code: `Balances = { ["${mallory.address}"] = "1000000" }` })
    await other.eval(tokenCode)
    await transfer(other, mallory, subledger.id, '1000000')
    expect(await balances(subledger)).toEqual({})
    expect((await subledger.inbox()).filter(({ from }) => from === other.id)).toHaveLength(1)
    await expectBacked()
  })
})

describe('inside', () => {
  beforeEach(async () => {
    await transfer(parent, alice, subledger.id, '400')
  })

  test('it is a token: Transfer, Balance, Total-Supply', async () => {
    const { messages } = await transfer(subledger, alice, bob.address, '150', { 'X-Order': '42' })
    expect(messages.map(({ target, tags }) => [target, tags.Action ?? tags.device, tags.Quantity])).toEqual([
      [alice.address, 'Debit-Notice', '150'],
      [bob.address, 'Credit-Notice', '150'],
      ['', 'patch@1.0', undefined],
    ])
    expect((await subledger.send({ from: bob, action: 'Balance' })).reply?.data).toBe('150')
    expect((await subledger.send({ from: bob, action: 'Total-Supply' })).reply).toMatchObject({
      data: '400',
      tags: { Ticker: 'PAR' },
    })
    expect((await transfer(subledger, bob, alice.address, '151')).reply?.tags.Error).toBe('Insufficient Balance!')
    expect((await transfer(subledger, bob, alice.address, '1.5')).error).toContain('Quantity must be a whole number')
    expect((await balances(parent))[subledger.id]).toBe('400')
    await expectBacked()
  })

  test('nobody mints or burns', async () => {
    for (const action of ['Mint', 'Burn']) {
      await subledger.send({ from: alice, action, tags: { Quantity: '100' } })
      await subledger.eval(`Send({ Target = ao.id, Action = "${action}", Quantity = "100" })`)
    }
    expect(await balances(subledger)).toEqual({ [alice.address]: '400' })
    await expectBacked()
  })
})

describe('Withdraw', () => {
  beforeEach(async () => {
    await makePausable()
    await transfer(parent, alice, subledger.id, '400')
  })

  test('pays out at the parent, tells the holder, and keeps nothing', async () => {
    const { messages } = await withdraw(alice, '150', { 'X-Order': '42', 'X-Withdrawal': '99' })
    expect(messages).toMatchObject([
      {
        target: parent.id,
        tags: { Action: 'Transfer', Recipient: alice.address, Quantity: '150', 'X-Withdrawal': '1', 'X-Order': '42' },
      },
      { target: '', tags: { device: 'patch@1.0', balances: JSON.stringify({ [alice.address]: '250' }) } },
    ])
    expect(await balances(subledger)).toEqual({ [alice.address]: '250' })
    expect(await balances(parent)).toMatchObject({ [alice.address]: '750', [subledger.id]: '250' })
    expect(await lastNotice(alice)).toMatchObject({ action: 'Withdraw-Notice', tags: { Quantity: '150' } })
    expect(await withdrawals(subledger)).toEqual({})
    await expectBacked()
  })

  test.each([
    { quantity: '401', action: 'Withdraw-Error', error: undefined },
    { quantity: '0', action: undefined, error: /greater than 0/ },
    { quantity: '1e2', action: undefined, error: /whole number/ },
    { quantity: '', action: undefined, error: /Quantity is required!/ },
  ])('of "$quantity" is refused before anything happens', async ({ quantity, action, error }) => {
    const result = await withdraw(alice, quantity)
    expect(result.reply?.action).toBe(action)
    expect(result.error ?? '').toMatch(error ?? /^$/)
    expect(result.messages.some(({ target }) => target === parent.id)).toBe(false)
    expect(await balances(subledger)).toEqual({ [alice.address]: '400' })
    expect(await withdrawals(subledger)).toEqual({})
  })

  test('by a process that waits for the end of it', async () => {
    const shop = await loom.spawn({ wallet: bob })
    await transfer(subledger, alice, shop.id, '100')
    const ask = (quantity: string) => `
      local answer = Send({ Target = "${subledger.id}", Action = "Withdraw", Quantity = "${quantity}" }).receive()
      Answer = answer.Action .. " " .. tostring(answer.Quantity)`
    await shop.eval(ask('60'))
    expect(await shop.state('Answer')).toBe('Withdraw-Notice 60')
    await parent.eval('Mood = "refuses"')
    await shop.eval(ask('40'))
    expect(await shop.state('Answer')).toBe('Withdraw-Error 40')
    expect((await balances(parent))[shop.id]).toBe('60')
    expect((await balances(subledger))[shop.id]).toBe('40')
    await expectBacked()
  })

  test('is given back when the parent refuses it for want of funds', async () => {
    // The owner has spent what backs the balances: the subledger can only stop losing more.
    await subledger.eval(
      `Send({ Target = ParentToken, Action = "Transfer", Recipient = "${bob.address}", Quantity = "300" })`,
    )
    await withdraw(alice, '150')
    expect(await lastNotice(alice)).toMatchObject({
      action: 'Withdraw-Error',
      tags: { Quantity: '150', Error: 'Insufficient Balance!' },
    })
    expect(await balances(subledger)).toEqual({ [alice.address]: '400' })
    expect(await withdrawals(subledger)).toEqual({})
    await withdraw(alice, '100')
    expect(await balances(subledger)).toEqual({ [alice.address]: '300' })
  })

  test('is given back when the parent refuses it for reasons of its own', async () => {
    await parent.eval('Mood = "refuses"')
    await withdraw(alice, '150')
    expect(await lastNotice(alice)).toMatchObject({ action: 'Withdraw-Error', tags: { Error: 'paused' } })
    expect(await balances(subledger)).toEqual({ [alice.address]: '400' })
    await expectBacked()
  })

  test.each(['fails', 'does not say who'])(
    'stays under way when the parent %s, until the owner gives it back',
    async (mood) => {
      await parent.eval(`Mood = "${mood}"`)
      await withdraw(alice, '150')
      expect(await balances(subledger)).toEqual({ [alice.address]: '250' })
      expect(await withdrawals(subledger)).toMatchObject({ 1: { holder: alice.address, quantity: '150' } })
      await expectBacked()

      await subledger.eval('Handlers.giveBack("1")')
      expect(await lastNotice(alice)).toMatchObject({ action: 'Withdraw-Error', tags: { Quantity: '150' } })
      expect(await balances(subledger)).toEqual({ [alice.address]: '400' })
      await expectBacked()
      const again = await subledger.send({ action: 'Eval', data: 'Handlers.giveBack("1")' })
      expect(again.error).toContain('No such withdrawal is under way: 1.')
    },
  )
})

describe('answers that others provoke or forge change nothing', () => {
  beforeEach(async () => {
    await makePausable()
    await transfer(parent, mallory, subledger.id, '400')
    await parent.eval('Mood = "fails"')
    await withdraw(mallory, '150')
  })

  async function expectUntouched(): Promise<void> {
    expect(await balances(subledger)).toEqual({ [mallory.address]: '250' })
    expect(Object.keys(await withdrawals(subledger))).toEqual(['1'])
  }

  /** The parent's answer goes to the subledger, with tags of mallory's choice. */
  const redirected = () => ({
    'Reply-To': subledger.id,
    'X-Withdrawal': '1',
    'X-Reference': '2',
    'X-Sender': subledger.id,
  })

  test('a refusal of a transfer of their own', async () => {
    await transfer(parent, mallory, mallory.address, '5000', redirected())
    const [refusal] = (await subledger.inbox()).slice(-1)
    expect(refusal).toMatchObject({ from: parent.id, action: 'Transfer-Error', tags: { 'X-Withdrawal': '1' } })
    await expectUntouched()
  })

  test('a Debit-Notice for another amount, or to another account', async () => {
    await transfer(parent, mallory, mallory.address, '149', redirected())
    await transfer(parent, mallory, bob.address, '150', redirected())
    expect((await subledger.inbox()).slice(-2).map(({ action }) => action)).toEqual(['Debit-Notice', 'Debit-Notice'])
    await expectUntouched()
  })

  test('messages that only look like the parent’s', async () => {
    const tags = { 'X-Withdrawal': '1', Sender: subledger.id, Recipient: mallory.address, Quantity: '150' }
    for (const action of ['Transfer-Error', 'Debit-Notice']) {
      await subledger.send({ from: mallory, action, tags })
      await subledger.send({ from: mallory, action, tags: { ...tags, 'From-Process': parent.id } })
    }
    await expectUntouched()
  })

  test('answers for withdrawals that there are not', async () => {
    await transfer(parent, bob, bob.address, '5000', { ...redirected(), 'X-Withdrawal': '7' })
    await transfer(parent, bob, bob.address, '5000', { 'Reply-To': subledger.id })
    await transfer(parent, bob, bob.address, '10', { 'Reply-To': subledger.id })
    await expectUntouched()
  })
})

test('a subledger may be the parent of another', async () => {
  const lower = await spawnBelow(subledger)
  await transfer(parent, alice, subledger.id, '400')
  await transfer(subledger, alice, lower.id, '300')
  await transfer(parent, bob, subledger.id, '50', { 'X-Recipient': lower.id })
  expect(await lower.state('Denomination')).toBe(6)
  expect(await balances(lower)).toEqual({ [alice.address]: '300', [bob.address]: '50' })
  await lower.send({ from: alice, action: 'Withdraw', tags: { Quantity: '100' } })
  await loom.idle()
  await lower.send({ from: bob, action: 'Withdraw', tags: { Quantity: '51' } })
  await loom.idle()
  expect(await balances(lower)).toEqual({ [alice.address]: '200', [bob.address]: '50' })
  expect(await balances(subledger)).toEqual({ [alice.address]: '200', [lower.id]: '250' })
  await expectBacked()
  await expectBacked(lower, subledger)
})

test('the parent holds what the subledger owes, whatever happens in whatever order', async () => {
  const wallet = fc.constantFrom('alice', 'bob', 'mallory')
  const quantity = fc.oneof(fc.integer({ min: 0, max: 400 }).map(String), fc.constantFrom('-1', '1.5', '5000'))
  const operation = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom('deposit', 'deposit for', 'transfer', 'withdraw', 'withdraw', 'provoke', 'forge'),
        from: wallet,
        to: wallet,
        quantity,
        number: fc.integer({ min: 1, max: 6 }).map(String),
      }),
    },
    { weight: 2, arbitrary: fc.record({ mood: fc.constantFrom('nil', '"fails"', '"refuses"', '"does not say who"') }) },
  )
  type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

  /** Does not wait for what follows: answers overtake questions, as they do in life. */
  const perform = async (step: Operation): Promise<unknown> => {
    if ('mood' in step) return parent.eval(`Mood = ${step.mood}`)
    const [from, { address: to }] = [loom.wallet(step.from), loom.wallet(step.to)]
    const { quantity } = step
    const draft = (action: string, tags: TestTags) => ({ from, action, tags: { Quantity: quantity, ...tags } })
    const answer = { 'Reply-To': subledger.id, 'X-Withdrawal': step.number }
    switch (step.kind) {
      case 'deposit':
        return parent.send(draft('Transfer', { Recipient: subledger.id }))
      case 'deposit for':
        return parent.send(draft('Transfer', { Recipient: subledger.id, 'X-Recipient': to }))
      case 'transfer':
        return subledger.send(draft('Transfer', { Recipient: to }))
      case 'withdraw':
        return subledger.send(draft('Withdraw', {}))
      case 'provoke':
        return parent.send(draft('Transfer', { Recipient: to, ...answer }))
      default:
        return subledger.send(draft('Credit-Notice', { Sender: from.address }))
    }
  }

  const run = async (operations: readonly Operation[]) => {
    const accounts = [alice, bob, mallory].map(({ address }) => `["${address}"] = "1000"`)
    parent = await loom.spawn({ code: `Balances = { ${accounts.join(', ')} }` })
    await parent.eval(tokenCode)
    subledger = await spawnBelow(parent)
    await makePausable()
    for (const step of operations) await perform(step)
    await loom.idle()
    await expectBacked()
    expect(sum(Object.values(await balances(parent)))).toBe(3_000n)
    await subledger.eval('for number in pairs(Withdrawals) do Handlers.giveBack(number) end')
    await expectBacked()
    expect(await withdrawals(subledger)).toEqual({})
  }
  const operations = fc.array(operation, { minLength: 10, maxLength: 40 })
  await fc.assert(fc.asyncProperty(operations, run), { seed: 20_250_102, numRuns: 20 })
})
