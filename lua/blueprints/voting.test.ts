import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createTestClock,
  createTestNetwork,
  type TestNetwork,
  type TestProcess,
  type TestResult,
  type TestTags,
  type TestWallet,
} from '../../src/testing/testing.ts'

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const code = read('voting.lua')
const blockMs = 120_000

const clock = createTestClock()
let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let carol: TestWallet
let dao: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork({ now: clock.now })
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
  carol = loom.wallet('carol')
})
afterAll(() => loom.close())

beforeEach(async () => {
  const accounts = [alice, bob, carol].map(({ address }) => `["${address}"] = "1000"`)
  dao = await loom.spawn({ code: `Balances = { ${accounts.join(', ')} } UnstakeDelay = 5 Passed = {}` })
  for (const name of ['token.lua', 'staking.lua', 'voting.lua']) await dao.eval(read(name))
  await dao.eval('function HandleVote(target, vote) Passed[target] = vote.yay .. ":" .. vote.nay end')
})

function stake(from: TestWallet, quantity: string, action = 'Stake'): Promise<TestResult> {
  return dao.send({ from, action, tags: { Quantity: quantity } })
}

function vote(from: TestWallet, side: string, tags: TestTags = {}): Promise<TestResult> {
  return dao.send({ from, action: 'Vote', tags: { Target: 'park', Side: side, Deadline: '10', ...tags } })
}

async function passBlocks(count: number): Promise<TestResult> {
  clock.advance(count * blockMs)
  return dao.send({ from: loom.wallet('stranger'), action: 'Anything' })
}

async function height(): Promise<number> {
  return (await loom.network.latestEntry(dao.id))?.blockHeight ?? Number.NaN
}

async function votes(): Promise<unknown> {
  return JSON.parse((await dao.dryRun({ action: 'Votes' })).reply?.data ?? '')
}

describe('loading', () => {
  test('without staking says what to load first', async () => {
    const process = await loom.spawn()
    const { error } = await process.send({ action: 'Eval', data: code })
    expect(error).toContain('Load the token blueprint and the staking blueprint first.')
  })

  test('again keeps the votes and their deadlines', async () => {
    await stake(alice, '3')
    await vote(alice, 'yay')
    expect((await dao.eval(code)).output).toBe('Voting loaded.')
    expect(await votes()).toMatchObject({ park: { yay: '3' } })
    expect((await passBlocks(10)).output).toContain('Handle Vote')
  })
})

describe('Vote', () => {
  test('counts what the voter has staked, for a side, until a deadline', async () => {
    await stake(alice, '30')
    await stake(bob, '9')
    const { reply, error } = await vote(alice, 'yay')
    expect(error).toBeUndefined()
    expect(reply?.data).toBe('Voted yay for park with 30')
    const deadline = (await height()) + 10
    await vote(bob, 'nay', { Deadline: '500' })
    expect(await votes()).toEqual({
      park: {
        yay: '30',
        nay: '9',
        deadline,
        voters: { [alice.address]: { side: 'yay', amount: '30' }, [bob.address]: { side: 'nay', amount: '9' } },
      },
    })
  })

  test('again replaces the earlier one: the side may change, the stake counts once', async () => {
    await stake(alice, '30')
    await vote(alice, 'yay')
    await vote(alice, 'yay')
    expect(await votes()).toMatchObject({ park: { yay: '30', nay: '0' } })
    await stake(alice, '5')
    await vote(alice, 'nay')
    expect(await votes()).toMatchObject({ park: { yay: '0', nay: '35' } })
  })

  test('on several targets counts on each', async () => {
    await stake(alice, '30')
    await vote(alice, 'yay')
    await vote(alice, 'nay', { Target: 'pond', Deadline: '20' })
    expect(await votes()).toMatchObject({ park: { yay: '30' }, pond: { nay: '30' } })
    await passBlocks(10)
    expect(await votes()).toMatchObject({ pond: { nay: '30' } })
    expect(await votes()).not.toHaveProperty('park')
  })

  test.each<[TestTags, RegExp]>([
    [{ Target: '' }, /Target is required!/],
    [{ Side: 'yes' }, /Side must be "yay" or "nay"/],
    [{ Side: 'Yay' }, /Side must be "yay" or "nay"/],
    [{ Deadline: '0' }, /Deadline: 1 to 262800 blocks/],
    [{ Deadline: '262801' }, /Deadline: 1 to 262800 blocks/],
    [{ Deadline: '1.5' }, /Deadline: 1 to 262800 blocks/],
    [{ Deadline: '-1' }, /Deadline: 1 to 262800 blocks/],
    [{ Deadline: '9'.repeat(400) }, /Deadline: 1 to 262800 blocks/],
    [{ Deadline: '' }, /Deadline: 1 to 262800 blocks/],
  ])('with %j fails', async (tags, error) => {
    await stake(alice, '30')
    const result = await vote(alice, 'yay', tags)
    expect(result).toMatchObject({ error: expect.stringMatching(error), messages: [] })
    expect(await votes()).toEqual({})
  })

  test('without stake fails, whatever the balance', async () => {
    expect((await vote(alice, 'yay')).error).toContain('No staked tokens to vote with')
    await stake(alice, '30')
    await stake(alice, '30', 'Unstake')
    expect((await vote(alice, 'yay')).error).toContain('No staked tokens to vote with')
  })
})

describe('the count', () => {
  const results = [
    { name: 'more yay than nay', yay: '10', nay: '9', passed: '10:9' },
    { name: 'a tie', yay: '10', nay: '10', passed: undefined },
    { name: 'more nay than yay', yay: '9', nay: '10', passed: undefined },
  ]
  test.each(results)('with $name', async ({ yay, nay, passed }) => {
    await stake(alice, yay)
    await stake(bob, nay)
    await vote(alice, 'yay')
    await vote(bob, 'nay')
    await passBlocks(9)
    expect(await votes()).toHaveProperty('park')
    const { output } = await passBlocks(1)
    expect(output.includes('Handle Vote')).toBe(passed !== undefined)
    expect(await dao.state('Passed.park')).toBe(passed)
    expect(await votes()).toEqual({})
  })

  test('is exact above what a double holds', async () => {
    const large = 2n ** 200n
    await dao.eval(`
      Stakers["${alice.address}"] = { amount = "${large + 1n}", unstake_at = 0 }
      Stakers["${bob.address}"] = { amount = "${large}", unstake_at = 0 }`)
    await vote(bob, 'nay')
    await vote(alice, 'yay')
    await passBlocks(10)
    expect(await dao.state('Passed.park')).toBe(`${large + 1n}:${large}`)
  })

  test('leaves out what was unstaked before the deadline', async () => {
    await stake(alice, '30')
    await stake(bob, '10')
    await vote(alice, 'yay')
    await vote(bob, 'nay')
    await stake(alice, '15', 'Unstake')
    await passBlocks(10)
    expect(await dao.state('Passed.park')).toBe('15:10')
    await vote(alice, 'yay', { Target: 'pond' })
    await vote(bob, 'nay', { Target: 'pond' })
    await stake(alice, '5', 'Unstake')
    await passBlocks(10)
    expect(await dao.state('Passed.pond')).toBeUndefined()
  })

  test('never has the same tokens twice, whoever stakes them', async () => {
    await stake(alice, '1000')
    await stake(carol, '1000')
    await vote(alice, 'yay')
    await vote(carol, 'nay')
    await stake(alice, '1000', 'Unstake')
    await passBlocks(5)
    await dao.send({ from: alice, action: 'Transfer', tags: { Recipient: bob.address, Quantity: '1000' } })
    await stake(bob, '1000')
    await vote(bob, 'yay')
    expect(await votes()).toMatchObject({ park: { yay: '2000', nay: '1000' } })
    await passBlocks(5)
    expect(await dao.state('Passed.park')).toBeUndefined()
  })

  test('comes before a late vote and a late Unstake', async () => {
    await stake(alice, '30')
    await stake(bob, '20')
    await vote(alice, 'yay')
    await vote(bob, 'nay')
    clock.advance(10 * blockMs)
    await stake(alice, '30', 'Unstake')
    expect(await dao.state('Passed.park')).toBe('30:20')
    expect((await vote(bob, 'nay', { Deadline: '' })).error).toContain('The first vote on a target sets its Deadline')
  })

  test('does not need a hook, and an error in it neither repeats nor locks the owner out', async () => {
    await stake(alice, '30')
    await vote(alice, 'yay')
    await dao.eval('HandleVote = function() error("no gardener") end')
    const { output, error } = await passBlocks(10)
    expect(error).toBeUndefined()
    expect(output).toContain('HandleVote failed for park: ')
    expect(output).toContain('no gardener')
    await dao.eval('HandleVote = nil')
    await vote(alice, 'yay')
    expect((await passBlocks(10)).output).toContain('Handle Vote')
    expect(await votes()).toEqual({})
  })

  test('may begin new votes', async () => {
    await dao.eval(`function HandleVote(target, vote)
      for i = 1, 50 do Votes[target .. i] = { yay = "0", nay = "0", deadline = vote.deadline + i, voters = {} } end
    end`)
    await stake(alice, '30')
    await vote(alice, 'yay')
    await passBlocks(10)
    expect(Object.keys((await votes()) as object)).toHaveLength(50)
    await passBlocks(49)
    expect(Object.keys((await votes()) as object)).toEqual(['park50'])
  })

  test('broken by hand does not lock the owner out', async () => {
    await stake(alice, '30')
    await vote(alice, 'yay')
    await dao.eval('Votes.broken = {}')
    expect((await passBlocks(10)).output).toContain('Votes could not be counted: ')
    await dao.eval('Votes.broken = nil')
    await passBlocks(0)
    expect(await dao.state('Passed.park')).toBe('30:0')
    expect(await votes()).toEqual({})
  })
})
