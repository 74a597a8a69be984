import { createData, EthereumSigner } from '@dha-team/arbundles'
import { beforeAll, expect, vi } from 'vitest'
import type { Tag } from '../../src/protocol/types.ts'
import type { LegacyClient, Library, NewLegacyClient, Result, SchedulerNode } from './aoconnect-types.ts'
import { type ClientTests, describeClient } from './compatibility.ts'
import { getJson, node } from './node.ts'

/** Both versions in Node: every function of the legacy mode. */

const id = /^[A-Za-z0-9_-]{43}$/
const unknownId = 'A'.repeat(43)
const action = (value: string): Tag[] => [{ name: 'Action', value }]
const tagValue = (tags: readonly Tag[], wanted: string): string | undefined =>
  tags.find(({ name }) => name === wanted)?.value
const schedulerNode = (processId: string, messageId: string): Promise<SchedulerNode> =>
  getJson(`/su/${messageId}?process-id=${processId}`)

export function describeAoconnect(): void {
  describeVersion('@permaweb/aoconnect', () => import('@permaweb/aoconnect'), newFunctions)
  describeVersion('aoconnect-0.0.69', () => import('aoconnect-0.0.69'), oldFunctions)
}

/** What a version's tests share. Filled in before the first of them. */
interface Context {
  library: Library
  ao: LegacyClient
  signer: unknown
  processId: string
}

function describeVersion(
  directory: string,
  load: () => Promise<unknown>,
  more: (context: Context, tests: ClientTests) => void,
): void {
  describeClient({ name: '@permaweb/aoconnect', directory }, (tests) => {
    const context = {} as Context
    beforeAll(async () => {
      context.library = (await load()) as Library
      const { url, address: scheduler, moduleId: module } = node
      const units = { GATEWAY_URL: url, MU_URL: `${url}/mu`, CU_URL: `${url}/cu` }
      context.ao = context.library.connect({ MODE: 'legacy', ...units, noLog: true })
      context.signer = context.library.createDataItemSigner(node.wallet)
      const tags = [{ name: 'Authority', value: scheduler }]
      context.processId = await context.ao.spawn({ module, scheduler, tags, signer: context.signer })
      await evaluate(
        context,
        `Count = 0
        Handlers.add('Count', 'Count', function(msg) Count = Count + 1 msg.reply({ Data = tostring(Count) }) end)
        Handlers.add('Echo', 'Echo', function(msg) msg.reply({ Data = msg.Data, Size = #msg.Data }) end)
        ao.addAssignable(function(msg) return true end)`,
      )
    })
    spawnFunctions(context, tests)
    messageFunctions(context, tests)
    readFunctions(context, tests)
    otherFunctions(context, tests)
    more(context, tests)
  })
}

async function evaluate({ ao, signer, processId }: Context, code: string): Promise<Result> {
  const message = await ao.message({ process: processId, tags: action('Eval'), data: code, signer })
  return ao.result({ process: processId, message })
}

/** Sends an Echo and waits for its result: from then on it is among the `results`. */
async function echoed({ ao, signer, processId }: Context, data: string): Promise<string> {
  const message = await ao.message({ process: processId, tags: action('Echo'), data, signer })
  await ao.result({ process: processId, message })
  const { edges } = await ao.results({ process: processId, sort: 'DESC', limit: 1 })
  expect(edges[0]?.node.Messages[0]?.Data).toBe(data)
  return message
}

function spawnFunctions(context: Context, { works }: ClientTests): void {
  works('spawn', 'the wallet owns the process', async () => {
    expect((await evaluate(context, 'return Owner')).Output.data).toBe(node.walletAddress)
  })

  for (const module of ['ISShJH1ij-hPPt9St5UFFr_8Ys3Kj5cyg7zrMGt7H9s', 'MODULE_TX_ID']) {
    works('spawn', `of the well-known module ${module}`, async () => {
      const { ao, signer } = context
      const process = await ao.spawn({ module, scheduler: 'SCHEDULER_ADDRESS', signer, data: 'text' })
      expect(await getJson(`/su/processes/${process}`)).toMatchObject({ process_id: process, data: 'text' })
      expect((await ao.result({ process, message: process })).Error).toBeUndefined()
    })
  }

  works('spawn', 'of a module that is not here fails in the client', async () => {
    const { ao, signer } = context
    await expect(ao.spawn({ module: unknownId, scheduler: 'x', signer })).rejects.toThrow()
  })

  works('serializeCron', 'its tags arrive', async () => {
    const { ao, signer, library } = context
    const tags = library.serializeCron({ interval: '5-minutes', tags: action('Tick') })
    expect(tags).not.toHaveLength(0)
    const process = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'x', signer, tags })
    expect(await getJson(`/su/processes/${process}`)).toMatchObject({ tags: expect.arrayContaining([...tags]) })
  })
}

function messageFunctions(context: Context, { works }: ClientTests): void {
  works('message', 'an anchor arrives', async () => {
    const { ao, signer, processId } = context
    const anchor = '0123456789abcdef0123456789abcdef'
    const message = await ao.message({ process: processId, signer, anchor, data: 'x' })
    expect((await schedulerNode(processId, message)).message).toMatchObject({ id: message, anchor })
  })

  works('message', 'to a process that is not here: the status and the text of the messenger', async () => {
    const { ao, signer } = context
    await expect(ao.message({ process: unknownId, signer })).rejects.toThrow(/^404: .*SCHEDULER_PROCESS_UNKNOWN/)
  })

  works('message', 'many at once: each has its result, counted in the order of the log', async () => {
    const { ao, signer, processId } = context
    const sent = await Promise.all(
      Array.from({ length: 12 }, () => ao.message({ process: processId, tags: action('Count'), signer })),
    )
    const counted = await Promise.all(
      sent.map(async (message) => {
        const { assignment } = await schedulerNode(processId, message)
        const { Messages } = await ao.result({ process: processId, message })
        return { nonce: Number(tagValue(assignment.tags, 'Nonce')), count: Number(Messages[0]?.Data) }
      }),
    )
    counted.sort((a, b) => a.nonce - b.nonce)
    expect(counted.map(({ count }) => count)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
  })

  works('assign', 'the id of the assignment, which has a result', async () => {
    const { ao, signer, processId } = context
    const message = await ao.message({ process: processId, tags: action('Echo'), data: 'for all', signer })
    const process = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'x', signer })
    const assigned = await ao.assign({ process, message, exclude: ['Anchor'] })
    const { assignment } = await schedulerNode(process, assigned)
    expect(assignment.id).toBe(assigned)
    expect(tagValue(assignment.tags, 'Message')).toBe(message)
    expect(tagValue(assignment.tags, 'Exclude')).toBe('Anchor')
    expect(await ao.result({ process, message: assigned })).toHaveProperty('Output')
  })
}

function readFunctions(context: Context, { works }: ClientTests): void {
  works('result', 'an answer', async () => {
    const { ao, signer, processId } = context
    const message = await ao.message({ process: processId, tags: action('Echo'), data: 'hällo', signer })
    const { Messages, Spawns, Assignments, Error: error } = await ao.result({ process: processId, message })
    expect(error).toBeUndefined()
    expect([Spawns, Assignments]).toEqual([[], []])
    expect(Messages).toHaveLength(1)
    expect(Messages[0]).toMatchObject({ Target: node.walletAddress, Data: 'hällo', Anchor: expect.any(String) })
    expect(Messages[0]?.Tags).toContainEqual({ name: 'Size', value: expect.anything() })
  })

  works('result', 'an error of the process', async () => {
    expect((await evaluate(context, 'error("as asked")')).Error).toContain('as asked')
  })

  works('result', 'of a message that is not here: the error, as JSON', async () => {
    const { ao, processId } = context
    expect(await ao.result({ process: processId, message: unknownId })).toEqual({
      error: expect.any(String),
      code: 'NETWORK_MESSAGE_UNKNOWN',
    })
  })

  works('results', 'pages that lead on', async () => {
    const { ao, processId } = context
    const newest = await echoed(context, 'newest')
    const { edges } = await ao.results({ process: processId, sort: 'DESC', limit: 1 })
    expect(edges.map(({ node: { Messages } }) => Messages[0]?.Data)).toEqual(['newest'])
    await echoed(context, 'next')
    // The order of a cursor goes before the one that is asked for, so that a page leads on as it began.
    const { ordinate } = JSON.parse(atob(edges[0]?.cursor ?? ''))
    expect(ordinate).toBe(tagValue((await schedulerNode(processId, newest)).assignment.tags, 'Nonce'))
    const from = btoa(JSON.stringify({ timestamp: 0, ordinate, cron: null, sort: 'ASC' }))
    const after = await ao.results({ process: processId, from, limit: 5 })
    expect(after.edges.map(({ node: { Messages } }) => Messages[0]?.Data)).toEqual(['next'])
  })

  works('dryrun', 'an answer, and nothing changed', async () => {
    const ask = async (): Promise<string | undefined> => {
      const { Messages } = await context.ao.dryrun({ process: context.processId, tags: action('Count'), data: 'x' })
      return Messages[0]?.Data
    }
    const first = await ask()
    expect(first).toMatch(/^\d+$/)
    expect(await ask()).toBe(first)
  })
}

function otherFunctions(context: Context, { works, differs }: ClientTests): void {
  works('monitor', 'the process runs by its cron, and what it sends is delivered', async () => {
    const { ao, library, signer } = context
    const tags = library.serializeCron({ interval: '1-second', tags: action('Tick') })
    const process = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'x', signer, tags })
    const code = `Arrived = 0
      Handlers.add('Tick', 'Tick', function(msg) Send({ Target = ao.id, Action = 'Ticked' }) end)
      Handlers.add('Ticked', 'Ticked', function(msg) Arrived = Arrived + 1 end)
      Handlers.add('Ask', 'Ask', function(msg) msg.reply({ Data = tostring(Arrived) }) end)`
    await evaluate({ ...context, processId: process }, code)
    expect(await ao.monitor({ process, signer })).toMatch(id)
    const arrived = async () => Number((await ao.dryrun({ process, tags: action('Ask') })).Messages[0]?.Data)
    await vi.waitFor(async () => expect(await arrived()).toBeGreaterThan(1), { timeout: 20_000, interval: 100 })
    expect(await ao.unmonitor({ process, signer })).toMatch(id)
  })

  works('unmonitor', 'twice is no error', async () => {
    const { ao, signer, processId } = context
    expect(await ao.unmonitor({ process: processId, signer })).toMatch(id)
    expect(await ao.unmonitor({ process: processId, signer })).toMatch(id)
  })

  differs('assign({ baseLayer })', 'refused with 501: there is no layer 1 to take a transaction from', async () => {
    const { ao, signer, processId } = context
    const message = await ao.message({ process: processId, data: 'x', signer })
    await expect(ao.assign({ process: processId, message, baseLayer: true })).rejects.toThrow(/^501: /)
  })

  works('connect()', 'without arguments: the public hosts are the node', async () => {
    const { library, processId } = context
    const { Output } = await library.connect().dryrun({ process: processId, tags: action('Count') })
    expect(Output).toBeDefined()
  })

  works('spawn, message, result, results, dryrun, assign, monitor, unmonitor', 'imported by name', async () => {
    const { library, signer } = context
    const { assign, dryrun, message, monitor, result, results, spawn, unmonitor } = library
    const process = await spawn({ module: 'MODULE_TX_ID', scheduler: 'x', signer })
    const sent = await message({ process, signer, tags: action('Eval'), data: 'return ao.id' })
    expect((await result({ process, message: sent })).Output.data).toBe(process)
    expect((await results({ process })).edges.map((edge) => edge.node.Output.data)).toContain(process)
    expect(await dryrun({ process, data: 'x' })).toHaveProperty('Output')
    expect(await assign({ process, message: sent })).toMatch(id)
    expect(await monitor({ process, signer })).toMatch(id)
    expect(await unmonitor({ process, signer })).toMatch(id)
  })
}

/** A signer that makes the whole item. It is asked for one in another way by each version. */
async function signEthereum(draft: Draft): Promise<{ id: string; raw: Uint8Array }> {
  const { data, tags, target, anchor } = draft
  const signer = new EthereumSigner('01'.repeat(32))
  const item = createData(data, signer, { tags: [...tags], ...(target && { target }), ...(anchor && { anchor }) })
  await item.sign(signer)
  return { id: item.id, raw: item.getRaw() }
}

interface Draft {
  readonly data: string | Uint8Array
  readonly tags: readonly Tag[]
  readonly target?: string
  readonly anchor?: string
}

async function checkEthereum(ao: LegacyClient, signer: unknown): Promise<void> {
  const process = await ao.spawn({ module: node.moduleId, scheduler: node.address, signer })
  const message = await ao.message({ process, signer, tags: action('Eval'), data: 'return Owner' })
  expect((await ao.result({ process, message })).Output.data).toBe('0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1')
}

function oldFunctions(context: Context, { works }: ClientTests): void {
  works('signer', 'of an Ethereum wallet', async () => {
    await checkEthereum(context.ao, signEthereum)
  })
}

function newFunctions(context: Context, { works }: ClientTests): void {
  works('signer', 'of an Ethereum wallet', async () => {
    type Create = (wallet: object) => Promise<Draft>
    await checkEthereum(context.ao, async (create: Create) => signEthereum(await create({ passthrough: true })))
  })

  const client = (): NewLegacyClient => context.ao as NewLegacyClient

  works('createSigner', 'signs as createDataItemSigner does', async () => {
    const { createSigner } = context.library as Library & { createSigner(wallet: unknown): unknown }
    const { processId } = context
    const tags = action('Echo')
    const message = await client().message({ process: processId, tags, data: 'x', signer: createSigner(node.wallet) })
    const { Messages } = await client().result({ process: processId, message })
    expect(Messages[0]?.Target).toBe(node.walletAddress)
  })

  works('signMessage', 'signed first, sent later', async () => {
    const { signer, processId } = context
    const signed = await client().signMessage({ process: processId, tags: action('Echo'), data: 'before', signer })
    const message = await client().sendSignedMessage(signed)
    expect(message).toBe(signed.id)
    expect((await client().result({ process: processId, message })).Messages[0]?.Data).toBe('before')
  })

  works('sendSignedMessage', 'sent twice, there once', async () => {
    const { signer, processId } = context
    const signed = await client().signMessage({ process: processId, tags: action('Count'), data: 'x', signer })
    const first = await client().sendSignedMessage(signed)
    const before = await client().getLastSlot({ processId })
    expect(await client().sendSignedMessage(signed)).toBe(first)
    expect(await client().getLastSlot({ processId })).toBe(before)
  })

  works('message({ returnAssignmentSlot, returnMessageId })', 'the slot and the id', async () => {
    const { signer, processId } = context
    const sent = await client().message({
      ...{ process: processId, data: 'x', signer },
      ...{ returnAssignmentSlot: true, returnMessageId: true },
    })
    const { assignment } = await schedulerNode(processId, sent.id)
    expect(sent.slot).toBe(tagValue(assignment.tags, 'Nonce'))
  })

  works('getMessages', 'the log between two times', async () => {
    const { processId, signer } = context
    const message = await client().message({ process: processId, data: 'x', signer })
    const page = await client().getMessages({ processId, from: '0', to: String(Date.now() + 60_000) })
    expect(page.edges[0]?.node.message?.id).toBe(processId)
    expect(page.edges.at(-1)?.node.message?.id).toBe(message)
  })

  works('getMessageById', 'the message and its assignment', async () => {
    const { processId, signer } = context
    const message = await client().message({ process: processId, data: 'x', signer })
    const found = await client().getMessageById({ processId, messageId: message })
    expect(found.message?.id).toBe(message)
    expect(tagValue(found.assignment.tags, 'Process')).toBe(processId)
  })

  works('getLastSlot', 'the slot of the newest message', async () => {
    const { processId, signer } = context
    const message = await client().message({ process: processId, data: 'x', signer })
    const { assignment } = await schedulerNode(processId, message)
    expect(await client().getLastSlot({ processId })).toBe(tagValue(assignment.tags, 'Nonce'))
  })
}
