import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestNetwork } from '../../testing/test-network.ts'
import type { TestNetwork, TestProcess } from '../../testing/types.ts'
import { rehearsalLines } from './rehearsal-text.ts'

const token = `
  Balances = { alice = 100, bob = 0 }
  Handlers.add("Transfer", "Transfer", function(msg)
    local amount = tonumber(msg.Quantity)
    if Balances.alice < amount then error("too little") end
    Balances.alice = Balances.alice - amount
    Balances.bob = Balances.bob + amount
    msg.reply({ Action = "Done", Data = tostring(Balances.bob) })
  end)
  Handlers.add("Info", "Info", function(msg) msg.reply({ Data = "a token" }) end)
`
/** Of what comes in, one in ten goes. */
const withFee = `
  Release = 2
  Handlers.add("Transfer", "Transfer", function(msg)
    local amount = tonumber(msg.Quantity)
    Balances.alice = Balances.alice - amount
    Balances.bob = Balances.bob + amount - amount // 10
    msg.reply({ Action = "Done", Data = tostring(Balances.bob) })
  end)
`

let loom: TestNetwork
let process: TestProcess
beforeEach(async () => {
  loom = await createTestNetwork()
  process = await loom.spawn({ code: token })
  for (const Quantity of ['10', '5', '90']) {
    await process.send({ from: loom.wallet('alice'), action: 'Transfer', tags: { Quantity } })
    await process.send({ action: 'Info' })
  }
})
afterEach(() => loom.close())

const rehearse = (code: string, last?: number) => loom.network.rehearse({ processId: process.id, code, last })

test('the same code makes no difference', async () => {
  const rehearsal = await rehearse('return 1', 6)
  expect(rehearsal).toMatchObject({ afterNonce: 1, code: { output: '1' }, differing: 0, isStateComplete: true })
  expect(rehearsal.messages.map(({ nonce, action }) => [nonce, action])).toEqual([
    [2, 'Transfer'],
    [3, 'Info'],
    [4, 'Transfer'],
    [5, 'Info'],
    [6, 'Transfer'],
    [7, 'Info'],
  ])
  for (const { gas } of rehearsal.messages) expect(gas.before).toBeGreaterThan(0)
})

test('tells what new code changes: replies, errors, state', async () => {
  const { code, messages, differing } = await rehearse(withFee, 6)
  expect(code).toMatchObject({ output: '', state: [{ path: 'Release', after: '2' }] })
  expect(differing).toBe(3)
  const [first, info, , , last] = messages
  expect(first?.state).toEqual([{ path: 'Balances.bob', before: '10', after: '9' }])
  expect(first).toMatchObject({ from: loom.wallet('alice').address })
  expect(first?.outbox).toMatchObject({ before: [{ Data: '10' }], after: [{ Data: '9' }] })
  expect(first?.error).toBeUndefined()
  expect(info).toMatchObject({ outbox: undefined, state: undefined })
  expect(last?.error?.before).toContain('too little')
  expect(last?.error?.after).toBeNull()
  expect(last?.state).toEqual([
    { path: 'Balances.alice', before: '85', after: '-5' },
    { path: 'Balances.bob', before: '15', after: '95' },
  ])
})

test('replays as many of the last messages as are asked for, and never the first', async () => {
  expect((await rehearse('return 1', 2)).messages.map(({ nonce }) => nonce)).toEqual([6, 7])
  expect((await rehearse('return 1', 500)).messages.map(({ nonce }) => nonce)).toEqual([1, 2, 3, 4, 5, 6, 7])
  await expect(rehearse('return 1', 0)).rejects.toMatchObject({ code: 'STORE_LIMIT_INVALID' })
})

test('changes nothing and sends nothing', async () => {
  const before = { hash: await loom.network.stateHash(process.id), sent: await loom.received(loom.wallet('alice')) }
  await rehearse(`${withFee} Send({ Target = "${loom.wallet('alice').address}", Action = "Upgraded" })`)
  expect({ hash: await loom.network.stateHash(process.id), sent: await loom.received(loom.wallet('alice')) }).toEqual(
    before,
  )
  expect((await loom.network.latestEntry(process.id))?.nonce).toBe(7)
})

test('code that fails is told, and nothing is replayed', async () => {
  const rehearsal = await rehearse('return nothing.here')
  expect(rehearsal.messages).toEqual([])
  expect(rehearsal.code.error).toContain('nothing')
  expect(rehearsalLines(rehearsal)[0]).toContain('The code fails')
})

test('the code runs as its owner, whoever that is by now', async () => {
  const carol = loom.wallet('carol')
  await process.eval(`Owner = "${carol.address}"`)
  expect((await rehearse('Seen = Owner', 1)).code.state).toEqual([
    // One of the last messages made carol the owner, so before it the first owner upgrades.
    { path: 'Seen', after: JSON.stringify(process.owner.address) },
  ])
  await process.send({ from: carol, action: 'Info' })
  expect((await rehearse('Seen = Owner', 1)).code.state).toEqual([
    { path: 'Seen', after: JSON.stringify(carol.address) },
  ])
})

test('reads well', async () => {
  const lines = rehearsalLines(await rehearse(withFee, 6))
  expect(lines).toContain('  Release  nothing → 2')
  expect(lines).toContain('  Balances.bob  10 → 9')
  const sent = lines.indexOf('  sent')
  expect(lines.slice(sent + 1, sent + 5).map((line) => line.slice(0, 9))).toEqual([
    ...['    - to ', '    - 10', '    + to ', '    + 9'],
  ])
  expect(lines.filter((line) => line.startsWith('nonce') && line.includes('  differs  '))).toHaveLength(3)
  expect(lines.at(-1)).toMatch(/^3 of 6 messages differ\. Gas: [\d,]+ → [\d,]+ \([+-][\d.]+ %\)$/)
})
