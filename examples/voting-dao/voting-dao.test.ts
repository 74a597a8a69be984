import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createTestClock,
  createTestNetwork,
  type TestNetwork,
  type TestProcess,
  type TestWallet,
} from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')
const hourMs = 60 * 60 * 1_000
// Messages of a process are at least 1 ms apart, also while the clock stands: a margin for those before the vote.
const pastDeadlineMs = hourMs + 60_000

const clock = createTestClock()
let loom: TestNetwork
let owner: TestWallet
let alice: TestWallet
let bob: TestWallet
let carol: TestWallet
let mallory: TestWallet
let dao: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork({ now: clock.now })
  owner = loom.wallet('owner')
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
  carol = loom.wallet('carol')
  mallory = loom.wallet('mallory')
})
afterAll(() => loom.close())

// Weights: alice 1, bob 2, carol 4. All together 7, so the quorum of 50 % is 4.
beforeEach(async () => {
  dao = await loom.spawn({ wallet: owner, code })
  await setMember(alice.address, '1')
  await setMember(bob.address, '2')
  await setMember(carol.address, '4')
})

function setMember(member: string, weight: string, from = owner) {
  return dao.send({ from, action: 'Set-Member', tags: { Member: member, Weight: weight } })
}

function propose(from: TestWallet, tags = {}) {
  const all = { Title: 'Plant trees', 'Duration-Ms': String(hourMs), ...tags }
  return dao.send({ from, action: 'Create-Proposal', tags: all, data: 'Ten oaks in the park.' })
}

function vote(from: TestWallet, choice: string, proposal = '1') {
  return dao.send({ from, action: 'Vote', tags: { Proposal: proposal, Choice: choice } })
}

function close(from: TestWallet, proposal = '1') {
  return dao.send({ from, action: 'Close', tags: { Proposal: proposal } })
}

describe('a vote', () => {
  test('from the proposal to the result', async () => {
    const created = await propose(alice)
    expect(created.reply).toMatchObject({
      action: 'Proposal-Created',
      tags: { Proposal: '1', Status: 'open', Quorum: '4', Deadline: String(created.timestampMs + hourMs) },
    })
    expect((await vote(alice, 'For')).reply).toMatchObject({ action: 'Vote-Counted', tags: { Weight: '1' } })
    expect((await vote(bob, 'Against')).reply?.action).toBe('Vote-Counted')
    expect((await vote(carol, 'For')).reply?.action).toBe('Vote-Counted')

    clock.advance(pastDeadlineMs)
    const closed = await close(bob)
    const result = { action: 'Proposal-Closed', tags: { Status: 'passed', For: '5', Against: '2', Abstain: '0' } }
    expect(closed.reply).toMatchObject(result)
    // The proposer hears of it too.
    expect((await loom.received(alice)).at(-1)).toMatchObject(result)
  })

  const results = [
    { name: 'more weight for it', votes: { alice: 'Against', carol: 'For' }, status: 'passed' },
    {
      name: 'more weight against it, though fewer members',
      votes: { alice: 'For', bob: 'For', carol: 'Against' },
      status: 'rejected',
    },
    { name: 'as much for as against it', votes: { carol: 'Abstain' }, status: 'rejected' },
    { name: 'exactly the quorum', votes: { carol: 'For' }, status: 'passed' },
    { name: 'one below the quorum', votes: { alice: 'For', bob: 'For' }, status: 'without quorum' },
    { name: 'no vote', votes: {}, status: 'without quorum' },
    { name: 'abstentions that make up the quorum', votes: { alice: 'For', carol: 'Abstain' }, status: 'passed' },
  ]

  test.each(results)('with $name is $status', async ({ votes, status }) => {
    await propose(alice)
    for (const [name, choice] of Object.entries(votes)) {
      expect((await vote(loom.wallet(name), choice)).reply?.action).toBe('Vote-Counted')
    }
    clock.advance(pastDeadlineMs)
    expect((await close(alice)).reply?.tags.Status).toBe(status)
  })

  test('the quorum is rounded up', async () => {
    await setMember(carol.address, '2') // 5 in all
    expect((await propose(alice)).reply?.tags.Quorum).toBe('3')
  })

  test('proposals have votes of their own', async () => {
    await propose(alice)
    await propose(bob, { Title: 'Dig a pond' })
    await vote(carol, 'For', '1')
    await vote(carol, 'Against', '2')
    clock.advance(pastDeadlineMs)
    expect((await close(alice, '1')).reply?.tags).toMatchObject({ Title: 'Plant trees', Status: 'passed' })
    expect((await close(alice, '2')).reply?.tags).toMatchObject({ Title: 'Dig a pond', Status: 'rejected' })
  })

  test('can be looked at while it goes on', async () => {
    await propose(alice)
    await vote(bob, 'For')
    const { reply } = await dao.dryRun({ from: mallory, action: 'Get-Proposal', tags: { Proposal: '1' } })
    expect(reply).toMatchObject({ data: 'Ten oaks in the park.', tags: { Status: 'open', For: '2' } })
  })

  test('a process is a member like any other', async () => {
    const delegate = await loom.spawn({ wallet: mallory })
    await setMember(delegate.id, '8')
    await propose(alice)
    await delegate.eval(`
      local answer = Send({ Target = "${dao.id}", Action = "Vote", Proposal = "1", Choice = "For" }).receive()
      Answer = answer.Action .. " " .. answer.Weight`)
    expect(await delegate.state('Answer')).toBe('Vote-Counted 8')
    expect(await dao.state('Proposals[1].tally.For')).toBe(8)
  })
})

describe('voting is refused', () => {
  beforeEach(async () => {
    await propose(alice)
  })

  test('twice', async () => {
    await vote(bob, 'For')
    const { reply } = await vote(bob, 'Against')
    expect(reply).toMatchObject({
      action: 'Vote-Error',
      tags: { Error: 'You have voted already: For. A vote is final.' },
    })
    expect(await dao.state('Proposals[1].tally')).toEqual({ For: 2, Against: 0, Abstain: 0 })
  })

  test('from the deadline on, to the millisecond', async () => {
    const deadline = (await dao.state('Proposals[1].deadline')) as number
    clock.advance(deadline - clock.now() - 1)
    const last = await vote(bob, 'For')
    expect(last.timestampMs).toBe(deadline - 1)
    expect(last.reply?.action).toBe('Vote-Counted')
    clock.advance(1)
    const late = await vote(carol, 'For')
    expect(late.timestampMs).toBe(deadline)
    expect(late.reply?.tags.Error).toMatch(/deadline has passed/)
    expect(await dao.state('Proposals[1].tally.For')).toBe(2)
  })

  test('after the end', async () => {
    clock.advance(pastDeadlineMs)
    await close(alice)
    expect((await vote(bob, 'For')).reply?.tags.Error).toBe('The vote is over: the proposal is without quorum.')
  })

  test('to others, and to those who came later', async () => {
    expect((await vote(mallory, 'For')).reply?.tags.Error).toMatch(/^Only those who were members/)
    await setMember(mallory.address, '100')
    expect((await vote(mallory, 'For')).reply?.tags.Error).toMatch(/^Only those who were members/)
  })

  test('with a weight that was changed since', async () => {
    await setMember(bob.address, '1000')
    await setMember(carol.address, '0')
    expect((await vote(bob, 'For')).reply?.tags.Weight).toBe('2')
    expect((await vote(carol, 'For')).reply?.tags.Weight).toBe('4')
  })

  test.each(['for', 'Yes', ''])('for the choice "%s"', async (choice) => {
    expect((await vote(bob, choice)).reply?.tags.Error).toBe('Choice must be For, Against or Abstain.')
  })

  test.each(['0', '2', '-1', '1.5', 'x', '99999999999999999999'])('on proposal %s', async (proposal) => {
    expect((await vote(bob, 'For', proposal)).reply?.tags.Error).toMatch(/^Proposal must be .* There are 1\.$/)
  })
})

describe('the other refusals', () => {
  test('closing before the deadline, and twice', async () => {
    await propose(alice)
    const early = await close(alice)
    expect(early.reply).toMatchObject({
      action: 'Close-Error',
      tags: { Error: expect.stringMatching(/goes on until \d+/) },
    })
    clock.advance(pastDeadlineMs)
    await close(alice)
    expect((await close(bob)).reply?.tags.Error).toBe('The proposal is closed already: without quorum.')
  })

  test('proposals of others, without title, or without a sensible duration', async () => {
    expect((await propose(mallory)).reply?.tags.Error).toBe('Only members may propose.')
    expect((await propose(alice, { Title: '' })).reply?.tags.Error).toMatch(/^Title must/)
    expect((await propose(alice, { Title: 'x'.repeat(201) })).reply?.tags.Error).toMatch(/^Title must/)
    for (const duration of ['59999', '2592000001', '-60000', '6e6', 'soon']) {
      expect((await propose(alice, { 'Duration-Ms': duration })).reply?.tags.Error).toMatch(/^Duration-Ms must/)
    }
    expect(await dao.state('#Proposals')).toBe(0)
  })

  test('members are set by the owner alone, with sensible weights', async () => {
    expect((await setMember(mallory.address, '9', mallory)).reply?.tags.Error).toMatch(/^Only the owner/)
    expect((await setMember('mallory', '9')).reply?.tags.Error).toMatch(/^Member must/)
    expect((await setMember(mallory.address, '-1')).reply?.tags.Error).toMatch(/^Weight must/)
    expect((await setMember(mallory.address, '1000001')).reply?.tags.Error).toMatch(/^Weight must/)
    expect(await dao.state('Members')).toEqual({ [alice.address]: 1, [bob.address]: 2, [carol.address]: 4 })
    await setMember(alice.address, '0')
    expect(await dao.state('Members')).toEqual({ [bob.address]: 2, [carol.address]: 4 })
  })
})
