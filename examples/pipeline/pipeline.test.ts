import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestNetwork, type TestNetwork, type TestProcess, type TestWallet } from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')

let loom: TestNetwork
let alice: TestWallet
let split: TestProcess
let count: TestProcess
let report: TestProcess

beforeAll(async () => {
  loom = await createTestNetwork()
  alice = loom.wallet('alice')
  const [first, second, third] = await Promise.all(
    ['split', 'count', 'report'].map((stage) => loom.spawn({ code, tags: { Stage: stage } })),
  )
  if (first === undefined || second === undefined || third === undefined) throw new Error('a stage is missing')
  ;[split, count, report] = [first, second, third]
  await split.send({ action: 'Connect', tags: { Next: count.id } })
  await count.send({ action: 'Connect', tags: { Previous: split.id, Next: report.id } })
  await report.send({ action: 'Connect', tags: { Previous: count.id } })
})
afterAll(() => loom.close())

test('hands data through three processes, and the last one answers the requester', async () => {
  const { messages } = await split.send({ from: alice, action: 'Process', data: 'The cat and the dog and THE bird' })
  // The first stage sends to the second alone; the requester hears from the last.
  expect(messages.map(({ target }) => target)).toEqual([count.id])

  const received = await loom.received(alice)
  expect(received).toMatchObject([
    { from: report.id, action: 'Processed', data: 'the: 3\nand: 2\nbird: 1\ncat: 1\ndog: 1' },
  ])
})

test('a process asks the first and waits for the last, with several requests under way', async () => {
  const asker = await loom.spawn({ wallet: alice })
  const before = await report.state('Processed')
  await asker.eval(`Answers = {}
    for _, text in ipairs({ "one", "two two", "three three three" }) do
      Send({ Target = "${split.id}", Action = "Process", Data = text }).onReply("${report.id}", function(msg)
        Answers[text] = msg.Data
      end)
    end`)
  expect(await asker.state('Answers')).toEqual({ one: 'one: 1', 'two two': 'two: 2', 'three three three': 'three: 3' })

  await asker.eval(`
    local answer = Send({ Target = "${split.id}", Action = "Process", Data = "last one" }).receive("${report.id}")
    Last = answer.Data`)
  expect(await asker.state('Last')).toBe('last: 1\none: 1')
  expect(await report.state('Processed')).toBe(Number(before) + 4)
  expect(await asker.inbox()).toEqual([])
})

test.each([
  { name: 'no words', data: '123 !?', error: /^Data has no words/ },
  { name: 'only spaces', data: '   ', error: /^Data must be text/ },
])('the first stage refuses $name', async ({ data, error }) => {
  const { reply, messages } = await split.send({ from: alice, action: 'Process', data })
  expect(reply).toMatchObject({
    action: 'Process-Error',
    tags: { Stage: 'split', Error: expect.stringMatching(error) },
  })
  expect(messages).toHaveLength(1)
})

test('a refusal in the middle reaches the requester', async () => {
  // A first stage of someone else's, that hands on what the second does not understand.
  const broken = await loom.spawn({
    code: 'Handlers.add("Process", "Process", function(msg) msg.forward(Count, { Data = "not a list" }) end)',
  })
  const second = await loom.spawn({ code, tags: { Stage: 'count' } })
  await broken.eval(`Count = "${second.id}"`)
  await second.send({ action: 'Connect', tags: { Previous: broken.id, Next: report.id } })

  const carol = loom.wallet('carol')
  await broken.send({ from: carol, action: 'Process', data: 'some words' })
  expect(await loom.received(carol)).toMatchObject([
    { from: second.id, action: 'Process-Error', tags: { Stage: 'count', Error: 'Data must be a JSON list of words.' } },
  ])
})

test('data that makes a stage fail is refused, not fatal', async () => {
  const alone = await loom.spawn({ code, tags: { Stage: 'report' } })
  const tags = { 'Content-Type': 'application/json' }
  const bad = await alone.send({ from: alice, action: 'Process', tags, data: '[{"word":"a"},{"word":"b"}]' })
  expect(bad.error).toBeUndefined()
  expect(bad.reply?.tags.Error).toBe('Data is not what this stage understands.')
  const good = await alone.send({ from: alice, action: 'Process', tags, data: '[{"word":"a","count":2}]' })
  expect(good.reply).toMatchObject({ action: 'Processed', data: 'a: 2' })
})

test('a stage takes data from the stage before it alone', async () => {
  const { reply } = await count.send({ from: alice, action: 'Process', data: '["a"]' })
  expect(reply).toMatchObject({
    action: 'Process-Error',
    tags: { Error: 'Send data to the first stage of the pipeline.' },
  })
})

test('only the owner connects stages', async () => {
  const { reply } = await count.send({ from: alice, action: 'Connect', tags: { Next: alice.address } })
  expect(reply).toMatchObject({ action: 'Connect-Error', tags: { Error: 'Only the owner may connect stages.' } })
  expect(await count.state('Next')).toBe(report.id)
})

test('a process without a stage does not start', async () => {
  const wrong = loom.spawn({ code, tags: { Stage: 'other' } })
  await expect(wrong).rejects.toMatchObject({
    code: 'TESTING_EVAL_FAILED',
    info: { error: expect.stringContaining('Stage = split, count or report') },
  })
})
