import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createTestClock,
  createTestNetwork,
  type TestNetwork,
  type TestProcess,
  type TestResult,
  type TestWallet,
} from '../../src/testing/testing.ts'

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const code = read('staking.lua')
const blockMs = 120_000
/** Amounts that no double can hold. */
const large = '90000000000000000000000000000001'

const clock = createTestClock()
let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let token: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork({ now: clock.now })
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
})
afterAll(() => loom.close())

beforeEach(async () => {
  const balances = `Balances = { ["${alice.address}"] = "1000", ["${bob.address}"] = "${large}" }`
  token = await loom.spawn({ code: balances })
  await token.eval(read('token.lua'))
  await token.eval(code)
})

function send(from: TestWallet, action: string, quantity: string): Promise<TestResult> {
  return token.send({ from, action, tags: { Quantity: quantity } })
}

async function stakers(): Promise<unknown> {
  return JSON.parse((await token.dryRun({ action: 'Stakers' })).reply?.data ?? '')
}

/** Where all tokens of a wallet are: balance, staked, unstaking. */
async function holdings({ address }: TestWallet): Promise<unknown> {
  const amount = (name: string) => `(${name}["${address}"] or { amount = "0" }).amount`
  return token.state(`{ Balances["${address}"] or "0", ${amount('Stakers')}, ${amount('Unstaking')} }`)
}

/** Lets blocks pass, and a stranger's message arrive: nothing happens by itself. */
async function passBlocks(count: number): Promise<TestResult> {
  clock.advance(count * blockMs)
  return token.send({ from: loom.wallet('stranger'), action: 'Anything' })
}

async function height(): Promise<number> {
  return (await loom.network.latestEntry(token.id))?.blockHeight ?? Number.NaN
}

describe('loading', () => {
  test('without a token says what to load first, and leaves nothing behind', async () => {
    const process = await loom.spawn()
    const { error } = await process.send({ action: 'Eval', data: code })
    expect(error).toContain('Load the token blueprint first.')
    expect(await process.state('{ type(Stakers), type(Handlers.stake) }')).toEqual(['nil', 'nil'])
  })

  test('again keeps what is staked and what is due', async () => {
    await send(alice, 'Stake', '100')
    await send(alice, 'Unstake', '40')
    const result = await token.eval(code)
    expect(result.output).toBe('Staking loaded: unstaked tokens are free after 670 blocks.')
    expect(await holdings(alice)).toEqual(['900', '60', '40'])
    await passBlocks(670)
    expect(await holdings(alice)).toEqual(['940', '60', '0'])
  })
})

describe('Stake', () => {
  test('moves tokens from the balance to the stake, and tells so', async () => {
    const result = await send(alice, 'Stake', '100')
    expect(result).toMatchObject({ error: undefined, output: 'Successfully Staked 100' })
    expect(result.reply?.data).toBe('Successfully Staked 100')
    const entry = { amount: '100', unstake_at: (await height()) + 670 }
    expect(await stakers()).toEqual({ [alice.address]: entry })
    const patch = result.messages.find(({ tags }) => tags.device === 'patch@1.0')
    expect(JSON.parse(patch?.tags.balances ?? '')).toEqual({ [alice.address]: '900' })
    expect(JSON.parse(patch?.tags.stakers ?? '')).toEqual({ [alice.address]: entry })
  })

  test('adds to what is staked, exactly, also above what a double holds', async () => {
    await send(bob, 'Stake', '90000000000000000000000000000000')
    await send(bob, 'Stake', '1')
    expect(await holdings(bob)).toEqual(['0', large, '0'])
    expect(await token.state(`Balances["${bob.address}"]`)).toBeUndefined()
  })

  test.each([
    { quantity: '1001', error: /Insufficient balance to stake/ },
    { quantity: '', error: /Quantity is required!/ },
    { quantity: '0', error: /greater than 0/ },
    { quantity: '-1', error: /greater than 0/ },
    { quantity: '1.5', error: /whole number/ },
  ])('of "$quantity" fails and changes nothing', async ({ quantity, error }) => {
    const result = await send(alice, 'Stake', quantity)
    expect(result).toMatchObject({ error: expect.stringMatching(error), messages: [] })
    expect(await holdings(alice)).toEqual(['1000', '0', '0'])
    expect(await stakers()).toEqual({})
  })

  test('compares amounts as numbers, not as text', async () => {
    expect((await send(alice, 'Stake', '999')).error).toBeUndefined()
    expect((await send(alice, 'Stake', '10')).error).toContain('Insufficient balance to stake')
    expect(await holdings(alice)).toEqual(['1', '999', '0'])
    const oneTooMuch = String(BigInt(large) + 1n)
    expect((await send(bob, 'Stake', oneTooMuch)).error).toContain('Insufficient balance to stake')
  })
})

describe('Unstake', () => {
  beforeEach(() => send(alice, 'Stake', '500'))

  test('gives the tokens back once the delay is over, with the next message of anyone', async () => {
    const result = await send(alice, 'Unstake', '200')
    expect(result).toMatchObject({ error: undefined, output: 'Successfully unstaked 200' })
    expect(result.reply?.data).toBe('Successfully unstaked 200')
    const releaseAt = (await height()) + 670
    expect(await token.state(`Unstaking["${alice.address}"]`)).toEqual({ amount: '200', release_at: releaseAt })

    await passBlocks(669)
    expect(await height()).toBe(releaseAt - 1)
    expect(await holdings(alice)).toEqual(['500', '300', '200'])
    const { messages } = await passBlocks(1)
    expect(await height()).toBe(releaseAt)
    expect(await holdings(alice)).toEqual(['700', '300', '0'])
    expect(messages).toHaveLength(1)
    expect(JSON.parse(messages[0]?.tags.balances ?? '')).toEqual({ [alice.address]: '700' })
    expect(JSON.parse(messages[0]?.tags.unstaking ?? '')).toEqual({ [alice.address]: 'unset' })
  })

  test('is over before the message that comes when it is due is handled', async () => {
    await send(alice, 'Unstake', '500')
    clock.advance(670 * blockMs)
    const tags = { Recipient: bob.address, Quantity: '1000' }
    expect((await token.send({ from: alice, action: 'Transfer', tags })).reply?.action).toBe('Debit-Notice')
  })

  test('a second time adds up, and all of it waits for the later date', async () => {
    await send(alice, 'Unstake', '200')
    await passBlocks(400)
    await send(alice, 'Unstake', '100')
    await passBlocks(300)
    expect(await holdings(alice)).toEqual(['500', '200', '300'])
    await passBlocks(370)
    expect(await holdings(alice)).toEqual(['800', '200', '0'])
  })

  test('releases only what is due', async () => {
    await send(bob, 'Stake', '7')
    await send(alice, 'Unstake', '200')
    await passBlocks(10)
    await send(bob, 'Unstake', '7')
    await passBlocks(660)
    expect(await holdings(alice)).toEqual(['700', '300', '0'])
    expect(await holdings(bob)).toMatchObject({ 1: '0', 2: '7' })
    await passBlocks(10)
    expect(await holdings(bob)).toEqual([large, '0', '0'])
  })

  test('of everything ends the stake', async () => {
    await send(alice, 'Unstake', '500')
    expect(await stakers()).toEqual({})
    expect((await send(alice, 'Unstake', '1')).error).toContain('Insufficient staked amount')
  })

  test.each([
    { quantity: '501', error: /Insufficient staked amount/ },
    { quantity: 'abc', error: /whole number/ },
  ])('of "$quantity" fails and changes nothing', async ({ quantity, error }) => {
    expect((await send(alice, 'Unstake', quantity)).error).toMatch(error)
    expect(await holdings(alice)).toEqual(['500', '500', '0'])
  })

  test('takes the delay that the owner set', async () => {
    await token.eval('UnstakeDelay = 2')
    await send(alice, 'Unstake', '500')
    await passBlocks(2)
    expect(await holdings(alice)).toEqual(['1000', '0', '0'])
  })

  test('broken by hand does not lock out the owner', async () => {
    await token.eval(`UnstakeDelay = 0 Unstaking["${alice.address}"] = { amount = "many", release_at = 0 }`)
    await send(bob, 'Stake', '1')
    await token.eval(code)
    expect((await passBlocks(1)).output).toContain('Unstaked tokens could not be released')
    await token.eval(`Unstaking["${alice.address}"] = nil`)
    expect(await token.state('next(Unstaking) == nil')).toBe(true)
  })
})

test('no token is made or lost', async () => {
  await send(alice, 'Stake', '600')
  await send(alice, 'Unstake', '250')
  await send(bob, 'Stake', '1')
  await send(alice, 'Stake', '50')
  await passBlocks(700)
  await send(alice, 'Unstake', '400')
  const total = await token.state(`(function()
    local sum = require(".bint")(256)(0)
    for _, balance in pairs(Balances) do sum = sum + balance end
    for _, list in ipairs({ Stakers, Unstaking }) do
      for _, entry in pairs(list) do sum = sum + entry.amount end
    end
    return tostring(sum)
  end)()`)
  expect(total).toBe(await token.state('TotalSupply'))
  expect(await holdings(alice)).toEqual(['600', '0', '400'])
})
