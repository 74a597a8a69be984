import Arweave from 'arweave'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blockByHeight } from '../../network/blocks.ts'
import { bundleTags, createBundle } from '../../protocol/bundle.ts'
import { createDataItem } from '../../protocol/data-item.ts'
import { generateRsaJwk } from '../../protocol/rsa-key.fixture.ts'
import type { DataItem } from '../../protocol/types.ts'
import { createTestApp, type TestApp, testSigner } from '../app.fixture.ts'
import { httpLimits } from '../limits.ts'

interface Connection<Node> {
  readonly pageInfo: { readonly hasNextPage: boolean }
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[]
}

/** Within a second, of which clients see the whole ones. */
const startMs = Date.UTC(2026, 0, 1) + 250
let nowMs = startMs
let http: TestApp
const items: DataItem[] = []

/** Five items of two owners, one block each. */
beforeAll(async () => {
  http = await createTestApp({ now: () => nowMs })
  for (let i = 0; i < 5; i++) {
    nowMs += 120_000
    const tags = [
      { name: 'App', value: 'test' },
      { name: 'Number', value: String(i) },
      { name: 'Content-Type', value: 'text/plain' },
    ]
    const item = createDataItem({ tags, data: `text ${i}`, anchor: 'a'.repeat(32) }, testSigner(1 + (i % 2)))
    await http.post('/tx', item.bytes)
    items.push(item)
  }
})
afterAll(() => http.close())

async function query<Data>(text: string, variables?: object): Promise<Data> {
  const response = await http.post('/graphql', JSON.stringify({ query: text, variables }))
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown }
  expect(errors).toBeUndefined()
  expect(response.status).toBe(200)
  return data
}

/** Numbers of the items that the arguments find. */
async function numbers(args: string): Promise<number[]> {
  const { transactions } = await query<{ transactions: Connection<{ id: string }> }>(
    `{ transactions(${args}) { edges { node { id } } } }`,
  )
  return transactions.edges.map(({ node }) => items.findIndex(({ id }) => id === node.id))
}

test('a transaction has every field', async () => {
  const item = items[1]
  const { transaction } = await query<{ transaction: object }>(
    `query ($id: ID!) { transaction(id: $id) { id ingested_at anchor signature recipient owner { address key } fee { winston ar }
      quantity { winston ar } data { size type } tags { name value } block { id timestamp height previous }
      parent { id } bundledIn { id } } }`,
    { id: item?.id },
  )
  const base64Url = (bytes: Uint8Array | string = ''): string => Buffer.from(bytes).toString('base64url')
  const stored = await http.network.item(item?.id as never)
  const block = blockByHeight(stored?.blockHeight ?? 0)
  expect(transaction).toEqual({
    id: item?.id,
    anchor: base64Url('a'.repeat(32)),
    signature: base64Url(item?.signature),
    recipient: '',
    owner: { address: testSigner(2).address, key: base64Url(testSigner(2).owner) },
    fee: { winston: '0', ar: '0.000000000000' },
    quantity: { winston: '0', ar: '0.000000000000' },
    data: { size: '6', type: 'text/plain' },
    tags: item?.tags,
    block: {
      id: block.id,
      timestamp: block.timestampMs / 1_000,
      height: block.height,
      previous: blockByHeight(block.height - 1).id,
    },
    ingested_at: Date.UTC(2026, 0, 1) / 1_000 + 240,
    parent: null,
    bundledIn: null,
  })
})

test('a layer-1 transaction has its amounts, and its anchor', async () => {
  const arweave = Arweave.init({})
  const jwk = generateRsaJwk()
  const last_tx = blockByHeight(0).id
  const target = testSigner(4).address
  const sent = await arweave.createTransaction({ target, quantity: '1230000000000', reward: '65595508', last_tx }, jwk)
  await arweave.transactions.sign(sent, jwk)
  const response = await http.post('/tx', JSON.stringify(sent))
  expect(response.status).toBe(200)
  const { transaction } = await query<{ transaction: object }>(
    `{ transaction(id: "${sent.id}") { anchor recipient owner { key } fee { winston ar } quantity { winston ar } data { size }
      signature } }`,
  )
  expect(transaction).toEqual({
    anchor: last_tx,
    recipient: target,
    owner: { key: jwk.n },
    fee: { winston: '65595508', ar: '0.000065595508' },
    quantity: { winston: '1230000000000', ar: '1.230000000000' },
    data: { size: '0' },
    signature: sent.signature,
  })
})

test('items of a bundle tell, and are found by, what they were in, one level up', async () => {
  const inner = createDataItem({ data: 'inner', tags: [{ name: 'Nested', value: 'yes' }] }, testSigner(3))
  const bundleOf = (item: DataItem): DataItem =>
    createDataItem(
      { data: createBundle([item]), tags: [...bundleTags, { name: 'Nested', value: 'yes' }] },
      testSigner(3),
    )
  const middle = bundleOf(inner)
  const outer = bundleOf(middle)
  await http.post('/tx', outer.bytes)
  const parts = 'edges { node { id parent { id } bundledIn { id } } }'
  const nested = 'tags: [{ name: "Nested", values: ["yes"] }]'
  const answer = await query<Record<'all' | 'inOuter' | 'inEither', { count: string } & Connection<{ id: string }>>>(
    `{ all: transactions(${nested}) { count ${parts} }
      inOuter: transactions(bundledIn: ["${outer.id}"]) { count ${parts} }
      inEither: transactions(bundledIn: ["${outer.id}", "${middle.id}"], sort: HEIGHT_ASC) { count ${parts} } }`,
  )
  const ofInner = { id: inner.id, parent: { id: middle.id }, bundledIn: { id: middle.id } }
  const ofMiddle = { id: middle.id, parent: { id: outer.id }, bundledIn: { id: outer.id } }
  const ofOuter = { id: outer.id, parent: null, bundledIn: null }
  const nodesOf = ({ edges }: Connection<object>): unknown[] => edges.map(({ node }) => node)
  expect(nodesOf(answer.all)).toHaveLength(3)
  expect(nodesOf(answer.all)).toEqual(expect.arrayContaining([ofInner, ofMiddle, ofOuter]))
  expect(nodesOf(answer.inOuter)).toEqual([ofMiddle])
  expect(new Set(nodesOf(answer.inEither))).toEqual(new Set([ofInner, ofMiddle]))
  expect([answer.all.count, answer.inOuter.count, answer.inEither.count]).toEqual(['3', '1', '2'])
})

test('an unknown id is null alone, and an empty list in a list', async () => {
  const id = 'A'.repeat(43)
  expect(await query(`{ transaction(id: "${id}") { id } transactions(ids: ["${id}"]) { edges { cursor } } }`)).toEqual({
    transaction: null,
    transactions: { edges: [] },
  })
})

describe('transactions', () => {
  const app = 'tags: [{ name: "App", values: ["test"] }]'
  const height = (number: number): number => Math.floor((startMs + number * 120_000 - Date.UTC(2018, 5, 8)) / 120_000)

  /** Seconds at which an item was stored. */
  const second = (number: number): number => Math.floor(startMs / 1_000) + (number + 1) * 120

  test.each([
    { name: 'newest first', args: () => app, found: [4, 3, 2, 1, 0] },
    { name: 'oldest first', args: () => `${app}, sort: HEIGHT_ASC`, found: [0, 1, 2, 3, 4] },
    { name: 'by ingestion, newest first', args: () => `${app}, sort: INGESTED_AT_DESC`, found: [4, 3, 2, 1, 0] },
    { name: 'by ingestion, oldest first', args: () => `${app}, sort: INGESTED_AT_ASC`, found: [0, 1, 2, 3, 4] },
    {
      name: 'ingested between',
      args: () => `${app}, ingested_at: { min: ${second(1)}, max: ${second(3)} }`,
      found: [3, 2, 1],
    },
    { name: 'ingested after', args: () => `${app}, ingested_at: { min: ${second(3) + 1} }`, found: [4] },
    { name: 'ingested before', args: () => `${app}, ingested_at: { max: ${second(0) - 1} }`, found: [] },
    {
      name: 'nulls and an empty cursor are no filter',
      args: () => `${app}, after: "", block: { min: null }, ingested_at: null, ids: null, first: null, sort: null`,
      found: [4, 3, 2, 1, 0],
    },
    {
      name: 'op and match written out',
      args: () => 'tags: [{ name: "Number", values: ["2"], op: EQ, match: EXACT }]',
      found: [2],
    },
    { name: 'by ids', args: () => `ids: ["${items[0]?.id}", "${items[3]?.id}"]`, found: [3, 0] },
    { name: 'by owner', args: () => `${app}, owners: ["${testSigner(2).address}"]`, found: [3, 1] },
    { name: 'a blank owner is ignored', args: () => `${app}, owners: ["${testSigner(2).address}", ""]`, found: [3, 1] },
    { name: 'a blank owner alone is nobody', args: () => `${app}, owners: [""]`, found: [] },
    {
      name: 'empty lists are no filter',
      args: () => `${app}, owners: [], ids: [], recipients: [], bundledIn: []`,
      found: [4, 3, 2, 1, 0],
    },
    { name: 'values are alternatives', args: () => 'tags: [{ name: "Number", values: ["1", "2"] }]', found: [2, 1] },
    {
      name: 'tags add up',
      args: () => 'tags: [{ name: "Number", values: ["1", "2"] }, { name: "App", values: ["other"] }]',
      found: [],
    },
    { name: 'tags are case-sensitive', args: () => 'tags: [{ name: "app", values: ["test"] }]', found: [] },
    {
      name: 'NEQ',
      args: () => 'tags: [{ name: "App", values: ["test"] }, { name: "Number", values: ["1", "2"], op: NEQ }]',
      found: [4, 3, 0],
    },
    { name: 'by block', args: () => `${app}, block: { min: ${height(2)}, max: ${height(3)} }`, found: [2, 1] },
    { name: 'nothing is in this bundle', args: () => `${app}, bundledIn: ["${'A'.repeat(43)}"]`, found: [] },
    { name: 'nothing has this recipient', args: () => `recipients: ["${'A'.repeat(43)}"]`, found: [] },
  ])('$name', async ({ args, found }) => {
    expect(await numbers(args())).toEqual(found)
    const { transactions } = await query<{ transactions: { count: string } }>(`{ transactions(${args()}) { count } }`)
    expect(transactions.count).toBe(String(found.length))
  })

  test('a count is that of all pages, on each of them', async () => {
    const { first, last } = await query<Record<'first' | 'last', { count: string }>>(
      `{ first: transactions(${app}, first: 2) { count } last: transactions(${app}, first: 2, after: "1") { count } }`,
    )
    expect([first.count, last.count]).toEqual(['5', '5'])
  })

  test.each([
    { sort: 'HEIGHT_ASC', found: [0, 1, 2, 3, 4] },
    { sort: 'HEIGHT_DESC', found: [4, 3, 2, 1, 0] },
    { sort: 'INGESTED_AT_DESC', found: [4, 3, 2, 1, 0] },
  ])('page by page, $sort', async ({ sort, found }) => {
    const seen: number[] = []
    let after: string | undefined
    for (let pages = 0; pages < 3; pages++) {
      const { transactions } = await query<{ transactions: Connection<{ id: string }> }>(
        `query ($after: String) { transactions(${app}, first: 2, sort: ${sort}, after: $after) {
          pageInfo { hasNextPage } edges { cursor node { id } } } }`,
        { after },
      )
      seen.push(...transactions.edges.map(({ node }) => items.findIndex(({ id }) => id === node.id)))
      expect(transactions.pageInfo.hasNextPage).toBe(pages < 2)
      after = transactions.edges.at(-1)?.cursor
    }
    expect(seen).toEqual(found)
  })

  test('a well-known module id has the built-in module, under that id', async () => {
    const { transactions } = await query<{ transactions: Connection<{ id: string; tags: object[] }> }>(
      '{ transactions(ids: ["MODULE_TX_ID"]) { count edges { node { id tags { name value } } } } }',
    )
    expect(transactions).toMatchObject({ count: '1', edges: [{}] })
    expect(transactions.edges[0]?.node.id).toBe('MODULE_TX_ID')
    expect(transactions.edges[0]?.node.tags).toContainEqual({ name: 'Type', value: 'Module' })
  })
})

test('what stands for a scheduler of the public network is counted as it is found', async () => {
  await http.network.publishLocation('http://127.0.0.1:4400/su')
  const tags = '[{ name: "Type", values: ["Scheduler-Location"] }]'
  const { transactions } = await query<{ transactions: { count: string } & Connection<object> }>(
    `{ transactions(owners: ["_GQ33BkPtZrqxA84vM8Zk-N2aO0toNNu_C-l-rawrBA"], tags: ${tags}) { count edges { cursor } } }`,
  )
  expect(transactions).toMatchObject({ count: '1', edges: [{}] })
})

test('a query that was sent before answers with its new variables, and anew', async () => {
  const text = 'query ($n: String!) { transactions(tags: [{ name: "Number", values: [$n] }]) { count } }'
  for (const [n, count] of [
    ['1', '1'],
    ['none', '0'],
    ['1', '1'],
  ]) {
    expect(await query(text, { n })).toEqual({ transactions: { count } })
  }
})

test('directives, fragments and GET work', async () => {
  const text = `query ($no: Boolean!) { transactions(first: 1, tags: [{ name: "App", values: ["test"] }]) {
    edges { node { ...parts signature @skip(if: $no) anchor @include(if: $no) } } } }
    fragment parts on Transaction { id }`
  const variables = JSON.stringify({ no: true })
  const response = await http.get(`/graphql?${new URLSearchParams({ query: text, variables })}`)
  expect(await response.json()).toEqual({
    data: { transactions: { edges: [{ node: { id: items[4]?.id, anchor: expect.any(String) } }] } },
  })
})

describe('blocks', () => {
  const heights = async (args: string): Promise<number[]> => {
    const { blocks } = await query<{ blocks: Connection<{ height: number }> }>(
      `{ blocks${args} { edges { node { height } } } }`,
    )
    return blocks.edges.map(({ node }) => node.height)
  }

  test('one each two minutes, to the current one', async () => {
    const { blockHeight } = http.network.info()
    expect(await heights('(first: 3)')).toEqual([blockHeight, blockHeight - 1, blockHeight - 2])
    expect(await heights(`(height: { min: ${blockHeight - 1} }, sort: HEIGHT_ASC)`)).toEqual([
      blockHeight - 1,
      blockHeight,
    ])
    expect(await heights('(height: { max: 1 }, first: 5)')).toEqual([1, 0])
    expect(await heights('(sort: HEIGHT_ASC, first: 2)')).toEqual([0, 1])
    expect(await heights(`(height: { min: ${blockHeight + 1} })`)).toEqual([])
    expect(await heights('(height: { min: 5, max: 4 })')).toEqual([])
    expect(await heights('(first: 2, after: "", sort: INGESTED_AT_ASC)')).toEqual([0, 1])
    expect(await heights('(first: 1, sort: INGESTED_AT_DESC)')).toEqual([blockHeight])
  })

  test.each(['HEIGHT_ASC', 'HEIGHT_DESC'])('page by page, %s', async (sort) => {
    const seen: number[] = []
    let after: string | undefined
    for (let pages = 0; pages < 3; pages++) {
      const { blocks } = await query<{ blocks: Connection<{ height: number }> }>(
        `query ($after: String) { blocks(height: { min: 10, max: 14 }, first: 2, sort: ${sort}, after: $after) {
          pageInfo { hasNextPage } edges { cursor node { height } } } }`,
        { after },
      )
      seen.push(...blocks.edges.map(({ node }) => node.height))
      expect(blocks.pageInfo.hasNextPage).toBe(pages < 2)
      after = blocks.edges.at(-1)?.cursor
    }
    expect(seen).toEqual(sort === 'HEIGHT_ASC' ? [10, 11, 12, 13, 14] : [14, 13, 12, 11, 10])
  })

  test('by id, near the current one', async () => {
    const { blockHeight } = http.network.info()
    const [older, newer] = [blockByHeight(blockHeight - 1_000), blockByHeight(blockHeight - 3)]
    expect(await heights(`(ids: ["${older.id}", "${newer.id}"])`)).toEqual([newer.height, older.height])
    expect(await query(`{ block(id: "${older.id}") { height previous timestamp } }`)).toEqual({
      block: { height: older.height, previous: older.previousId, timestamp: older.timestampMs / 1_000 },
    })
    expect(await query(`{ block(id: "${'A'.repeat(43)}") { height } }`)).toEqual({ block: null })
  })
})

describe('what is refused', () => {
  const many = (count: number, field: string): string =>
    Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ')

  test.each([
    { name: 'no JSON', body: '{', text: 'not JSON' },
    { name: 'no query', body: '{}', text: "'query'" },
    { name: 'variables that are a list', body: '{"query":"{a}","variables":[]}', text: "'variables'" },
    { name: 'a syntax error', body: JSON.stringify({ query: '{ transactions(' }), text: 'Syntax Error' },
    {
      name: 'a match that is not exact',
      body: JSON.stringify({
        query: '{ transactions(tags: [{ name: "a", values: ["b*"], match: WILDCARD }]) { count } }',
      }),
      text: 'TagMatch',
    },
    { name: 'an unknown field', body: JSON.stringify({ query: '{ nothing }' }), text: 'nothing' },
    {
      name: 'too many words',
      body: JSON.stringify({ query: `{ ${many(1_000, '__typename')} }` }),
      text: '2000 tokens',
    },
    {
      name: 'a missing variable',
      body: JSON.stringify({ query: 'query ($id: ID!) { transaction(id: $id) { id } }' }),
      text: '$id',
    },
  ])('$name: 400', async ({ body, text }) => {
    const response = await http.post('/graphql', body)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(text)
  })

  test.each([
    { name: 'a page of nothing', field: 'transactions(first: 0) { count }', code: 'HTTP_PARAMETER_INVALID' },
    { name: 'a cursor of nobody', field: 'transactions(after: "x") { count }', code: 'STORE_CURSOR_INVALID' },
    {
      name: 'a block cursor of nobody',
      field: 'blocks(after: "x") { edges { cursor } }',
      code: 'HTTP_PARAMETER_INVALID',
    },
    {
      name: 'too many values',
      field: `transactions(ids: ${JSON.stringify(Array.from({ length: 1_001 }, (_, i) => `${i}`))}) { count }`,
      code: 'STORE_LIMIT_INVALID',
    },
    {
      name: 'too many lists',
      field: many(httpLimits.graphqlListsMax + 1, 'transactions { count }'),
      code: 'HTTP_BODY_INVALID',
    },
  ])('$name: an error with its code', async ({ field, code }) => {
    const response = await http.post('/graphql', JSON.stringify({ query: `{ ${field} }` }))
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ data: null, errors: [{ extensions: { code } }] })
  })
})

test('a page is cut to the most that is given', async () => {
  const { blocks } = await query<{ blocks: Connection<object> }>('{ blocks(first: 1000) { edges { cursor } } }')
  expect(blocks.edges).toHaveLength(httpLimits.graphqlPageMax)
})
