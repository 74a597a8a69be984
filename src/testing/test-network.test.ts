import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestClock } from './test-clock.ts'
import { createTestNetwork } from './test-network.ts'
import type { TestNetwork, TestProcess, TestWallet } from './types.ts'

let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let echo: TestProcess

const echoCode = `
Count = Count or 0
Handlers.add("Echo", "Echo", function(msg)
  Count = Count + 1
  print("echo for " .. msg.From)
  msg.reply({ Action = "Echoed", Data = msg.Data, Count = Count })
end)
Handlers.add("Fail", "Fail", function(msg)
  Count = 1000
  error("no luck")
end)
Handlers.add("Relay", "Relay", function(msg)
  ao.send({ Target = msg.Tags.To, Action = "Relayed", Data = msg.Data })
end)`

beforeAll(async () => {
  loom = await createTestNetwork()
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
  echo = await loom.spawn({ wallet: alice, code: echoCode, tags: { Name: 'echo' } })
})
afterAll(() => loom.close())

describe('wallets', () => {
  test('a name is always the same wallet, and different from others', () => {
    expect(loom.wallet('alice').address).toBe(alice.address)
    expect(alice.address).not.toBe(bob.address)
    expect(alice).toMatchObject({ name: 'alice', address: alice.signer.address })
  })
})

describe('spawn', () => {
  test('gives a process that belongs to the wallet, with its tags and data', async () => {
    expect(await echo.state('Owner')).toBe(alice.address)
    expect(await echo.state('Name')).toBe('echo')
    const booted = await loom.spawn({ wallet: bob, tags: { 'On-Boot': 'Data' }, data: 'Booted = "yes"' })
    expect(await booted.state('Booted')).toBe('yes')
    expect(booted.owner).toEqual(bob)
  })

  test('belongs to the wallet named owner when none is given', async () => {
    const process = await loom.spawn()
    expect(await process.state('Owner')).toBe(loom.wallet('owner').address)
  })

  test('throws what is wrong with the code', async () => {
    const spawned = loom.spawn({ code: 'this is not Lua' })
    await expect(spawned).rejects.toMatchObject({ code: 'TESTING_EVAL_FAILED' })
    await expect(spawned).rejects.toThrow(/\[string "aos"\]:1:/)
  })

  test('gives the same ids in every run', async () => {
    const idsOfRun = async () => {
      const other = await createTestNetwork()
      const processes = [await other.spawn(), await other.spawn()]
      await other.close()
      return processes.map(({ id }) => id)
    }
    const [first, second] = [await idsOfRun(), await idsOfRun()]
    expect(first).toEqual(second)
    expect(new Set(first).size).toBe(2)
  })
})

describe('send', () => {
  test('resolves with what the process printed and sent', async () => {
    const result = await echo.send({ from: bob, action: 'Echo', data: 'hello' })
    expect(result).toMatchObject({ output: `echo for ${bob.address}`, error: undefined, spawnCount: 0 })
    expect(result.messages).toEqual([result.reply])
    expect(result.reply).toMatchObject({ from: echo.id, target: bob.address, action: 'Echoed', data: 'hello' })
    expect(result.reply?.tags.Count).toMatch(/^\d+$/)
    const entry = await loom.network.entry(echo.id, result.id)
    expect(entry).toMatchObject({ nonce: result.nonce, timestampMs: result.timestampMs })
  })

  test('sends equal messages as different messages', async () => {
    const before = await echo.state('Count')
    const [first, second] = [
      await echo.send({ from: bob, action: 'Echo', data: 'same' }),
      await echo.send({ from: bob, action: 'Echo', data: 'same' }),
    ]
    expect(first.id).not.toBe(second.id)
    expect(await echo.state('Count')).toBe(Number(before) + 2)
  })

  test('comes from the owner when no sender is given', async () => {
    const { reply } = await echo.send({ action: 'Echo' })
    expect(reply?.target).toBe(alice.address)
  })

  test('resolves with the error of a process that failed, and nothing is changed', async () => {
    const before = await echo.state('Count')
    const { error, messages, output, reply } = await echo.send({ from: bob, action: 'Fail' })
    expect(error).toContain('no luck')
    expect(error).not.toContain('\u001b')
    expect({ messages, output, reply }).toEqual({ messages: [], output: '', reply: undefined })
    expect(await echo.state('Count')).toBe(before)
  })

  test('rejects when the network refuses the message', async () => {
    const tags = { 'Data-Protocol': 'other' }
    await expect(echo.send({ from: bob, tags })).rejects.toMatchObject({ code: 'SCHEDULER_TAG_INVALID' })
  })
})

describe('eval', () => {
  test('gives the value of an expression without colours', async () => {
    expect((await echo.eval('1 + 1')).output).toBe('2')
    expect((await echo.eval('print(5) print("five")')).output).toBe('5\nfive')
  })

  test('rejects with the Lua error', async () => {
    await expect(echo.eval('error("broken test")')).rejects.toMatchObject({
      code: 'TESTING_EVAL_FAILED',
      info: { processId: echo.id, error: expect.stringContaining('broken test') },
    })
  })
})

describe('dryRun and state', () => {
  test('state reads past what handlers of the process print', async () => {
    const process = await loom.spawn({
      code: 'Handlers.prepend("log", function() return "continue" end, function() print("seen\\n{}") end) Value = 7',
    })
    expect(await process.state('Value')).toBe(7)
  })

  test('hints point out mistakes of the process', async () => {
    const process = await loom.spawn()
    const { hints } = await process.eval('Send({ Target = ao.id, Quantity = 5 })')
    expect(hints).toEqual([expect.stringContaining('Tag `Quantity` is a number')])
  })

  test('show what a message would do and change nothing', async () => {
    const before = await echo.state('Count')
    const latest = await loom.network.latestEntry(echo.id)
    const { reply } = await echo.dryRun({ from: bob, action: 'Echo', data: 'dry' })
    expect(reply).toMatchObject({ target: bob.address, data: 'dry' })
    expect((await echo.dryRun({ from: bob, action: 'Fail' })).error).toContain('no luck')
    expect(await echo.state('Count')).toBe(before)
    expect(await loom.network.latestEntry(echo.id)).toEqual(latest)
  })

  test.each([
    { expression: '"text"', value: 'text' },
    { expression: '{ 1, 2, { deep = true } }', value: [1, 2, { deep: true }] },
    { expression: '{}', value: [] },
    { expression: 'Missing', value: undefined },
    { expression: 'tostring(9007199254740993)', value: '9007199254740993' },
    { expression: 'Count -- with a comment', value: expect.any(Number) },
  ])('state of $expression', async ({ expression, value }) => {
    expect(await echo.state(expression)).toEqual(value)
  })

  test.each(['Missing.field', 'print()(', '{ 1, a = 2 }'])('state of %s is refused by name', async (expression) => {
    await expect(echo.state(expression)).rejects.toMatchObject({
      code: 'TESTING_STATE_UNREADABLE',
      info: { processId: echo.id, expression },
    })
  })

  test('state waits for messages that are under way', async () => {
    const sender = await loom.spawn()
    const receiver = await loom.spawn({ code: 'Handlers.add("Add", "Add", function() Total = (Total or 0) + 1 end)' })
    await sender.eval(`for i = 1, 20 do Send({ Target = "${receiver.id}", Action = "Add" }) end`)
    expect(await receiver.state('Total')).toBe(20)
  })
})

test('stateAt reads the state after a message, however long ago', async () => {
  const process = await loom.spawn({ code: 'Count, Names = 1, { "a" }' })
  const { nonce } = await process.eval('Count = 2 Names[2] = "b"')
  await process.eval('Count = 3')
  expect(await process.stateAt(nonce, 'Count')).toBe(2)
  expect(await process.stateAt(nonce, 'Names')).toEqual(['a', 'b'])
  expect(await process.stateAt(nonce - 1)).toMatchObject({ Count: 1, Names: ['a'] })
  expect(await process.stateAt(nonce, 'Nothing')).toBe(null)
  await expect(process.stateAt(nonce + 2, 'Count')).rejects.toMatchObject({ code: 'COMPUTE_NONCE_UNKNOWN' })
})

describe('received and inbox', () => {
  test('received has what processes sent to a wallet, oldest first', async () => {
    const carol = loom.wallet('carol')
    expect(await loom.received(carol)).toEqual([])
    await echo.send({ from: bob, action: 'Relay', tags: { To: carol.address }, data: 'one' })
    await echo.send({ from: bob, action: 'Relay', tags: { To: carol.address }, data: 'two' })
    const received = await loom.received(carol)
    expect(received.map(({ data }) => data)).toEqual(['one', 'two'])
    expect(received[0]).toMatchObject({ from: echo.id, target: carol.address, action: 'Relayed' })
  })

  test('inbox has what no handler took, from wallets and from processes', async () => {
    const quiet = await loom.spawn()
    expect(await quiet.inbox()).toEqual([])
    const { id } = await quiet.send({ from: bob, action: 'Unknown', tags: { Colour: 'red' }, data: 'first' })
    await echo.send({ from: bob, action: 'Relay', tags: { To: quiet.id }, data: 'second' })
    expect(await quiet.inbox()).toMatchObject([
      { id, from: bob.address, target: quiet.id, action: 'Unknown', data: 'first', tags: { Colour: 'red' } },
      { from: echo.id, action: 'Relayed', data: 'second' },
    ])
  })
})

test('undeliverable has what cannot be delivered, and why', async () => {
  const own = await createTestNetwork()
  const process = await own.spawn()
  expect(await own.undeliverable()).toEqual([])
  await process.eval('Send({ Target = "nowhere", Action = "Lost" })')
  const reason = expect.stringContaining('"nowhere" is not an id')
  expect(await own.undeliverable()).toEqual([{ from: process.id, target: 'nowhere', action: 'Lost', reason }])
  await own.close()
})

describe('time', () => {
  test('stands until the test moves it', async () => {
    const clock = createTestClock(1_000_000_000_000)
    const timed = await createTestNetwork({ now: clock.now })
    const process = await timed.spawn({
      code: 'Handlers.add("When", "When", function(msg) msg.reply({ At = msg.Timestamp }) end)',
    })
    const first = await process.send({ action: 'When' })
    clock.advance(60_000)
    const second = await process.send({ action: 'When' })
    await timed.close()
    expect(first.timestampMs).toBeLessThan(1_000_000_000_010)
    expect(second.timestampMs).toBe(1_000_000_060_000)
    expect(second.reply?.tags.At).toBe('1000000060000')
  })

  test('makes chance the same in every run', async () => {
    const draws = async () => {
      const timed = await createTestNetwork({ now: createTestClock().now })
      const { output } = await (await timed.spawn()).eval('math.random(1000000)')
      await timed.close()
      return output
    }
    expect(await draws()).toBe(await draws())
  })

  test('does not go back', () => {
    const clock = createTestClock()
    expect(() => clock.advance(-1)).toThrow(expect.objectContaining({ code: 'TESTING_CLOCK_BACKWARDS' }))
    expect(() => clock.advance(Number.NaN)).toThrow(expect.objectContaining({ code: 'TESTING_CLOCK_BACKWARDS' }))
    expect(clock.now()).toBe(Date.UTC(2025, 0, 1))
  })
})

test('close is idempotent, and a closed network takes nothing', async () => {
  const other = await createTestNetwork()
  const process = await other.spawn()
  await other.close()
  await other.close()
  await expect(process.send({ action: 'Echo' })).rejects.toMatchObject({ code: 'NETWORK_CLOSED' })
})
