import { describe, expect, test } from 'vitest'
import { emptyHead } from '../checks.ts'
import type { AppendRequest, Head } from '../types.ts'
import { type CreateStore, open } from './harness.fixture.ts'
import { appendOf, assignFor, chainAfter, idOf, processOf, spawnOf } from './requests.fixture.ts'

const [a, b, source] = [processOf('a'), processOf('b'), processOf('source')]
const cause = { processId: source, nonce: 3, index: 1 }

/** What must not be accepted, each with the answer it gets. */
const refusals: { name: string; request: AppendRequest; expected: object }[] = [
  {
    name: 'a message before the process',
    request: appendOf(b, 'early'),
    expected: { ok: false, why: 'conflict', head: emptyHead },
  },
  {
    name: 'a second process entry',
    request: appendOf(a, 'again', { kind: 'process' }),
    expected: { ok: false, why: 'conflict', head: { next: 1 } },
  },
  {
    name: 'expect with another nonce',
    request: appendOf(a, 'x', { expect: { next: 2, hashChain: chainAfter(undefined, spawnOf(a).item.id) } }),
    expected: { ok: false, why: 'conflict', head: { next: 1 } },
  },
  {
    name: 'expect with another hash chain',
    request: appendOf(a, 'x', { expect: { next: 1, hashChain: 'other' } }),
    expected: { ok: false, why: 'conflict', head: { next: 1 } },
  },
  {
    name: 'assign with another nonce',
    request: appendOf(a, 'x', { assign: (head) => ({ ...assignFor(a, idOf('x'))(head), nonce: 5 }) }),
    expected: { ok: false, why: 'refused', error: { code: 'STORE_ASSIGNMENT_INVALID' } },
  },
  {
    name: 'assign with a time that does not grow',
    request: appendOf(a, 'x', { assign: (head) => ({ ...assignFor(a, idOf('x'))(head), timestampMs: 1_000 }) }),
    expected: { ok: false, why: 'refused', error: { code: 'STORE_ASSIGNMENT_INVALID' } },
  },
]

export function describeAppend(create: CreateStore): void {
  describe('append', () => {
    test('gives the head of a process before and after its entries', async () => {
      const { store } = await open(create)
      expect(await store.head(a)).toEqual(emptyHead)
      const seen: Head[] = []
      const first = spawnOf(a)
      const second = appendOf(a, 'm1')
      const watched = (request: AppendRequest): AppendRequest => ({
        ...request,
        assign: (head) => {
          seen.push(head)
          return request.assign(head)
        },
      })
      await store.append([watched(first), watched(second)])
      const chain = chainAfter(undefined, first.item.id)
      expect(seen).toEqual([
        emptyHead,
        {
          ...emptyHead,
          next: 1,
          hashChain: chain,
          assignmentId: idOf(`assignment ${a} 0 ${first.item.id}`),
          timestampMs: 1_000,
        },
      ])
      expect(await store.head(a)).toMatchObject({ next: 2, hashChain: chainAfter(chain, second.item.id), evaluated: 0 })
    })

    test('stores the entry as it answers it', async () => {
      const { store } = await open(create)
      const request = appendOf(a, 'm1', { cause })
      const [, result] = await store.append([spawnOf(a), request])
      expect(result).toMatchObject({ ok: true, nonce: 1, timestampMs: 1_010, duplicate: false })
      const [entry] = await store.readLog(a, 1)
      expect(result).toMatchObject({ entry })
      expect(entry).toMatchObject({ kind: 'message', itemId: request.item.id, blockHeight: 101, cause })
      expect(Buffer.from(entry?.item ?? []).equals(request.item.bytes)).toBe(true)
      expect(Buffer.from(entry?.assignment ?? []).toString()).toBe(`assignment 1 of ${a}`)
      const assignmentId = idOf(`assignment ${a} 1 ${request.item.id}`)
      expect(
        await Promise.all([request.item.id, assignmentId, idOf('none')].map((id) => store.findNonce(a, id))),
      ).toEqual([1, 1, undefined])
    })

    test.each(refusals)('refuses $name, and the batch goes on', async ({ request, expected }) => {
      const { store } = await open(create)
      const results = await store.append([spawnOf(a), request, appendOf(a, 'after')])
      expect(results[1]).toMatchObject(expected)
      expect(results[2]).toMatchObject({ ok: true, nonce: 1 })
      expect(await store.readLog(a, 0)).toHaveLength(2)
      expect(await store.getItem(request.item.id)).toBeUndefined()
    })

    test('a throwing assign leaves no trace and hands back what it threw', async () => {
      const { store } = await open(create)
      const error = new Error('no')
      const refuse = (): never => {
        throw error
      }
      const results = await store.append([
        spawnOf(a),
        appendOf(a, 'refused', { cause, assign: refuse }),
        appendOf(a, 'next'),
      ])
      expect(results[1]).toEqual({ ok: false, why: 'refused', error })
      expect(results[2]).toMatchObject({ ok: true, nonce: 1 })
      expect(await store.getItem(idOf('refused'))).toBeUndefined()
      expect(await store.append([appendOf(a, 'refused', { cause })])).toMatchObject([{ nonce: 2, duplicate: false }])
    })

    test('accepts expect that fits', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a)])
      const { next, hashChain } = await store.head(a)
      expect(await store.append([appendOf(a, 'm', { expect: { next, hashChain } })])).toMatchObject([{ ok: true }])
    })

    test('answers an item the log has with its first entry', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a), appendOf(a, 'm1'), appendOf(a, 'm2')])
      const [entry] = await store.readLog(a, 1)
      const expected = [{ ok: true, nonce: 1, duplicate: true, assignmentId: entry?.assignmentId, entry }]
      expect(await store.append([appendOf(a, 'm1')])).toMatchObject(expected)
      expect(await store.append([appendOf(a, 'm1', { expect: { next: 0, hashChain: 'x' } })])).toMatchObject(expected)
      expect(await store.head(a)).toMatchObject({ next: 3 })
    })

    test('answers a cause the log has with its first entry, whatever the item', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a), appendOf(a, 'signed once', { cause })])
      const answer = await store.append([appendOf(a, 'signed again', { cause })])
      expect(answer).toMatchObject([{ nonce: 1, duplicate: true, entry: { itemId: idOf('signed once') } }])
      expect(await store.getItem(idOf('signed again'))).toBeUndefined()
      const others = [{ index: 2 }, { nonce: 4 }, { processId: b }].map((other) => ({ ...cause, ...other }))
      const requests = others.map((other, index) => appendOf(a, `other ${index}`, { cause: other }))
      expect(await store.append(requests)).toMatchObject([{ nonce: 2 }, { nonce: 3 }, { nonce: 4 }])
    })

    test('item id and cause count within one process only', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a), spawnOf(b), appendOf(a, 'shared', { cause })])
      expect(await store.append([appendOf(b, 'shared', { kind: 'assignment', cause })])).toMatchObject([
        { nonce: 1, duplicate: false },
      ])
      const [entry] = await store.readLog(b, 1)
      expect(entry).toMatchObject({ kind: 'assignment', itemId: idOf('shared') })
      expect(Buffer.from(entry?.item ?? []).equals(appendOf(b, 'shared').item.bytes)).toBe(true)
      const page = await store.queryItems({ ids: [idOf('shared')] }, { order: 'ASC', limit: 10 })
      expect(page.items).toHaveLength(1)
      expect(page.items[0]).toMatchObject({ blockHeight: 101 })
    })

    test('duplicates in one batch and in flight wait for the first and get its nonce', async () => {
      const { store } = await open(create)
      const calls = [
        store.append([spawnOf(a), appendOf(a, 'm1', { cause }), appendOf(a, 'm1')]),
        store.append([appendOf(a, 'm1')]),
        store.append([appendOf(a, 'other', { cause })]),
      ]
      // Whichever answers first, the entry must be in the log by then.
      const length = await Promise.race(calls.map((call) => call.then(() => store.readLog(a, 0)))).then(
        (log) => log.length,
      )
      expect(length).toBe(2)
      const results = (await Promise.all(calls)).flat()
      expect(results.map((result) => result.ok && [result.nonce, result.duplicate])).toEqual([
        [0, false],
        [1, false],
        [1, true],
        [1, true],
        [1, true],
      ])
      expect(await store.readLog(a, 0)).toHaveLength(2)
    })

    test('concurrent appends get each nonce once, chained without a gap', async () => {
      const { store } = await open(create)
      await store.append([spawnOf(a), spawnOf(b)])
      const names = Array.from({ length: 600 }, (_, index) => `c${index}`)
      const results = await Promise.all(
        names.map(async (name, index) => {
          if (index % 7 === 0) await store.head(a) // lets some calls come in later turns
          return (await store.append([appendOf(index % 3 === 0 ? b : a, name)]))[0]
        }),
      )
      expect(results.every((result) => result?.ok === true && !result.duplicate)).toBe(true)
      for (const [processId, count] of [
        [a, 401],
        [b, 201],
      ] as const) {
        const log = await store.readLog(processId, 0)
        expect(log.map(({ nonce }) => nonce)).toEqual(Array.from({ length: count }, (_, nonce) => nonce))
        let chain: string | undefined
        for (const { itemId, hashChain } of log) {
          chain = chainAfter(chain, itemId)
          expect(hashChain).toBe(chain)
        }
      }
    })
  })
}
