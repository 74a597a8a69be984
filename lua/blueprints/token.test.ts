import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createTestNetwork,
  type TestEvaluation,
  type TestNetwork,
  type TestProcess,
  type TestResult,
  type TestTags,
  type TestWallet,
} from '../../src/testing/testing.ts'

const code = readFileSync(new URL('token.lua', import.meta.url), 'utf8')
const supply = '10000000000000000'
const amountMax = 2n ** 255n - 1n

let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let token: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
})
afterAll(() => loom.close())

beforeEach(async () => {
  token = await loom.spawn({ code, tags: { Name: 'Test Token' } })
})

function transfer(from: TestWallet, recipient: string, quantity: string, tags: TestTags = {}): Promise<TestResult> {
  return token.send({ from, action: 'Transfer', tags: { Recipient: recipient, Quantity: quantity, ...tags } })
}

/** The process itself holds the first supply. */
async function give(wallet: TestWallet, quantity: string): Promise<void> {
  const tags = `Recipient = "${wallet.address}", Quantity = "${quantity}"`
  await token.eval(`Send({ Target = ao.id, Action = "Transfer", Cast = "true", ${tags} })`)
  await loom.idle()
}

async function mint(quantity: string): Promise<void> {
  await token.eval(`Send({ Target = ao.id, Action = "Mint", Quantity = "${quantity}" })`)
  await loom.idle()
}

async function balances(): Promise<Record<string, string>> {
  const { reply } = await token.dryRun({ action: 'Balances' })
  return JSON.parse(reply?.data ?? '') as Record<string, string>
}

async function totalSupply(): Promise<string | undefined> {
  return (await token.dryRun({ action: 'Total-Supply' })).reply?.data
}

/** What a message makes readable for nodes that know the device. */
function patches({ messages }: TestEvaluation): unknown[] {
  const sent = messages.filter(({ tags }) => tags.device === 'patch@1.0')
  return sent.map(({ tags }) => ({
    balances: JSON.parse(tags.balances ?? 'null'),
    info: JSON.parse(tags['token-info'] ?? 'null'),
  }))
}

describe('loading', () => {
  test('gives the whole supply to the process, exposes it, and says so', async () => {
    const process = await loom.spawn()
    const result = await process.eval(code)
    expect(result.output).toBe(`Token loaded: aos (PNTS), total supply ${supply}.`)
    expect(patches(result)).toEqual([
      {
        balances: { [process.id]: supply },
        info: {
          name: 'aos',
          ticker: 'PNTS',
          logo: 'SBCCXwwecBlDqRLUjb8dYABExTJXLieawf7m2aBJ-KY',
          denomination: '12',
          supply,
        },
      },
    ])
    expect(await process.state('{ Variant, Denomination, TotalSupply }')).toEqual(['0.0.3', 12, supply])
  })

  test('again keeps the state and does not double the handlers', async () => {
    await give(alice, '700')
    const before = await token.state('{ Balances, TotalSupply, #Handlers.list }')
    await token.eval(code)
    expect(await token.state('{ Balances, TotalSupply, #Handlers.list }')).toEqual(before)
    expect((await transfer(alice, bob.address, '1')).reply?.action).toBe('Debit-Notice')
  })

  const presets = [
    { name: 'a denomination', lua: 'Denomination = 3', expected: { self: '10000000' } },
    { name: 'a supply', lua: 'TotalSupply = 5 * 10 ^ 17', expected: { self: '500000000000000000' } },
    { name: 'balances', lua: 'Balances = { a = 2 * 10 ^ 15, b = "3" }', expected: { a: '2000000000000000', b: '3' } },
  ]
  test.each(presets)('keeps $name that was set before, and the supply is the sum', async ({ lua, expected }) => {
    const process = await loom.spawn({ code: `${lua}\nTicker = "OWN"` })
    await process.eval(code)
    const { self, ...others } = expected as Record<string, string>
    const accounts = self === undefined ? others : { [process.id]: self }
    expect(await process.state('Balances')).toEqual(accounts)
    const sum = Object.values(accounts).reduce((total, amount) => total + BigInt(amount), 0n)
    expect(await process.state('{ Ticker, TotalSupply }')).toEqual(['OWN', String(sum)])
  })
})

describe('questions', () => {
  test('Info answers with the names that newer clients and those that wallets look for', async () => {
    const { reply } = await token.send({ from: alice, action: 'Info' })
    const logo = 'SBCCXwwecBlDqRLUjb8dYABExTJXLieawf7m2aBJ-KY'
    expect(reply?.tags).toMatchObject({ name: 'Test Token', ticker: 'PNTS', logo, denomination: '12', supply })
    expect(reply?.tags).toMatchObject({ Name: 'Test Token', Ticker: 'PNTS', Logo: logo, Denomination: '12' })
  })

  test('Balance answers for Recipient, else Target, else the sender', async () => {
    await give(alice, '700')
    const answers = async (tags: TestTags) => (await token.send({ from: alice, action: 'Balance', tags })).reply
    const own = { data: '700', tags: { Balance: '700', Ticker: 'PNTS', Account: alice.address } }
    expect(await answers({})).toMatchObject(own)
    expect(await answers({ Target: token.id })).toMatchObject({
      tags: { Account: token.id, Balance: '9999999999999300' },
    })
    expect(await answers({ Recipient: bob.address, Target: token.id })).toMatchObject({
      data: '0',
      tags: { Account: bob.address, Balance: '0' },
    })
  })

  test('Balances answers with JSON, also when nobody has any', async () => {
    await give(alice, '1')
    expect(await balances()).toEqual({ [token.id]: '9999999999999999', [alice.address]: '1' })
    const empty = await loom.spawn({ code: 'Balances = {}' })
    await empty.eval(code)
    expect((await empty.dryRun({ action: 'Balances' })).reply?.data).toBe('{}')
  })

  test('Total-Supply answers everyone but the process itself', async () => {
    const { reply } = await token.send({ from: alice, action: 'Total-Supply' })
    expect(reply).toMatchObject({ action: 'Total-Supply', data: supply, tags: { Ticker: 'PNTS' } })
    const { id } = await token.eval('Send({ Target = ao.id, Action = "Total-Supply" })')
    await loom.idle()
    expect(await errorOfMessageFrom(id)).toContain('Cannot call Total-Supply from the same process!')
  })

  test('another process may wait for an answer', async () => {
    const asker = await loom.spawn()
    await asker.eval(`Supply = Send({ Target = "${token.id}", Action = "Total-Supply" }).receive().Data`)
    expect(await asker.state('Supply')).toBe(supply)
  })
})

/** Error of the message that the token sent itself while it evaluated another. */
async function errorOfMessageFrom(evalId: string): Promise<string> {
  const page = await loom.network.queryItems({ recipients: [token.id] }, { order: 'DESC', limit: 1 })
  const [item] = page.items
  if (item === undefined || item.id === evalId) throw new Error('the token sent itself nothing')
  const { json } = await loom.network.result(token.id, item.id)
  return String((JSON.parse(json) as { Error?: unknown }).Error)
}

describe('Transfer', () => {
  beforeEach(() => give(alice, '1000'))

  test('moves tokens, tells both, and exposes both balances', async () => {
    const result = await transfer(alice, bob.address, '300')
    expect(result.error).toBeUndefined()
    expect(result.messages).toHaveLength(3)
    expect(result.messages).toMatchObject([
      { target: alice.address, tags: { Action: 'Debit-Notice', Recipient: bob.address, Quantity: '300' } },
      { target: bob.address, tags: { Action: 'Credit-Notice', Sender: alice.address, Quantity: '300' } },
      { target: '' },
    ])
    const plain = result.messages.map(({ data }) => stripVTControlCharacters(data))
    expect(plain.slice(0, 2)).toEqual([
      `You transferred 300 to ${bob.address}`,
      `You received 300 from ${alice.address}`,
    ])
    expect(patches(result)).toMatchObject([
      { balances: { [alice.address]: '700', [bob.address]: '300' }, info: { supply } },
    ])
    expect(result.output).toBe('')
    expect(await balances()).toMatchObject({ [alice.address]: '700', [bob.address]: '300' })
    expect((await loom.received(bob)).at(-1)).toMatchObject({ from: token.id, action: 'Credit-Notice' })
  })

  test('with Cast tells nobody', async () => {
    const result = await transfer(alice, bob.address, '300', { Cast: 'true' })
    expect(result.messages.map(({ tags }) => tags.Action ?? tags.device)).toEqual(['patch@1.0'])
    expect(await balances()).toMatchObject({ [bob.address]: '300' })
  })

  test('hands on the X- tags of the sender, but none by which a notice would look like an answer', async () => {
    const tags = { 'X-Order': '42', 'x-note': 'hi', Note: 'no', 'X-Reference': '7', 'X-Origin': bob.address }
    const { messages } = await transfer(alice, bob.address, '1', tags)
    const [debit, credit] = messages
    expect(debit?.tags).toMatchObject({ 'X-Order': '42', 'X-Note': 'hi' })
    expect(credit?.tags).toMatchObject({ 'X-Order': '42', 'X-Note': 'hi' })
    expect(credit?.tags).not.toHaveProperty('X-Reference')
    expect(credit?.tags).not.toHaveProperty('X-Origin')
    expect(credit?.tags).not.toHaveProperty('Note')
  })

  test('of everything leaves no account, and exposes it as 0', async () => {
    const result = await transfer(alice, bob.address, '1000')
    expect(await balances()).toEqual({ [token.id]: '9999999999999000', [bob.address]: '1000' })
    expect(patches(result)).toMatchObject([{ balances: { [alice.address]: '0', [bob.address]: '1000' } }])
  })

  test('to oneself changes nothing', async () => {
    const before = await balances()
    expect((await transfer(alice, alice.address, '1000')).reply?.action).toBe('Debit-Notice')
    expect(await balances()).toEqual(before)
  })

  test('takes a quantity with leading zeros for what it is, and says it without', async () => {
    expect((await transfer(alice, bob.address, '007')).reply?.tags.Quantity).toBe('7')
    expect(await balances()).toMatchObject({ [bob.address]: '7' })
  })

  test('of more than there is is refused, and says who was refused', async () => {
    const before = await balances()
    for (const from of [alice, bob]) {
      const result = await transfer(from, bob.address, '1001', { 'X-Order': '42' })
      expect(result.messages).toHaveLength(1)
      const refusal = { 'Message-Id': result.id, Error: 'Insufficient Balance!', Sender: from.address, 'X-Order': '42' }
      expect(result.reply).toMatchObject({ action: 'Transfer-Error', tags: refusal })
    }
    expect(await balances()).toEqual(before)
  })

  test('by a process of what it holds', async () => {
    const shop = await loom.spawn({ wallet: bob })
    await transfer(alice, shop.id, '250')
    await shop.eval(`
      local answer = Send({
        Target = "${token.id}", Action = "Transfer", Recipient = "${alice.address}", Quantity = "50",
      }).receive()
      Answer = answer.Action .. " " .. answer.Quantity`)
    expect(await shop.state('Answer')).toBe('Debit-Notice 50')
    expect(await balances()).toMatchObject({ [alice.address]: '800', [shop.id]: '200' })
    expect((await shop.inbox()).map(({ action }) => action)).toEqual(['Credit-Notice'])
  })
})

describe('malformed requests fail and change nothing', () => {
  const positive = /Quantity must be greater than 0/
  const digits = /Quantity must be a whole number in decimal digits/
  const quantities = [
    { quantity: undefined, error: /Quantity is required!/ },
    { quantity: '', error: /Quantity is required!/ },
    { quantity: '0', error: positive },
    { quantity: '000', error: positive },
    { quantity: '-5', error: positive },
    { quantity: '-0', error: positive },
    { quantity: '1.5', error: digits },
    { quantity: '1.0', error: digits },
    { quantity: '1e3', error: digits },
    { quantity: '1E+3', error: digits },
    { quantity: '0x10', error: digits },
    { quantity: '+5', error: digits },
    { quantity: ' 5', error: digits },
    { quantity: '5 ', error: digits },
    { quantity: '1_000', error: digits },
    { quantity: '1,000', error: digits },
    { quantity: 'abc', error: digits },
    { quantity: 'nan', error: digits },
    { quantity: '--5', error: digits },
    { quantity: String(amountMax + 1n), error: /Quantity must be at most \d{77}\./ },
    { quantity: String(2n ** 256n + 1n), error: /Quantity must be at most \d{77}\./ },
    { quantity: '9'.repeat(1_000), error: /Quantity must be at most \d{77}\./ },
  ]

  test.each(quantities)('Quantity $quantity', async ({ quantity, error }) => {
    await give(alice, '1000')
    const before = await token.state('{ Balances, TotalSupply }')
    const tags: TestTags = { Recipient: bob.address, ...(quantity === undefined ? {} : { Quantity: quantity }) }
    for (const action of ['Transfer', 'Burn', 'Mint']) {
      const result = await token.send({ from: alice, action, tags })
      expect(result.error).toMatch(action === 'Mint' && error === positive ? /must be greater than zero!/ : error)
      expect(result.messages).toEqual([])
    }
    expect(await token.state('{ Balances, TotalSupply }')).toEqual(before)
  })

  test.each([{}, { Recipient: '' }])('Transfer with %j', async (tags) => {
    await give(alice, '1000')
    const { error } = await token.send({ from: alice, action: 'Transfer', tags: { Quantity: '1', ...tags } })
    expect(error).toContain('Recipient is required!')
  })
})

describe('Mint', () => {
  test('by the process itself adds to its balance and the supply', async () => {
    await mint('500')
    expect(await balances()).toEqual({ [token.id]: '10000000000000500' })
    expect(await totalSupply()).toBe('10000000000000500')
    expect((await token.inbox()).at(-1)?.data).toContain('Successfully minted')
  })

  test('by anyone else is refused, also by the owner', async () => {
    for (const from of [alice, token.owner]) {
      const { reply } = await token.send({ from, action: 'Mint', tags: { Quantity: '500' } })
      const error = 'Only the Process Id can mint new PNTS tokens!'
      expect(reply).toMatchObject({ action: 'Mint-Error', tags: { Error: error } })
    }
    expect(await totalSupply()).toBe(supply)
  })

  test('up to 2^255 - 1 and not beyond, and the sums stay exact', async () => {
    const rest = amountMax - BigInt(supply)
    await mint(String(rest + 1n))
    expect(await totalSupply()).toBe(supply)
    expect((await token.inbox()).at(-1)).toMatchObject({
      action: 'Mint-Error',
      tags: { Error: `The total supply cannot exceed ${amountMax}.` },
    })
    await mint(String(rest))
    expect(await totalSupply()).toBe(String(amountMax))
    await give(alice, String(amountMax))
    expect(await balances()).toEqual({ [alice.address]: String(amountMax) })
    await mint('1')
    expect(await totalSupply()).toBe(String(amountMax))
    await transfer(alice, bob.address, String(amountMax - 1n))
    expect(await balances()).toEqual({ [alice.address]: '1', [bob.address]: String(amountMax - 1n) })
  })
})

describe('Burn', () => {
  beforeEach(() => give(alice, '1000'))

  test('takes from the holder and the supply', async () => {
    const result = await token.send({ from: alice, action: 'Burn', tags: { Quantity: '400', 'X-Why': 'fun' } })
    expect(result.reply).toMatchObject({
      action: 'Burn-Notice',
      tags: { Quantity: '400', Balance: '600', 'Total-Supply': '9999999999999600', 'X-Why': 'fun' },
    })
    expect(patches(result)).toMatchObject([
      { balances: { [alice.address]: '600' }, info: { supply: '9999999999999600' } },
    ])
    expect(await balances()).toEqual({ [token.id]: '9999999999999000', [alice.address]: '600' })
  })

  test('of more than one has is refused', async () => {
    for (const [from, quantity] of [
      [alice, '1001'],
      [bob, '1'],
    ] as const) {
      const { reply } = await token.send({ from, action: 'Burn', tags: { Quantity: quantity } })
      expect(reply).toMatchObject({ action: 'Burn-Error', tags: { Error: 'Insufficient Balance!' } })
    }
    expect(await totalSupply()).toBe(supply)
  })
})

/** The rules of the token, with big integers of another language: what the process is compared with. */
class Model {
  readonly accounts = new Map<string, bigint>()

  get supply(): bigint {
    return [...this.accounts.values()].reduce((sum, amount) => sum + amount, 0n)
  }

  add(account: string, amount: bigint): void {
    const balance = (this.accounts.get(account) ?? 0n) + amount
    if (balance === 0n) this.accounts.delete(account)
    else this.accounts.set(account, balance)
  }

  /** @returns The action of the answer; undefined when the message fails. */
  apply({ action, from, recipient, quantity }: Operation<string>, self: string): string | undefined {
    const amount = /^\d+$/.test(quantity) ? BigInt(quantity) : 0n
    if (amount === 0n || amount > amountMax) return undefined
    if (action === 'Mint') {
      if (from !== self || amount > amountMax - this.supply) return 'Mint-Error'
      this.add(self, amount)
      return undefined
    }
    if ((this.accounts.get(from) ?? 0n) < amount) return `${action}-Error`
    this.add(from, -amount)
    if (action === 'Transfer') this.add(recipient, amount)
    return action === 'Burn' ? 'Burn-Notice' : 'Debit-Notice'
  }
}

interface Operation<Account> {
  readonly action: 'Transfer' | 'Burn' | 'Mint'
  readonly from: Account
  readonly recipient: Account
  readonly quantity: string
}

test('the balances are the supply, and what a plain model says, after any messages', async () => {
  const account = fc.constantFrom('alice', 'bob', 'carol', 'the token')
  const operation: fc.Arbitrary<Operation<string>> = fc.record({
    action: fc.constantFrom('Transfer', 'Transfer', 'Transfer', 'Burn', 'Mint'),
    from: account,
    recipient: account,
    quantity: fc.oneof(
      { weight: 6, arbitrary: fc.nat(400).map(String) },
      { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: amountMax }).map(String) },
      { weight: 1, arbitrary: fc.constantFrom('', '-1', '1.5', '1e2', 'abc', '0x1', String(2n ** 256n + 3n)) },
    ),
  })
  const run = async (operations: readonly Operation<string>[]) => {
    token = await loom.spawn({ code })
    await give(alice, '1000')
    const model = new Model()
    model.add(token.id, BigInt(supply) - 1_000n)
    model.add(alice.address, 1_000n)
    const addressOf = (name: string) => (name === 'the token' ? token.id : loom.wallet(name).address)
    for (const named of operations) {
      const { action, quantity } = named
      const [from, recipient] = [addressOf(named.from), addressOf(named.recipient)]
      const expected = model.apply({ action, from, recipient, quantity }, token.id)
      if (named.from === 'the token') {
        const tags = `Action = "${action}", Recipient = "${recipient}", Quantity = "${quantity}"`
        await token.eval(`Send({ Target = ao.id, ${tags} })`)
        await loom.idle()
      } else {
        const tags = { Recipient: recipient, Quantity: quantity }
        expect((await token.send({ from: loom.wallet(named.from), action, tags })).reply?.action).toBe(expected)
      }
    }
    const expected = [...model.accounts].map(([account, amount]) => [account, String(amount)])
    expect(await balances()).toEqual(Object.fromEntries(expected))
    expect(await totalSupply()).toBe(String(model.supply))
  }
  const operations = fc.array(operation, { minLength: 5, maxLength: 40 })
  await fc.assert(fc.asyncProperty(operations, run), { seed: 20_250_101, numRuns: 50 })
})
