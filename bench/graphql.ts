import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answerGraphql } from '../src/http/gateway/graphql.ts'
import { createNetwork } from '../src/network/network.ts'
import type { Network } from '../src/network/types.ts'
import { createDataItem } from '../src/protocol/data-item.ts'
import type { Address, ItemId } from '../src/protocol/ids.ts'
import type { Signer, Tag } from '../src/protocol/types.ts'
import { blockHeightAt } from '../src/scheduler/block-time.ts'
import { createSqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import type { NewItem } from '../src/store/types.ts'
import { figure, line, median, section } from './report.ts'

// Measures: from the text of a query to its answer as JSON, in the node's thread, over a SQLite store that a network
// of a million items would have left. The floor, in the same run, is an item read by its id without GraphQL.
// Does not measure: HTTP, or signatures: items are well formed but signed by nobody.

const itemCount = Number(process.env.LOOM_BENCH_ITEMS ?? 1_000_000)
/** Large, because each batch is sorted and synced as one. */
const batch = 20_000
const rounds = 31
const countRounds = 3
const ownerCount = 5_000
const processCount = 2_000
const startMs = Date.UTC(2026, 0, 1)
/** A million items in ninety days. */
const itemIntervalMs = 7_776

export async function benchGraphql(): Promise<void> {
  section(
    `GraphQL over ${itemCount.toLocaleString('en-US')} items`,
    `median of ${rounds} pages, text to JSON, in the node's thread; LOOM_BENCH_ITEMS sets the number`,
  )
  const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
  try {
    const startedAt = performance.now()
    await fill(dataDirectory)
    const seconds = (performance.now() - startedAt) / 1_000
    const megabytes = statSync(join(dataDirectory, 'loom.sqlite')).size / 2 ** 20
    line('filling the store', figure(seconds, 's'), `${figure(megabytes / 1_024, 'GiB')} on disk`)
    const network = await createNetwork({ dataDirectory, computeThreads: 1 })
    try {
      await measure(network)
    } finally {
      await network.close()
    }
  } finally {
    rmSync(dataDirectory, { recursive: true })
  }
}

/** The same hash for the same text in every run, so that runs compare. */
function idOf(text: string): ItemId {
  return createHash('sha256').update(text).digest('base64url') as ItemId
}

function signerOf(name: string): Signer {
  const owner = createHash('sha256').update(name).digest()
  const address = createHash('sha256').update(owner).digest('base64url') as Address
  const sign = (payload: Uint8Array): Uint8Array => createHash('sha512').update(payload).digest()
  return { signatureType: 2, owner, address, sign }
}

const owners = Array.from({ length: ownerCount }, (_, index) => signerOf(`owner ${index}`))
const processes = Array.from({ length: processCount }, (_, index) => idOf(`process ${index}`))
const actions = ['Transfer', 'Credit-Notice', 'Debit-Notice', 'Balance', 'Info', 'Eval', 'Register', 'Cron']

/** A few have much, most have little: `index` spread over `count` with the low ones far more often. */
function skewed(index: number, salt: number, count: number): number {
  let bits = Math.imul(index + salt * 0x9e3779b1, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  const even = ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32
  return Math.floor(count * even ** 4)
}

function newItem(index: number): NewItem {
  const owner = owners[skewed(index, 1, ownerCount)] as Signer
  const process = processes[skewed(index, 2, processCount)] as ItemId
  const action = actions[skewed(index, 3, actions.length)] as string
  const ao = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1' }
  let tags: Record<string, string>
  if (index % 1_000 === 7) tags = { ...ao, Type: 'Module', Name: `module ${index % 10}` }
  else if (index % 20_000 === 11)
    tags = { ...ao, Type: 'Scheduler-Location', Url: 'http://127.0.0.1', 'Time-To-Live': '1' }
  else if (index % 100 === 13) tags = { ...ao, Type: 'Process', Name: `name ${index % 700}`, Scheduler: 'S'.repeat(43) }
  else if (index % 33 === 1) tags = { 'App-Name': 'files', 'Content-Type': 'image/png' }
  else {
    const from = processes[skewed(index, 4, processCount)] as string
    const pushed = idOf(`item ${index >> 3}`)
    tags = {
      ...ao,
      Type: 'Message',
      Action: action,
      Reference: String(index),
      'From-Process': from,
      'Pushed-For': pushed,
    }
  }
  const list: Tag[] = Object.entries(tags).map(([name, value]) => ({ name, value }))
  const target = tags.Type === 'Message' ? process : undefined
  const timestampMs = startMs + index * itemIntervalMs
  const item = createDataItem({ target, tags: list, data: `item ${index}` }, owner)
  return { item, timestampMs, blockHeight: blockHeightAt(timestampMs) }
}

async function fill(directory: string): Promise<void> {
  const store = await createSqliteStore({ directory })
  let written: Promise<void> = Promise.resolve()
  for (let start = 0; start < itemCount; start += batch) {
    const items = Array.from({ length: Math.min(batch, itemCount - start) }, (_, i) => newItem(start + i))
    // The writer is a thread of its own: it stores one batch while the next one is made.
    await written
    written = store.putItems(items)
  }
  await written
  await store.close()
}

async function measure(network: Network): Promise<void> {
  const someIds = Array.from({ length: 100 }, (_, i) => newItem(Math.floor(((i + 0.5) * itemCount) / 100)).item.id)
  const middleHeight = blockHeightAt(startMs + (itemCount / 2) * itemIntervalMs)
  const [busy, quiet] = [processes[0], processes[processCount - 1]]
  const ao = '{ name: "Data-Protocol", values: ["ao"] }'
  const tag = (name: string, ...values: string[]): string => `{ name: "${name}", values: ${JSON.stringify(values)} }`
  const never = '{ name: "App-Name", values: ["files"] }'

  const floor = await measureRounds(rounds, async (round) => {
    await network.item(someIds[round % 100] as ItemId)
  })
  line('floor: one item by its id, no GraphQL', figure(floor.ms, 'ms'), `processor ${figure(floor.processorMs, 'ms')}`)

  const pages: readonly (readonly [
    name: string,
    args: (round: number) => string,
    ids?: (round: number) => string[],
  ])[] = [
    ['aoconnect: one by id', () => 'ids: $ids', (round) => someIds.slice(round % 100, (round % 100) + 1)],
    ['a hundred by id', () => 'ids: $ids, first: 100', () => someIds],
    [
      'scheduler-utils: location of an owner',
      () => `owners: ["${owners[0]?.address}"], tags: [${ao}, ${tag('Type', 'Scheduler-Location')}], first: 1`,
    ],
    ['MU: all scheduler locations', () => `tags: [${tag('Type', 'Scheduler-Location')}, ${ao}], first: 100`],
    [
      'aos: processes of an owner by name',
      () =>
        `owners: ["", "${owners[1]?.address}"], tags: [${ao}, ${tag('Type', 'Process')}, ${tag('Name', 'name 13')}]`,
    ],
    ['aos: modules by name', () => `tags: [${tag('Type', 'Module')}, ${ao}, ${tag('Name', 'module 7')}], first: 100`],
    [
      'explorer: to a busy process',
      () =>
        `recipients: ["${busy}"], tags: [${ao}], ingested_at: { min: 1696107600 }, sort: INGESTED_AT_DESC, first: 25`,
    ],
    ['explorer: to a quiet process', () => `recipients: ["${quiet}"], tags: [${ao}], first: 25`],
    ['explorer: what a message set off', () => `tags: [${ao}, ${tag('Pushed-For', idOf('item 5'))}], first: 100`],
    [
      'wallet: transfers of an owner, to one of 20',
      () =>
        `owners: ["${owners[3]?.address}"], recipients: ${JSON.stringify(processes.slice(0, 20))}, tags: [${tag('Action', 'Transfer', 'Debit-Notice')}], first: 100`,
    ],
    [
      'a block range of a hundred, with tag',
      () =>
        `block: { min: ${middleHeight}, max: ${middleHeight + 99} }, tags: [${tag('Action', 'Balance')}], first: 100`,
    ],
    ['everything below a height', () => `block: { max: ${middleHeight} }, first: 100`],
    [
      'a recipient below a height, oldest first',
      () => `recipients: ["${processes[9]}"], block: { min: ${middleHeight} }, sort: HEIGHT_ASC, first: 100`,
    ],
    ['no filter', () => 'first: 100'],
    ['NEQ: all that is no message', () => `tags: [${ao}, { name: "Type", values: ["Message"], op: NEQ }], first: 100`],
    ['two common tags that never meet', () => `tags: [${ao}, ${never}], first: 100`],
  ]
  for (const [name, args, ids] of pages) {
    const { ms, processorMs } = await measureRounds(rounds, (round) =>
      ask(network, `transactions(${args(round)}) { ${fields} }`, ids?.(round)),
    )
    line(name, figure(ms, 'ms'), `${figure(ms / floor.ms, '× the floor')}; processor ${figure(processorMs, 'ms')}`)
  }
  const counts: readonly (readonly [name: string, args: string])[] = [
    ['count: all', 'first: 1'],
    ['count: a tag that nearly all have', `tags: [${ao}], first: 1`],
    ['count: to a busy process', `recipients: ["${busy}"], tags: [${ao}], ingested_at: { min: 1696107600 }, first: 1`],
    ['count: two common tags that never meet', `tags: [${ao}, ${never}], first: 1`],
    ['count: NEQ', `tags: [${ao}, { name: "Type", values: ["Message"], op: NEQ }], first: 1`],
  ]
  for (const [name, args] of counts) {
    let count: unknown
    const { ms, processorMs } = await measureRounds(countRounds, async () => {
      count = await ask(network, `transactions(${args}) { count }`)
    })
    line(name, figure(ms, 'ms'), `${count} items, ${countRounds} rounds; processor ${figure(processorMs, 'ms')}`)
  }
}

const fields = `pageInfo { hasNextPage } edges { cursor node { id recipient anchor owner { address key } tags { name value }
  data { size type } block { id height timestamp previous } ingested_at bundledIn { id } } }`

/** @param ids - A variable, as clients that ask for ids send it. @returns the count, if it was asked for. */
async function ask(network: Network, field: string, ids?: readonly string[]): Promise<unknown> {
  const query = ids === undefined ? `{ ${field} }` : `query ($ids: [ID!]) { ${field} }`
  const answer = await answerGraphql(network, { query, variables: { ids }, operationName: undefined })
  const text = JSON.stringify(answer.body)
  if (answer.body.errors !== undefined) throw new Error(`The query ${query} failed: ${text}`)
  return JSON.parse(text).data.transactions.count
}

interface Measured {
  /** Median. */
  readonly ms: number
  /** Mean of what the thread worked: says more than the time on a machine that others use. */
  readonly processorMs: number
}

/** The first round is for warming up and does not count. */
async function measureRounds(times: number, run: (round: number) => Promise<unknown>): Promise<Measured> {
  const ms: number[] = []
  await run(0)
  const before = process.threadCpuUsage()
  for (let round = 1; round <= times; round++) {
    const startedAt = performance.now()
    await run(round)
    ms.push(performance.now() - startedAt)
  }
  const { user, system } = process.threadCpuUsage(before)
  return { ms: median(ms), processorMs: (user + system) / 1_000 / times }
}
