import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDataItem } from '../../protocol/data-item.ts'
import type { DataItem, Tag } from '../../protocol/types.ts'
import { createTestApp, messageItem, type TestApp, testSigner } from '../app.fixture.ts'

/** The queries of clients that look for schedulers, and where they are sent. Wire protocol 6.1, 10. */

let http: TestApp
beforeAll(async () => {
  http = await createTestApp()
})
afterAll(() => http.close())

interface Found {
  readonly data: { readonly transactions: { readonly edges: { readonly node: { readonly tags: Tag[] } }[] } }
}

/** As scheduler-utils asks for the record of an address. */
async function recordsOf(address: string): Promise<Tag[][]> {
  const query = `query GetSchedulerLocation ($owner: String!) {
    transactions (
      owners: [$owner]
      tags: [{ name: "Data-Protocol", values: ["ao"] }, { name: "Type", values: ["Scheduler-Location"] }]
      sort: HEIGHT_DESC, first: 1
    ) { edges { node { tags { name value } } } }
  }`
  const response = await http.post('/graphql', JSON.stringify({ query, variables: { owner: address } }), {
    headers: { 'content-type': 'application/json' },
  })
  return ((await response.json()) as Found).data.transactions.edges.map(({ node }) => node.tags)
}

const value = (tags: readonly Tag[] | undefined, name: string): string | undefined =>
  tags?.find((tag) => tag.name === name)?.value

async function countOfRecords(): Promise<number> {
  const filter = { tags: [{ name: 'Type', values: ['Scheduler-Location'] }], owners: [http.network.info().address] }
  return (await http.network.queryItems(filter, { order: 'ASC', limit: 100 })).items.length
}

describe('the record of the node', () => {
  test('is not there before it is published', async () => {
    expect(await recordsOf(http.network.info().address)).toEqual([])
  })

  test('is found by its address, with all that clients read', async () => {
    await http.network.publishLocation('http://127.0.0.1:4400/su')
    const [tags, ...others] = await recordsOf(http.network.info().address)
    expect(others).toEqual([])
    expect(tags).toEqual([
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Type', value: 'Scheduler-Location' },
      { name: 'Url', value: 'http://127.0.0.1:4400/su' },
      { name: 'Time-To-Live', value: '300000' },
      { name: 'Timestamp', value: expect.stringMatching(/^\d{13}$/) },
    ])
  })

  test('is not published again for the same URL; the newest of several counts, also when it was there before', async () => {
    const { address } = http.network.info()
    const before = await countOfRecords()
    await http.network.publishLocation('http://127.0.0.1:4400/su')
    expect(await countOfRecords()).toBe(before)
    for (const url of ['https://loom.example/su', 'http://127.0.0.1:4400/su', 'https://loom.example/su']) {
      await http.network.publishLocation(url)
      expect(value((await recordsOf(address))[0], 'Url')).toBe(url)
    }
    expect(await countOfRecords()).toBe(before + 3)
  })

  test('stands for the public schedulers, which clients name where they spawn, and for no other', async () => {
    await http.network.publishLocation('https://loom.example/su')
    expect(value((await recordsOf('_GQ33BkPtZrqxA84vM8Zk-N2aO0toNNu_C-l-rawrBA'))[0], 'Url')).toBe(
      'https://loom.example/su',
    )
    expect(await recordsOf('A'.repeat(43))).toEqual([])
  })

  test('stands for none on a strict node', async () => {
    const strict = await createTestApp({ mode: 'strict' })
    try {
      await strict.network.publishLocation('https://loom.example/su')
      const filter = {
        owners: ['_GQ33BkPtZrqxA84vM8Zk-N2aO0toNNu_C-l-rawrBA'],
        tags: [{ name: 'Type', values: ['Scheduler-Location'] }],
      }
      expect((await strict.network.queryItems(filter, { order: 'DESC', limit: 1 })).items).toEqual([])
    } finally {
      await strict.close()
    }
  })
})

describe('a process of another scheduler', () => {
  const scheduler = testSigner(40)
  const upload = async (item: DataItem): Promise<string> => {
    expect((await http.post('/tx', item.bytes)).status).toBe(200)
    return item.id
  }
  const location = (tags: readonly Tag[], number = 40): DataItem =>
    createDataItem(
      {
        tags: [{ name: 'Data-Protocol', value: 'ao' }, { name: 'Type', value: 'Scheduler-Location' }, ...tags],
        data: ' ',
      },
      testSigner(number),
    )
  const processOf = (address: string): DataItem => {
    const tags = [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'Module', value: 'A'.repeat(43) },
      { name: 'Scheduler', value: address },
    ]
    return createDataItem({ tags, data: ' ' }, http.signer)
  }

  test('is asked for there, once it is known where that is', async () => {
    const processId = await upload(processOf(scheduler.address))
    const unknown = await http.get(`/su/${processId}`)
    expect(unknown.status).toBe(400)
    expect(await unknown.json()).toEqual({ error: 'Message or Process not found', code: 'HTTP_SCHEDULE_UNKNOWN' })

    // Names of tags are read whatever their case; the slash at the end is not part of what paths are added to.
    await upload(location([{ name: 'url', value: 'https://other.example/prefix/' }]))
    const elsewhere = 'https://other.example/prefix'
    const messageId = 'A'.repeat(43)
    const paths = [
      `/${processId}`,
      `/${processId}?from-nonce=3&limit=2`,
      `/${processId}/latest`,
      `/processes/${processId}`,
      `/${messageId}?process-id=${processId}`,
      `/timestamp?process-id=${processId}`,
    ]
    for (const path of paths) {
      const response = await http.get(`/su${path}`)
      expect([response.status, response.headers.get('location')]).toEqual([307, elsewhere + path])
    }
    const probe = await http.get(`/su?process-id=${processId}`)
    expect([probe.status, probe.headers.get('location')]).toEqual([307, `${elsewhere}?process-id=${processId}`])

    const message = messageItem(http.signer, { target: processId })
    const posted = await http.post('/su', message.bytes)
    expect([posted.status, posted.headers.get('location')]).toEqual([307, elsewhere])
  })

  test('is not sent to where no browser would go', async () => {
    const { address } = testSigner(41)
    const processId = await upload(processOf(address))
    await upload(location([{ name: 'Url', value: 'javascript:alert(1)' }], 41))
    expect((await http.get(`/su/${processId}`)).status).toBe(400)
  })

  test('is a process of this node like any other when it was spawned here, in development mode', async () => {
    const item = messageItem(http.signer, {})
    const tags = [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Type', value: 'Process' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Module', value: http.network.info().moduleId },
      { name: 'Scheduler', value: scheduler.address },
      { name: 'Serial', value: item.id },
    ]
    const process = createDataItem({ tags, data: ' ' }, http.signer)
    expect((await http.post('/mu', process.bytes)).status).toBe(202)
    expect((await http.get(`/su/${process.id}`)).status).toBe(200)
    expect(await http.getJson(`/su?process-id=${process.id}`)).toEqual({
      address: http.network.info().address,
      timestamp: expect.any(String),
    })
  })

  test('is refused by a strict node, which says who it is', async () => {
    const strict = await createTestApp({ mode: 'strict' })
    try {
      const response = await strict.post('/mu', processOf(scheduler.address).bytes)
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({
        code: 'SCHEDULER_TAG_INVALID',
        error: `Tag 'Scheduler': is "${scheduler.address}"; name this node, ${strict.network.info().address}: it is strict, and schedules no process of another scheduler.`,
      })
    } finally {
      await strict.close()
    }
  })
})
