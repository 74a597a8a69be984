/**
 * Every Lua block of the guide, loaded into processes of its own and driven by messages.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import type { Network } from '../../src/network/types.ts'
import { type BlockName, printed, take } from './guide-blocks.ts'
import { createGuideProcess, type GuideProcess, handlerNames, owner, wallet } from './guide-process.ts'

const alice = wallet('alice')
const bob = wallet('bob')

/** Call it in a suite that has opened the network before its first case. */
export function describeLuaBlocks(network: () => Network): void {
  const create = (): Promise<GuideProcess> => createGuideProcess(network())

  async function createWith(name: BlockName): Promise<GuideProcess> {
    const process = await create()
    await process.load(name)
    return process
  }

  describe('3. Message Processing', () => {
    test('Initialize fills State and answers the sender', async () => {
      const process = await createWith('initialize')
      const data = JSON.stringify({ owner: 'USER_ADDRESS', name: 'My Process', version: '1.0.0' })
      const { sent, error } = await process.send(alice, { Action: 'Initialize' }, data)

      expect(error).toBeUndefined()
      expect(sent).toMatchObject([{ target: alice.address, data: 'Process initialized successfully' }])
      expect(await process.read('State')).toEqual({ owner: 'USER_ADDRESS', name: 'My Process', initialized: true })
    })

    test('another action passes it by', async () => {
      const process = await createWith('initialize')
      const { sent } = await process.send(alice, { Action: 'initialize' }, '{}')

      expect(sent).toEqual([])
      expect(await process.read('State')).toEqual([]) // an empty table, in this JSON
      expect(await process.inbox()).toMatchObject([{ from: alice.address, tags: { Action: 'initialize' } }])
    })

    test('data that is not JSON fails the message and leaves the state alone', async () => {
      const process = await createWith('initialize')
      const { sent, error } = await process.send(alice, { Action: 'Initialize' }, 'not JSON')

      expect(error).toMatch(/invalid literal 'not' at line 1 col 1/)
      expect(sent).toEqual([])
      expect(await process.read('State')).toEqual([])
    })
  })

  describe('Deterministic State Updates and State Persistence', () => {
    const update = (process: GuideProcess, operation: string, amount: string) =>
      process.send(alice, { Action: 'UpdateBalance', Operation: operation, Amount: amount })

    test('UpdateBalance credits and debits, answers with JSON, and records each transaction', async () => {
      const process = await createWith('updateBalance')
      const credit = await update(process, 'credit', '100')
      const debit = await update(process, 'debit', '30')

      expect(credit.sent).toMatchObject([{ target: alice.address }])
      expect(credit.sent.map(json)).toEqual([{ success: true, balance: 100, transactionId: credit.id }])
      expect(debit.sent.map(json)).toEqual([{ success: true, balance: 70, transactionId: debit.id }])
      expect(await process.read('Balance')).toBe(70)
      const from = alice.address
      expect(await process.read('Transactions')).toEqual([
        { id: credit.id, from, amount: 100, operation: 'credit', timestamp: credit.timestampMs, balance: 100 },
        { id: debit.id, from, amount: 30, operation: 'debit', timestamp: debit.timestampMs, balance: 70 },
      ])
    })

    test.each([
      { name: 'a debit above the balance', operation: 'debit', amount: '101' },
      { name: 'an operation that is neither', operation: 'steal', amount: '1' },
    ])('UpdateBalance refuses $name', async ({ operation, amount }) => {
      const process = await createWith('updateBalance')
      await update(process, 'credit', '100')
      const { sent, error } = await update(process, operation, amount)

      expect(error).toBeUndefined()
      expect(sent).toMatchObject([{ target: alice.address, data: 'Insufficient balance' }])
      expect(await process.read('{ Balance, #Transactions }')).toEqual([100, 1])
    })

    test('loading the block again keeps the balance and does not double the handler', async () => {
      const process = await createWith('updateBalance')
      await update(process, 'credit', '100')
      await process.load('updateBalance')
      const { sent } = await update(process, 'credit', '1')

      expect(sent.map(json)).toMatchObject([{ balance: 101 }])
      expect((await handlerNames(process)).filter((name) => name === 'UpdateBalance')).toHaveLength(1)
    })

    test('SaveCheckpoint answers with the state as JSON in a tag', async () => {
      const process = await createWith('saveCheckpoint')
      const credit = await update(process, 'credit', '5')
      const { sent, timestampMs } = await process.send(bob, { Action: 'SaveCheckpoint' })

      expect(sent).toMatchObject([{ target: bob.address, data: 'Checkpoint saved' }])
      expect(JSON.parse(String(sent[0]?.tags['Checkpoint-Data']))).toEqual({
        balance: 5,
        transactions: [
          {
            id: credit.id,
            from: alice.address,
            amount: 5,
            operation: 'credit',
            timestamp: credit.timestampMs,
            balance: 5,
          },
        ],
        lastUpdate: timestampMs,
        version: '1.0.0',
      })
    })

    test('SaveCheckpoint asked by a process: tag and data reach it', async () => {
      const process = await createWith('saveCheckpoint')
      await update(process, 'credit', '5')
      const asking = await create()
      await asking.eval(`Send({ Target = "${process.id}", Action = "SaveCheckpoint" })`)

      const [received, ...more] = await asking.inbox()
      expect(more).toEqual([])
      expect(received).toMatchObject({ from: process.id, data: 'Checkpoint saved' })
      expect(JSON.parse(String(received?.tags['Checkpoint-Data']))).toMatchObject({ balance: 5, version: '1.0.0' })
    })
  })

  describe('1. Token Contracts', () => {
    const token = 10n ** 12n
    const transfer = (process: GuideProcess, from: typeof alice, recipient: string, quantity: bigint) =>
      process.send(from, { Action: 'Transfer', Recipient: recipient, Quantity: String(quantity) })

    /** Every balance as text: whole, because an integer above 2^53 does not survive JSON. */
    const balances = (process: GuideProcess) =>
      process.read(`(function()
        local all = {}
        for address, balance in pairs(Balances) do all[address] = string.format("%.0f", balance) end
        return all
      end)()`)

    test('the supply is a float of 10^18, all of it with the owner, and the name is in the prompt', async () => {
      const process = await createWith('token')

      expect(await process.read('{ Name, Ticker, math.type(TotalSupply), math.type(Denomination) }')).toEqual([
        'MyToken',
        'MTK',
        'float',
        'integer',
      ])
      expect(await balances(process)).toEqual({ [owner.address]: String(1_000_000n * token) })
      expect((await process.eval('return Prompt()')).output).toContain('MyToken')
    })

    test('Transfer moves the quantity and gives notice to both', async () => {
      const process = await createWith('token')
      const first = await transfer(process, owner, alice.address, 25n * token)
      const second = await transfer(process, alice, bob.address, 10n * token)

      expect(first.sent).toMatchObject([
        { target: owner.address, data: 'Transfer successful' },
        { target: alice.address, data: 'Tokens received' },
      ])
      expect(second.sent).toMatchObject([
        { target: alice.address, data: 'Transfer successful' },
        { target: bob.address, data: 'Tokens received' },
      ])
      expect(await balances(process)).toEqual({
        [owner.address]: String(999_975n * token),
        [alice.address]: String(15n * token),
        [bob.address]: String(10n * token),
      })
    })

    test('a process that holds tokens and one that gets them both receive their notice', async () => {
      const process = await createWith('token')
      const [holder, recipient] = [await create(), await create()]
      await transfer(process, owner, holder.id, 3n * token)
      const asked = `Target = "${process.id}", Action = "Transfer", Recipient = "${recipient.id}"`
      await holder.eval(`Send({ ${asked}, Quantity = "${2n * token}" })`)

      expect(await holder.inbox()).toMatchObject([
        { from: process.id, data: 'Tokens received' },
        { from: process.id, data: 'Transfer successful' },
      ])
      expect(await recipient.inbox()).toMatchObject([{ from: process.id, data: 'Tokens received' }])
      expect(await balances(process)).toEqual({
        [owner.address]: String(999_997n * token),
        [holder.id]: String(token),
        [recipient.id]: String(2n * token),
      })
    })

    test.each([
      { name: 'more than the sender has', from: owner, quantity: 1_000_001n * token },
      { name: 'from a sender without a balance', from: alice, quantity: 1n },
    ])('Transfer refuses $name', async ({ from, quantity }) => {
      const process = await createWith('token')
      const { sent, error } = await transfer(process, from, bob.address, quantity)

      expect(error).toBeUndefined()
      expect(sent).toMatchObject([{ target: from.address, data: 'Insufficient balance' }])
      expect(await balances(process)).toEqual({ [owner.address]: String(1_000_000n * token) })
    })
  })

  test('2. Decentralized Applications: CreateProposal keeps the proposal under the message id', async () => {
    const process = await createWith('proposals')
    const tags = { Action: 'CreateProposal', Title: 'A garden' }
    const first = await process.send(alice, tags, 'Plant trees.')
    const second = await process.send(bob, { ...tags, Title: 'A pond' }, 'Dig.')

    expect(first.sent).toMatchObject([{ target: alice.address, data: `Proposal created: ${first.id}` }])
    expect(second.sent).toMatchObject([{ target: bob.address, data: `Proposal created: ${second.id}` }])
    const fresh = { status: 'active', votesFor: 0, votesAgainst: 0 }
    expect(await process.read('Proposals')).toEqual({
      [first.id]: {
        ...{ ...fresh, title: 'A garden', description: 'Plant trees.', creator: alice.address },
        created: first.timestampMs,
      },
      [second.id]: {
        ...{ ...fresh, title: 'A pond', description: 'Dig.', creator: bob.address },
        created: second.timestampMs,
      },
    })
    expect(await process.read('Votes')).toEqual([])
  })

  test('3. Data Processing Pipelines: ProcessData sends on to the process in the tag NextProcess', async () => {
    const process = await createWith('pipeline')
    const next = await create()
    const tags = { Action: 'ProcessData', NextProcess: next.id }
    const { sent, error } = await process.send(alice, tags, JSON.stringify({ value: 21, tags: ['a', 'b'] }))

    expect(error).toBeUndefined()
    expect(sent).toMatchObject([{ target: next.id, tags: { Action: 'ReceiveProcessedData', Source: process.id } }])
    const [received, ...more] = await next.inbox()
    expect(more).toEqual([])
    expect(received).toMatchObject({
      from: process.id,
      tags: { Action: 'ReceiveProcessedData', Source: process.id },
    })
    expect(JSON.parse(String(received?.data))).toEqual({ doubled: 42, tags: ['a', 'b'] })
  })

  describe('Pub/Sub Patterns', () => {
    test('subscribers of the topic receive what is published, others nothing', async () => {
      const process = await createWith('pubSub')
      const [subscriber, other] = [await create(), await create()]
      const subscribe = (topic: string) =>
        `Send({ Target = "${process.id}", Action = "Subscribe", Topic = "${topic}" })`
      await subscriber.eval(subscribe('news'))
      await other.eval(subscribe('sport'))
      await network().idle()
      const subscribed = await process.send(alice, { Action: 'Subscribe', Topic: 'news' })
      const published = await process.send(bob, { Action: 'Publish', Topic: 'news' }, 'It rains.')
      await process.send(bob, { Action: 'Publish', Topic: 'sport' }, 'They won.')

      expect(subscribed.sent).toMatchObject([{ target: alice.address, data: 'Subscribed to news' }])
      const tags = { Topic: 'news', Publisher: bob.address }
      expect(published.sent).toMatchObject([
        { target: subscriber.id, data: 'It rains.', tags },
        { target: alice.address, data: 'It rains.', tags },
      ])
      expect(await subscriber.inbox()).toMatchObject([
        { from: process.id, data: 'Subscribed to news' },
        { from: process.id, data: 'It rains.', tags },
      ])
      expect(await other.inbox()).toMatchObject([
        { from: process.id, data: 'Subscribed to sport' },
        { from: process.id, data: 'They won.', tags: { Topic: 'sport', Publisher: bob.address } },
      ])
      expect(await process.read('Subscribers')).toEqual({ news: [subscriber.id, alice.address], sport: [other.id] })
    })

    test('a topic that nobody subscribed to reaches nobody', async () => {
      const process = await createWith('pubSub')
      const { sent, error } = await process.send(bob, { Action: 'Publish', Topic: 'news' }, 'It rains.')

      expect(error).toBeUndefined()
      expect(sent).toEqual([])
      expect(await process.inbox()).toEqual([])
    })
  })

  describe('Error Handling', () => {
    const operate = async (data: string) => {
      const process = await createWith('safeOperation')
      const outcome = await process.send(alice, { Action: 'SafeOperation' }, data)
      expect(outcome.error).toBeUndefined()
      expect(outcome.sent).toMatchObject([{ target: alice.address }])
      return { answer: outcome.sent.map(json)[0], timestampMs: outcome.timestampMs }
    }

    test('SafeOperation answers with the result', async () => {
      const { answer } = await operate(JSON.stringify({ required_field: 'four' }))
      expect(answer).toEqual({ success: true, result: { length: 4 } })
    })

    test('SafeOperation answers with the error and where it was raised', async () => {
      const { answer, timestampMs } = await operate('{}')
      // The chunk of an Eval is called aos; the line is the one of error() in the block.
      const line =
        printed('safeOperation')
          .split('\n')
          .findIndex((text) => text.includes('error("Missing')) + 1
      expect(answer).toEqual({
        success: false,
        error: `[string "aos"]:${line}: Missing required field`,
        timestamp: timestampMs,
      })
    })

    test('SafeOperation answers with what is wrong about data that is not JSON', async () => {
      const { answer, timestampMs } = await operate('{ not JSON }')
      expect(answer).toMatchObject({ success: false, timestamp: timestampMs })
      expect(answer).toHaveProperty('error', expect.stringMatching(/expected string for key at line 1 col 3$/))
    })
  })

  describe('Access Control', () => {
    test('AdminOnly lets the owner in', async () => {
      const process = await createWith('adminOnly')
      const { sent, error } = await process.send(owner, { Action: 'AdminOnly' })

      expect(error).toBeUndefined()
      expect(sent).toEqual([])
      expect(await process.inbox()).toEqual([]) // handled, not left over
      expect(await process.read('Roles')).toEqual({ [owner.address]: 'admin' })
    })

    test('AdminOnly turns others away', async () => {
      const process = await createWith('adminOnly')
      const { sent, error } = await process.send(alice, { Action: 'AdminOnly' })

      expect(error).toBeUndefined()
      expect(sent).toMatchObject([{ target: alice.address, data: 'Access denied: Admin role required' }])
    })
  })

  test('Message Optimization: BatchTransfer answers for each transfer, those that fail included', async () => {
    const process = await createWith('batchTransfer')
    const transfers = [
      { to: alice.address, amount: 4e17 },
      { to: bob.address, amount: 7e17 },
      { to: bob.address, amount: 6e17 },
    ]
    const { sent, error } = await process.send(alice, { Action: 'BatchTransfer' }, JSON.stringify(transfers))

    expect(error).toBeUndefined()
    expect(sent).toMatchObject([{ target: alice.address }])
    expect(sent.map(json)).toEqual([
      [
        { index: 1, success: true, ...transfers[0] },
        { index: 2, success: false, ...transfers[1] },
        { index: 3, success: true, ...transfers[2] },
      ],
    ])
    expect(await process.read('Balances')).toEqual({ [owner.address]: 0, [alice.address]: 4e17, [bob.address]: 6e17 })
  })

  test('State Management Optimization: the window and the summary are set', async () => {
    const process = await create()
    expect(await process.read('{ type(RecentTransactions), type(TransactionSummary) }')).toEqual(['nil', 'nil'])
    await process.load('rollingWindow')

    expect(await process.read('RecentTransactions')).toEqual([])
    expect(await process.read('TransactionSummary')).toEqual({ total_count: 0, total_volume: 0, last_updated: 0 })
  })

  describe('Input Validation', () => {
    const cases: { name: string; from: typeof alice; tags: Record<string, string>; verdict: [boolean, string] }[] = [
      {
        name: 'recipient and quantity are right',
        from: owner,
        tags: { Recipient: 'bob', Quantity: '5' },
        verdict: [true, 'Valid'],
      },
      { name: 'no recipient', from: owner, tags: { Quantity: '5' }, verdict: [false, 'Invalid recipient'] },
      { name: 'no quantity', from: owner, tags: { Recipient: 'bob' }, verdict: [false, 'Invalid quantity'] },
      {
        name: 'quantity is no number',
        from: owner,
        tags: { Recipient: 'bob', Quantity: 'five' },
        verdict: [false, 'Invalid quantity'],
      },
      {
        name: 'quantity is 0',
        from: owner,
        tags: { Recipient: 'bob', Quantity: '0' },
        verdict: [false, 'Invalid quantity'],
      },
      {
        name: 'quantity is below 0',
        from: owner,
        tags: { Recipient: 'bob', Quantity: '-1' },
        verdict: [false, 'Invalid quantity'],
      },
      {
        name: 'quantity is above the balance',
        from: owner,
        tags: { Recipient: 'bob', Quantity: '1e19' },
        verdict: [false, 'Insufficient balance'],
      },
      {
        name: 'the sender has no balance',
        from: alice,
        tags: { Recipient: 'bob', Quantity: '5' },
        verdict: [false, 'Insufficient balance'],
      },
    ]

    test.each(cases)('validateTransfer: $name', async ({ from, tags, verdict }) => {
      // The function is local to its chunk, so what calls it must stand below it in the same one.
      const probe = `
        Handlers.add("Validate", Handlers.utils.hasMatchingTag("Action", "Validate"), function(msg)
          ao.send({ Target = msg.From, Data = json.encode({ validateTransfer(msg) }) })
        end)`
      const process = await createWith('token')
      await process.eval(`${take('validateTransfer')}${probe}`)
      const { sent, error } = await process.send(from, { Action: 'Validate', ...tags })

      expect(error).toBeUndefined()
      expect(sent.map(json)).toEqual([verdict])
    })

    test('validateTransfer: recipient is empty', async () => {
      // A tag of a signed item has a value, so this message is one that the process makes up.
      const process = await createWith('token')
      const probe =
        'return json.encode({ validateTransfer({ From = Owner, Tags = { Recipient = "", Quantity = "5" } }) })'
      const { output } = await process.eval(`${take('validateTransfer')}\n${probe}`)

      expect(JSON.parse(output)).toEqual([false, 'Invalid recipient'])
    })
  })

  describe('Reentrancy Protection', () => {
    const tags = { Action: 'IdempotentHandler' }

    test('IdempotentHandler notes each message', async () => {
      const process = await createWith('idempotent')
      const first = await process.send(alice, tags)
      const second = await process.send(alice, tags)

      expect([first.error, second.error]).toEqual([undefined, undefined])
      expect(await process.read('ProcessedMessages')).toEqual({ [first.id]: true, [second.id]: true })
    })

    test('the same message sent twice reaches the process once', async () => {
      const process = await createWith('idempotent')
      await process.eval(`
        Runs = 0
        local function pattern(msg) return msg.Action == "IdempotentHandler" and "continue" or "skip" end
        Handlers.prepend("Count", pattern, function() Runs = Runs + 1 end)`)
      const message = process.message(alice, tags)
      const first = await process.submit(message)
      const again = await process.submit(message)

      expect([first.duplicate, again.duplicate]).toEqual([false, true])
      expect(again).toMatchObject({ id: first.id, nonce: first.nonce })
      expect(await process.read('Runs')).toBe(1)
    })

    test('a message that was noted already is left alone', async () => {
      const process = await createWith('idempotent')
      const message = process.message(alice, tags)
      await process.eval(`ProcessedMessages["${message.id}"] = "seen before"`)
      const { sent, error } = await process.submit(message)

      expect(error).toBeUndefined()
      expect(sent).toEqual([])
      // Had the handler gone on, it would have put true here.
      expect(await process.read('ProcessedMessages')).toEqual({ [message.id]: 'seen before' })
    })
  })

  describe('Process Health Checks', () => {
    const check = async (process: GuideProcess) => {
      const { sent, error, timestampMs } = await process.send(bob, { Action: 'HealthCheck' })
      expect(error).toBeUndefined()
      expect(sent).toMatchObject([{ target: bob.address }])
      return { health: sent.map(json)[0], timestampMs }
    }

    test('HealthCheck without a start time: uptime counts from 0, activity is absent', async () => {
      const process = await createWith('healthCheck')
      await process.send(alice, { Action: 'UpdateBalance', Operation: 'credit', Amount: '12' })
      await process.send(alice, { Action: 'IdempotentHandler' })
      const { health, timestampMs } = await check(process)

      // ProcessedMessages has ids for keys, so the guide's `#` counts none of them.
      expect(health).toEqual({ status: 'healthy', uptime: timestampMs, balance: 12, message_count: 0 })
    })

    test('HealthCheck with a start time and an activity', async () => {
      const process = await createWith('healthCheck')
      await process.eval('StartTime = os.time()')
      const started = Number(await process.read('StartTime'))
      const { health, timestampMs } = await check(process)
      expect(health).toEqual({
        status: 'healthy',
        uptime: timestampMs - started,
        balance: 0,
        message_count: 0,
        last_activity: started,
      })

      await process.eval('LastActivity = StartTime + 1; ProcessedMessages[1] = true')
      expect((await check(process)).health).toMatchObject({ last_activity: started + 1, message_count: 1 })
    })
  })

  describe('Debugging Tools', () => {
    test('DebugHandler prints every message that no handler before it took', async () => {
      const process = await createWith('debugHandler')
      const { id, output, sent, error } = await process.send(alice, { Action: 'Anything' })

      expect(error).toBeUndefined()
      expect(sent).toEqual([])
      const [first, second, ...more] = output.split('\n')
      // The clock of `os.date` stands still: process API 1.5.
      expect(first).toBe('DEBUG [Thu Jan 01 00:00:10 1970]: Received message')
      expect(second).toMatch(/^Data: \{/)
      expect(JSON.parse(second?.slice('Data: '.length) ?? '')).toEqual({ action: 'Anything', from: alice.address, id })
      expect(more).toEqual([])
      expect(await process.inbox()).toEqual([])
    })

    test('DebugHandler leaves Evals to the owner', async () => {
      const process = await createWith('debugHandler')
      expect((await process.eval('return 1 + 1')).output).toBe('2')
    })
  })
}

function json({ data }: { data: unknown }): unknown {
  return JSON.parse(String(data))
}
