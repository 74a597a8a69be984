import { describe, expect, test } from 'vitest'
import { type CreateStore, lease, open, spawnAndLease } from './harness.fixture.ts'
import { appendOf, commitOf, idOf, itemOf, outboxOf, processOf, spawnOf } from './requests.fixture.ts'

const [a, b, c] = [processOf('a'), processOf('b'), processOf('c')]

export function describeCommit(create: CreateStore): void {
  describe('leases and commits', () => {
    test('a commit writes result, evaluated and outbox', async () => {
      const { store } = await open(create)
      const held = await spawnAndLease(store, a)
      const commit = commitOf(held, 0, { targets: [b] })
      expect(await store.commitResults([commit])).toEqual(['ok'])
      expect(await store.readResult(a, 0)).toEqual(commit.result)
      expect(await store.head(a)).toMatchObject({ next: 1, evaluated: 1 })
      const [row] = await store.claimOutbox({ workerId: 'w', max: 10, ttlMs: 1_000 })
      const [sent] = outboxOf(a, 0, [b])
      expect({ ...row, item: Buffer.from(row?.item ?? []) }).toEqual({
        ...sent,
        item: Buffer.from(sent?.item ?? []),
        tries: 0,
      })
    })

    test('assign sees what was evaluated', async () => {
      const { store } = await open(create)
      const held = await spawnAndLease(store, a)
      await store.commitResults([commitOf(held, 0)])
      let seen: unknown
      const request = appendOf(a, 'm1')
      const assign: typeof request.assign = (head) => {
        seen = head
        return request.assign(head)
      }
      await store.append([{ ...request, assign }])
      expect(seen).toMatchObject({ next: 1, evaluated: 1 })
    })

    test('a repeated commit answers already and changes nothing', async () => {
      const { store } = await open(create)
      const held = await spawnAndLease(store, a)
      await store.commitResults([commitOf(held, 0, { targets: [b] })])
      const changed = commitOf(held, 0, { targets: [b, c], failed: true })
      expect(await store.commitResults([changed])).toEqual(['already'])
      expect(await store.readResult(a, 0)).toMatchObject({ failed: false })
      expect(await store.head(a)).toMatchObject({ evaluated: 1 })
      expect(await store.outboxStatus()).toMatchObject({ pending: 1 })
    })

    test('items come with an ok commit alone, and are found by their tags', async () => {
      const { store } = await open(create)
      const held = await spawnAndLease(store, a)
      const withItem = (name: string, epoch: number) => {
        const item = itemOf(name, { target: 'wallet', tags: [{ name: 'Action', value: name }] })
        return commitOf({ ...held, epoch }, 0, { items: [{ item, blockHeight: 7, timestampMs: 70 }] })
      }
      const commits = [withItem('fenced', held.epoch - 1), withItem('ok', held.epoch), withItem('already', held.epoch)]
      expect(await store.commitResults(commits)).toEqual(['fenced', 'ok', 'already'])
      const page = await store.queryItems({ recipients: ['wallet'] }, { order: 'ASC', limit: 10 })
      expect(page.items).toMatchObject([{ id: idOf('ok'), blockHeight: 7, timestampMs: 70 }])
      const byTag = { tags: [{ name: 'Action', values: ['ok', 'already', 'fenced'] }] }
      expect((await store.queryItems(byTag, { order: 'ASC', limit: 10 })).items).toEqual(page.items)
    })

    test('commits are applied in order, each alone', async () => {
      const { store } = await open(create)
      const [held, other] = [await spawnAndLease(store, a), await spawnAndLease(store, b)]
      await store.append([appendOf(a, 'm1')])
      const stale = { ...other, epoch: other.epoch - 1 }
      const commits = [commitOf(held, 0), commitOf(stale, 0), commitOf(held, 1), commitOf(held, 1), commitOf(other, 0)]
      expect(await store.commitResults(commits)).toEqual(['ok', 'fenced', 'ok', 'already', 'ok'])
    })

    test('a commit that leaves a gap or has no entry is fenced', async () => {
      const { store } = await open(create)
      const held = await spawnAndLease(store, a)
      await store.append([appendOf(a, 'm1')])
      expect(await store.commitResults([commitOf(held, 1)])).toEqual(['fenced'])
      expect(await store.commitResults([commitOf(held, 0), commitOf(held, 1)])).toEqual(['ok', 'ok'])
      expect(await store.commitResults([commitOf(held, 2)])).toEqual(['fenced'])
      expect(await store.readResult(a, 2)).toBeUndefined()
    })

    test.each([
      { name: 'another process', change: { processId: processOf('b') } },
      { name: 'another nonce', change: { nonce: 7 } },
    ])('a commit that sends for $name is refused whole', async ({ change }) => {
      const { store } = await open(create)
      const held = await spawnAndLease(store, a)
      const good = commitOf(held, 0, { targets: [c] })
      const outbox = good.outbox.map((entry) => ({ ...entry, cause: { ...entry.cause, ...change } }))
      const code = { code: 'STORE_COMMIT_INVALID' }
      await expect(store.commitResults([{ ...good, outbox }])).rejects.toMatchObject(code)
      expect(await store.head(a)).toMatchObject({ evaluated: 0 })
    })

    test('a lease is exclusive until it ends; the next has a higher epoch and fences the last', async () => {
      const { store, clock } = await open(create)
      await store.append([spawnOf(a)])
      const request = { ttlMs: 1_000, max: 10, processIds: [a] }
      const [first] = await store.acquire({ workerId: 'one', ...request })
      expect(first).toMatchObject({ processId: a, untilMs: clock.now() + 1_000 })
      expect(await store.acquire({ workerId: 'two', ...request })).toEqual([])
      clock.advance(600)
      const [renewed] = await store.acquire({ workerId: 'one', ...request })
      expect(renewed).toEqual({ ...first, untilMs: clock.now() + 1_000 })
      clock.advance(999)
      expect(await store.acquire({ workerId: 'two', ...request })).toEqual([])
      clock.advance(1)
      const [second] = await store.acquire({ workerId: 'two', ...request })
      expect(second?.epoch).toBe((first?.epoch ?? 0) + 1)
      if (first === undefined || second === undefined) throw new Error('leases expected')
      expect(await store.commitResults([commitOf(first, 0)])).toEqual(['fenced'])
      expect(await store.readResult(a, 0)).toBeUndefined()
      expect(await store.commitResults([commitOf(second, 0)])).toEqual(['ok'])
      expect(await store.commitResults([commitOf(first, 0)])).toEqual(['fenced'])
    })

    test('release frees the lease of its holder alone', async () => {
      const { store } = await open(create)
      const first = await spawnAndLease(store, a, 'one')
      await store.release('two', [a])
      expect(await store.acquire({ workerId: 'two', ttlMs: 1, max: 1, processIds: [a] })).toEqual([])
      await store.release('one', [a])
      const second = await lease(store, a, 'two')
      expect(second.epoch).toBe(first.epoch + 1)
    })

    test('acquire without names takes what has entries without results, at most max', async () => {
      const { store } = await open(create)
      const held = await spawnAndLease(store, a, 'one')
      await store.commitResults([commitOf(held, 0)])
      await store.release('one', [a])
      const request = { workerId: 'w', ttlMs: 1_000, max: 10 }
      expect(await store.acquire(request)).toEqual([])
      await store.append([spawnOf(b), spawnOf(c), appendOf(a, 'm1')])
      const two = await store.acquire({ ...request, max: 2 })
      const rest = await store.acquire({ ...request, workerId: 'other' })
      expect(two).toHaveLength(2)
      expect(rest).toHaveLength(1)
      expect(new Set([...two, ...rest].map(({ processId }) => processId))).toEqual(new Set([a, b, c]))
    })

    test('acquire leaves out processes that do not exist, and repeats', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a)])
      const processIds = [b, a, a]
      const leases = await store.acquire({ workerId: 'w', ttlMs: 1, max: 10, processIds })
      expect(leases.map(({ processId }) => processId)).toEqual([a])
    })
  })
}
