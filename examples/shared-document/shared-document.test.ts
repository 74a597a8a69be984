import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  createTestClock,
  createTestNetwork,
  type TestClock,
  type TestNetwork,
  type TestProcess,
  type TestTags,
  type TestWallet,
} from '../../src/testing/testing.ts'

const code = readFileSync(new URL('process.lua', import.meta.url), 'utf8')
/** Longer than the 30 seconds that `crdt.replicate` waits before it repeats. */
const retryMs = 60_000

let clock: TestClock
let loom: TestNetwork
let alice: TestWallet
let bob: TestWallet
/** Alice's replica and Bob's. */
let here: TestProcess
let there: TestProcess

beforeAll(async () => {
  clock = createTestClock()
  loom = await createTestNetwork({ now: clock.now })
  alice = loom.wallet('alice')
  bob = loom.wallet('bob')
})
afterAll(() => loom.close())

beforeEach(async () => {
  here = await loom.spawn({ wallet: alice, code })
  there = await loom.spawn({ wallet: bob, code })
  for (const process of [here, there]) {
    await process.send({ action: 'Connect', tags: { Peers: `${here.id},${there.id}` } })
  }
  await loom.idle()
})

/** Sends an action of the process's owner that must not be refused. */
async function edit(process: TestProcess, action: string, data?: string, tags: TestTags = {}): Promise<void> {
  const { reply, error } = await process.send({ action, data, tags })
  expect({ error, action: reply?.action, problem: reply?.tags.Error }).toEqual({ action: `${action}-Done` })
}

async function view(process: TestProcess): Promise<unknown> {
  await loom.idle()
  const { reply } = await process.dryRun({ action: 'View' })
  return JSON.parse(String(reply?.data))
}

const lost = (process: TestProcess) => process.state('Lost')

test('what one edits, the other sees', async () => {
  await edit(here, 'Title', 'Shopping')
  await edit(here, 'Insert', 'milk')
  await edit(there, 'Tag', 'home')
  await here.send({ from: loom.wallet('carol'), action: 'Like' })
  const document = { likes: 1, tags: ['home'], text: 'milk', title: 'Shopping' }
  expect(await view(here)).toEqual(document)
  expect(await view(there)).toEqual(document)
})

test('both edit while the network is broken, and agree when it is whole again', async () => {
  await edit(here, 'Title', 'Shopping')
  await edit(here, 'Insert', 'milk and eggs')
  await edit(here, 'Tag', 'home')
  await loom.idle()

  for (const process of [here, there]) await edit(process, 'Partition')
  await edit(here, 'Insert', 'fresh ', { Index: '1' })
  await edit(here, 'Untag', 'home')
  await edit(here, 'Tag', 'today')
  await edit(here, 'Like')
  clock.advance(1)
  await edit(there, 'Delete', undefined, { Index: '5', Count: '4' })
  await edit(there, 'Insert', ',', { Index: '5' })
  await edit(there, 'Tag', 'home')
  await edit(there, 'Title', 'To buy')
  await edit(there, 'Like')

  // Each has its own, and what the other sent is lost, not late.
  expect(await view(here)).toEqual({ likes: 1, tags: ['today'], text: 'fresh milk and eggs', title: 'Shopping' })
  expect(await view(there)).toEqual({ likes: 1, tags: ['home'], text: 'milk, eggs', title: 'To buy' })
  expect([await lost(here), await lost(there)]).toEqual([5, 4])

  for (const process of [here, there]) await edit(process, 'Partition', undefined, { On: 'false' })
  await loom.idle()
  expect(await view(here)).not.toEqual(await view(there))

  // Any message that comes late enough makes a process repeat what was not acknowledged.
  clock.advance(retryMs)
  await here.send({ from: loom.wallet('carol'), action: 'View' })
  await there.send({ from: loom.wallet('carol'), action: 'View' })
  // Nobody had seen Bob's tag `home` when Alice removed hers.
  const document = { likes: 2, tags: ['home', 'today'], text: 'fresh milk, eggs', title: 'To buy' }
  expect(await view(here)).toEqual(document)
  expect(await view(there)).toEqual(document)
})

test('Sync does the same at once', async () => {
  for (const process of [here, there]) await edit(process, 'Partition')
  await edit(here, 'Tag', 'mine')
  await edit(there, 'Tag', 'theirs')
  await loom.idle()
  for (const process of [here, there]) await edit(process, 'Partition', undefined, { On: 'false' })
  await edit(there, 'Sync')
  expect(await view(here)).toEqual({ tags: ['mine', 'theirs'] })
  expect(await view(there)).toEqual({ tags: ['mine', 'theirs'] })
})

test('a third process gets what there is when it is connected', async () => {
  await edit(here, 'Title', 'Shopping')
  const late = await loom.spawn({ wallet: loom.wallet('carol'), code })
  for (const process of [here, there, late]) {
    await edit(process, 'Connect', undefined, { Peers: `${here.id}, ${there.id}, ${late.id}` })
  }
  expect(await view(late)).toEqual({ title: 'Shopping' })
  await edit(late, 'Tag', 'late')
  expect(await view(here)).toEqual({ tags: ['late'], title: 'Shopping' })
  expect(await view(there)).toEqual({ tags: ['late'], title: 'Shopping' })
})

test('an upgrade keeps the document and its peers', async () => {
  await edit(here, 'Title', 'Shopping')
  await here.eval(code)
  expect(await view(here)).toEqual({ title: 'Shopping' })
  await edit(here, 'Tag', 'new')
  expect(await view(there)).toEqual({ tags: ['new'], title: 'Shopping' })
})

test.each([
  ['Title', {}, 'Only the owner of this process edits with it.'],
  ['Connect', { Peers: 'x' }, 'Only the owner of this process edits with it.'],
  ['Partition', {}, 'Only the owner of this process edits with it.'],
])('%s of someone else is refused', async (action, tags, error) => {
  const { reply } = await here.send({ from: bob, action, tags, data: 'Mine!' })
  expect(reply).toMatchObject({ action: `${action}-Error`, tags: { Error: error } })
  expect(await view(here)).toEqual([])
})

test.each([
  ['Insert', { Index: '0' }, 'Index must be from 1 to 1.'],
  ['Insert', { Index: '2' }, 'Index must be from 1 to 1.'],
  ['Insert', { Index: 'x' }, 'Index must be from 1 to 1.'],
  ['Delete', { Index: '1' }, 'Index and Count must lie within the 0 characters of the text.'],
  ['Delete', {}, 'Index and Count must lie within the 0 characters of the text.'],
  ['Connect', {}, 'Peers must be process ids with commas between them.'],
])('%s with %o is refused with a reason', async (action, tags: TestTags, error) => {
  const { reply } = await here.send({ action, tags, data: 'text' })
  expect(reply).toMatchObject({ action: `${action}-Error`, tags: { Error: error } })
  expect(await view(here)).toEqual([])
})
