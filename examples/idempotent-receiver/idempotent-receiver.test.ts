import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestNetwork, type TestNetwork, type TestProcess, type TestWallet } from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')

let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
let till: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
})
afterAll(() => loom.close())

beforeEach(async () => {
  till = await loom.spawn({ code })
  await till.eval('WindowSize = 3')
})

function pay(from: TestWallet, requestId: string, quantity = '10') {
  return till.send({ from, action: 'Pay', tags: { 'Request-Id': requestId, Quantity: quantity } })
}

describe('a request', () => {
  test('is done once, and answered each time as the first time', async () => {
    const first = await pay(alice, 'r1')
    expect(first.reply).toMatchObject({
      action: 'Paid',
      tags: { 'Request-Id': 'r1', Quantity: '10', Total: '10', Repeated: 'false' },
    })
    await pay(alice, 'r2')
    const again = await pay(alice, 'r1')
    expect(again.id).not.toBe(first.id)
    expect(again.reply?.tags).toMatchObject({ 'Request-Id': 'r1', Quantity: '10', Total: '10', Repeated: 'true' })
    expect(await till.state('Totals')).toEqual({ [alice.address]: 20 })
  })

  test('with another id is another payment, however alike', async () => {
    await pay(alice, 'r1')
    await pay(alice, 'r2')
    expect(await till.state('Totals')).toEqual({ [alice.address]: 20 })
  })

  test('of another sender with the same id is another payment', async () => {
    await pay(alice, 'r1', '10')
    const { reply } = await pay(bob, 'r1', '7')
    expect(reply?.tags).toMatchObject({ Total: '7', Repeated: 'false' })
    expect(await till.state('Totals')).toEqual({ [alice.address]: 10, [bob.address]: 7 })
  })

  test('sent by many hands at once is done once', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => pay(alice, 'r1')))
    expect(results.filter(({ reply }) => reply?.tags.Repeated === 'false')).toHaveLength(1)
    expect(await till.state('Totals')).toEqual({ [alice.address]: 10 })
  })
})

describe('the window', () => {
  test('keeps the last requests of each sender, and no more', async () => {
    for (const id of ['r1', 'r2', 'r3', 'r4', 'r5']) await pay(alice, id)
    expect(await till.state(`Windows["${alice.address}"].order`)).toEqual(['r3', 'r4', 'r5'])
    const answers = (await till.state(`Windows["${alice.address}"].answers`)) as object
    expect(Object.keys(answers).sort()).toEqual(['r3', 'r4', 'r5'])
  })

  test('a request that has left it is done again: that is its bound', async () => {
    for (const id of ['r1', 'r2', 'r3']) await pay(alice, id)
    expect((await pay(alice, 'r1')).reply?.tags.Repeated).toBe('true')
    await pay(alice, 'r4') // r1 leaves
    expect((await pay(alice, 'r2')).reply?.tags.Repeated).toBe('true')
    expect((await pay(alice, 'r1')).reply?.tags).toMatchObject({ Repeated: 'false', Total: '50' })
  })

  test('is not filled by others, by repetitions or by refusals', async () => {
    await pay(alice, 'r1')
    for (const id of ['b1', 'b2', 'b3', 'b4']) await pay(bob, id)
    for (const _ of [1, 2, 3, 4]) await pay(alice, 'r1')
    for (const id of ['x1', 'x2', 'x3', 'x4']) await pay(alice, id, '-1')
    expect((await pay(alice, 'r1')).reply?.tags.Repeated).toBe('true')
  })

  test('shrinks when it is made smaller', async () => {
    for (const id of ['r1', 'r2', 'r3']) await pay(alice, id)
    await till.eval('WindowSize = 1')
    await pay(alice, 'r4')
    expect(await till.state(`Windows["${alice.address}"].order`)).toEqual(['r4'])
  })
})

describe('refused', () => {
  test('the same id with another quantity', async () => {
    await pay(alice, 'r1', '10')
    const { reply } = await pay(alice, 'r1', '99')
    expect(reply).toMatchObject({
      action: 'Pay-Error',
      tags: { Error: expect.stringMatching(/^Request-Id r1 was used/) },
    })
    expect(await till.state('Totals')).toEqual({ [alice.address]: 10 })
  })

  test.each(['0', '-1', '1.5', '1e3', 'ten', '9223372036854775808'])('the quantity %s', async (quantity) => {
    expect((await pay(alice, 'r1', quantity)).reply?.tags.Error).toMatch(/^Quantity must be/)
    expect(await till.state('Totals')).toEqual([])
    // The id is not spent: the corrected request counts.
    expect((await pay(alice, 'r1', '5')).reply?.tags).toMatchObject({ Repeated: 'false', Total: '5' })
  })

  test('no id, or one too long', async () => {
    const missing = await till.send({ from: alice, action: 'Pay', tags: { Quantity: '10' } })
    expect(missing.reply?.tags.Error).toMatch(/^Request-Id must have 1 to 64/)
    expect((await pay(alice, '')).reply?.tags.Error).toMatch(/^Request-Id must/)
    expect((await pay(alice, 'x'.repeat(65))).reply?.tags.Error).toMatch(/^Request-Id must/)
    expect((await pay(alice, 'x'.repeat(64))).reply?.action).toBe('Paid')
  })

  test('a total that would not fit', async () => {
    await pay(alice, 'r1', '9223372036854775807')
    const { reply } = await pay(alice, 'r2', '1')
    expect(reply?.tags.Error).toBe('The total cannot exceed 9223372036854775807.')
  })
})

test('a process that repeats until it hears an answer pays once', async () => {
  const payer = await loom.spawn({
    wallet: bob,
    code: `Answers = {}
      local function pay()
        Send({ Target = "${till.id}", Action = "Pay", ["Request-Id"] = "rent-may", Quantity = "500" })
          .onReply(function(msg) Answers[#Answers + 1] = msg.Total .. " " .. msg.Repeated end)
      end
      Handlers.add("Tick", "Tick", pay)`,
  })
  for (const _ of [1, 2, 3]) await payer.send({ action: 'Tick' })
  expect(await payer.state('Answers')).toEqual(['500 false', '500 true', '500 true'])
  expect(await till.state('Totals')).toEqual({ [payer.id]: 500 })
})
