import { afterAll, beforeAll, expect, test } from 'vitest'
import { toVmMessage } from '../compute/vm-message.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import type { LogEntry } from '../store/types.ts'
import { createTestNetwork } from '../testing/test-network.ts'
import type { TestNetwork } from '../testing/types.ts'
import AoLoader from './loader.ts'

/** A result. In development mode a network adds hints, explains errors, and traces them in another way. */
interface Answer {
  readonly Output?: { readonly hints?: unknown } | string
  readonly Error?: string
  readonly Messages?: unknown
  readonly Spawns?: unknown
  readonly Assignments?: unknown
}

const code = `
Balances = { [Owner] = 100 }
Handlers.add("Transfer", "Transfer", function(msg)
  local quantity = tonumber(msg.Quantity)
  Balances[msg.From] = (Balances[msg.From] or 0) - quantity
  assert(Balances[msg.From] >= 0, "Insufficient balance!")
  Balances[msg.Recipient] = (Balances[msg.Recipient] or 0) + quantity
  Send({ Target = msg.Recipient, Action = "Credit-Notice", Quantity = quantity })
  msg.reply({ Action = "Debit-Notice", Data = { left = Balances[msg.From] } })
  print(math.random(1000) .. " at " .. os.time() .. " in " .. msg["Block-Height"])
end)
Handlers.add("Ask", "Ask", function(msg)
  local answer = Send({ Target = msg.From, Action = "Question" }).receive()
  Spawn(ao._module, { Name = answer.Data })
  Assign({ Processes = { ao.id }, Message = msg.Id })
end)`

let loom: TestNetwork

beforeAll(async () => {
  loom = await createTestNetwork()
})
afterAll(() => loom.close())

/** A log entry as the units give it to a module. */
function moduleMessage(entry: LogEntry): object {
  const { message } = toVmMessage(entry.processId, entry)
  return {
    ...{ Id: message.id, Target: message.target, From: message.from, Owner: message.owner, Tags: message.tags },
    ...{ Anchor: message.anchor, 'Forwarded-By': message.forwardedBy, 'Hash-Chain': message.hashChain },
    ...{ Timestamp: message.timestampMs, 'Block-Height': message.blockHeight, Nonce: message.nonce, Epoch: 0 },
    Data: message.data === undefined ? undefined : Buffer.from(message.data).toString('utf8'),
  }
}

async function networkAnswers(entries: readonly LogEntry[]): Promise<Answer[]> {
  const results = entries.map(({ processId, itemId }) => loom.network.result(processId, itemId))
  return (await Promise.all(results)).map(({ json }) => JSON.parse(json) as Answer)
}

/** Like a unit: what a failed message did is dropped. */
async function loaderAnswers(entries: readonly LogEntry[], environment: object): Promise<Answer[]> {
  const handle = await AoLoader()
  let memory: unknown = null
  const answers: Answer[] = []
  for (const entry of entries) {
    const result = await handle(memory, moduleMessage(entry), environment)
    if (result.Error === undefined) memory = result.Memory
    answers.push(result)
  }
  return answers
}

test('the messages of a process have the results that a network gave them', async () => {
  const alice = loom.wallet('alice')
  const process = await loom.spawn({ wallet: alice, code, tags: { Name: 'token' } })
  const transfer = (recipient: string, quantity: string) =>
    process.send({ action: 'Transfer', tags: { recipient, quantity } })
  await transfer('bob', '30')
  await transfer('carol', '71')
  await transfer('carol', '70')
  const { reply } = await process.send({ action: 'Ask' })
  await process.send({ data: 'child', tags: { 'X-Reference': reply?.tags.Reference ?? '' } })
  await process.send({ data: 'ü for the inbox' })
  // The news of the child has come: what is sent now is the last.
  await loom.idle()
  const last = await process.send({ action: 'Eval', data: 'return Balances["carol"] .. " " .. #Inbox' })

  const entries = await loom.network.entries(process.id, 0, last.nonce, 100)
  const { address, moduleId } = loom.network.info()
  const tags = [...parseDataItem(entries[0]?.item ?? new Uint8Array()).tags, { name: 'Authority', value: address }]
  const answers = await loaderAnswers(entries, {
    Process: { Id: process.id, Owner: alice.address, Tags: tags },
    Module: { Id: moduleId, Owner: address, Tags: [] },
  })
  const expected = await networkAnswers(entries)

  expect(answers.filter(({ Error: problem }) => problem !== undefined)).toHaveLength(1)
  expect(answers.at(-1)?.Output).toMatchObject({ data: '70 3' })
  for (const [nonce, answer] of answers.entries()) {
    const network = expected[nonce]
    if (answer.Error !== undefined) {
      expect(network?.Error).toContain(answer.Error.split('error:\n').at(-1))
      continue
    }
    for (const field of ['Messages', 'Spawns', 'Assignments'] as const) expect(answer[field]).toEqual(network?.[field])
    expect(network?.Output).toMatchObject(answer.Output as object)
  }
})
