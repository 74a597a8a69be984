import { describe, expect, test } from 'vitest'
import { writeManifest } from '../manifest.ts'
import { toPage } from '../page-hash.ts'
import type { Head, Lease, Page, Store } from '../types.ts'
import { type CreateStore, lease, open, spawnAndLease } from './harness.fixture.ts'
import { appendOf, commitOf, pageOf, processOf } from './requests.fixture.ts'

const [a, b] = [processOf('a'), processOf('b')]

/** A manifest page over others. */
function manifestOf(pages: readonly Page[], manifests: readonly Page[] = [], header = ''): Page {
  const hashes = (of: readonly Page[]): string[] => of.map(({ hash }) => hash)
  return toPage(writeManifest({ header: Buffer.from(header), manifests: hashes(manifests), pages: hashes(pages) }))
}

/** A process with results of nonces 0..`last`. */
async function evaluatedTo(store: Store, last: number, processId = a): Promise<Lease> {
  const held = await spawnAndLease(store, processId)
  await store.append(Array.from({ length: last }, (_, index) => appendOf(processId, `${processId} ${index}`)))
  await store.commitResults(Array.from({ length: last + 1 }, (_, nonce) => commitOf(held, nonce)))
  return held
}

/** Which of the pages are there, by their text. */
async function textsOf(store: Store, pages: readonly Page[]): Promise<string[]> {
  const found = await store.getPages(pages.map(({ hash }) => hash))
  return found.flatMap((bytes) => (bytes === undefined ? [] : [Buffer.from(bytes).toString()]))
}

export function describeSnapshots(create: CreateStore): void {
  describe('pages', () => {
    test('read back in the order asked, undefined where absent; a repeat changes nothing', async () => {
      const { store } = await open(create)
      const [one, two, none] = [pageOf('one'), pageOf('two'), pageOf('none')]
      await store.putPages([one, two])
      await store.putPages([two, one, two])
      const pages = await store.getPages([two.hash, none.hash, one.hash, two.hash])
      expect(pages.map((page) => page && Buffer.from(page).toString())).toEqual(['two', undefined, 'one', 'two'])
    })

    test('bytes that do not have their hash are refused, with all that came with them', async () => {
      const { store } = await open(create)
      const [good, bad] = [pageOf('good'), { ...pageOf('bad'), bytes: new Uint8Array(4) }]
      await expect(store.putPages([good, bad])).rejects.toMatchObject({
        code: 'STORE_PAGE_CORRUPT',
        info: { hash: bad.hash },
      })
      expect(await store.getPages([good.hash, bad.hash])).toEqual([undefined, undefined])
      await store.putPages([good])
    })

    test('the bytes may be reused as soon as the call returns', async () => {
      const { store } = await open(create)
      const memory = Buffer.from('state of now')
      const { hash } = pageOf('state of now')
      const put = store.putPages([{ hash, bytes: memory }])
      memory.fill(0)
      await put
      const [page] = await store.getPages([hash])
      expect(Buffer.from(page ?? []).toString()).toBe('state of now')
    })

    test('come in any number and size, and their bytes may be reused at once', async () => {
      const { store } = await open(create)
      const pages = [
        ...Array.from({ length: 700 }, (_, index) => pageOf(`page ${index}`)),
        pageOf('x'.repeat(3_000_000)),
      ]
      const memory = pages.map(({ hash, bytes }) => ({ hash, bytes: new Uint8Array(bytes) }))
      const put = store.putPages(memory)
      for (const { bytes } of memory) bytes.fill(0)
      await put
      const found = await store.getPages(pages.map(({ hash }) => hash))
      expect(
        found.every((bytes, index) => Buffer.compare(bytes ?? Buffer.of(), pages[index]?.bytes ?? Buffer.of()) === 0),
      ).toBe(true)
      await store.putPages([])
      expect((await store.pageStatus()).pages).toBe(701)
    })

    test('are counted once each, with their bytes', async () => {
      const { store } = await open(create)
      expect(await store.pageStatus()).toEqual({ pages: 0, bytes: 0 })
      await store.putPages([pageOf('one'), pageOf('three'), pageOf('one')])
      await store.putPages([pageOf('three'), pageOf('four')])
      expect(await store.pageStatus()).toEqual({ pages: 3, bytes: 12 })
    })
  })

  describe('checkpoints', () => {
    const [m0, m1, m2] = [manifestOf([], [], '0'), manifestOf([], [], '1'), manifestOf([], [], '2')]

    test('are found by nonce, and listed in order whatever the order of putting', async () => {
      const { store } = await open(create)
      const { epoch } = await evaluatedTo(store, 9)
      await store.putPages([m0, m1, m2])
      for (const [nonce, { hash: manifest }] of [
        [7, m2],
        [0, m0],
        [3, m1],
      ] as const) {
        expect(await store.putCheckpoint({ processId: a, epoch, nonce, manifest })).toBe('ok')
      }
      expect(await store.listCheckpoints(a)).toEqual([
        { nonce: 0, manifest: m0.hash },
        { nonce: 3, manifest: m1.hash },
        { nonce: 7, manifest: m2.hash },
      ])
      const found = await Promise.all([0, 2, 3, 6, 7, 9, 100].map((nonce) => store.findCheckpoint(a, nonce)))
      expect(found.map((checkpoint) => checkpoint?.nonce)).toEqual([0, 0, 3, 3, 7, 7, 7])
      expect(await store.findCheckpoint(a, -1)).toBeUndefined()
      expect(await store.findCheckpoint(b, 9)).toBeUndefined()
      expect(await store.listCheckpoints(b)).toEqual([])
    })

    test('the head has the highest, also the head that assign sees', async () => {
      const { store } = await open(create)
      const { epoch } = await evaluatedTo(store, 2)
      await store.putPages([m0, m1])
      const seen: Head[] = []
      const see = async (name: string): Promise<void> => {
        const request = appendOf(a, name)
        const assign: typeof request.assign = (head) => {
          seen.push(head)
          return request.assign(head)
        }
        await store.append([{ ...request, assign }])
        seen.push(await store.head(a))
      }
      await see('before')
      await store.putCheckpoint({ processId: a, epoch, nonce: 2, manifest: m1.hash })
      await store.putCheckpoint({ processId: a, epoch, nonce: 1, manifest: m0.hash })
      await see('after')
      await store.dropCheckpoints(a, [2, 77])
      await see('dropped')
      const [high, low] = [
        { nonce: 2, manifest: m1.hash },
        { nonce: 1, manifest: m0.hash },
      ]
      expect(seen.map(({ checkpoint }) => checkpoint)).toEqual([undefined, undefined, high, high, low, low])
    })

    test('the first one of a nonce stays; a dropped one can be put again', async () => {
      const { store } = await open(create)
      const { epoch } = await evaluatedTo(store, 1)
      await store.putPages([m0, m1])
      const put = (manifest: string) => store.putCheckpoint({ processId: a, epoch, nonce: 1, manifest })
      expect([await put(m0.hash), await put(m0.hash), await put(m1.hash)]).toEqual(['ok', 'already', 'already'])
      expect(await store.listCheckpoints(a)).toEqual([{ nonce: 1, manifest: m0.hash }])
      await store.dropCheckpoints(a, [1])
      await store.dropCheckpoints(b, [1])
      expect(await store.listCheckpoints(a)).toEqual([])
      expect(await put(m1.hash)).toBe('ok')
      expect(await store.listCheckpoints(a)).toEqual([{ nonce: 1, manifest: m1.hash }])
    })

    test('of an older lease are fenced, as are those of unknown processes', async () => {
      const { store, clock } = await open(create)
      const first = await evaluatedTo(store, 1)
      await store.putPages([m0])
      clock.advance(3_600_000)
      const second = await lease(store, a, 'other')
      const put = (processId: typeof a, epoch: number) =>
        store.putCheckpoint({ processId, epoch, nonce: 0, manifest: m0.hash })
      expect([await put(a, first.epoch), await put(b, 1)]).toEqual(['fenced', 'fenced'])
      expect(await store.listCheckpoints(a)).toEqual([])
      expect(await put(a, second.epoch)).toBe('ok')
    })

    test.each([
      { name: 'an entry without result', nonce: 2, manifest: m0.hash },
      { name: 'no nonce', nonce: -1, manifest: m0.hash },
      { name: 'a manifest that is not stored', nonce: 1, manifest: m1.hash },
      { name: 'a manifest that is no hash', nonce: 1, manifest: 'x' },
    ])('of $name are refused', async ({ nonce, manifest }) => {
      const { store } = await open(create)
      const { epoch } = await evaluatedTo(store, 1)
      await store.append([appendOf(a, 'not evaluated')])
      await store.putPages([m0])
      const put = store.putCheckpoint({ processId: a, epoch, nonce, manifest })
      await expect(put).rejects.toMatchObject({ code: 'STORE_CHECKPOINT_INVALID', info: { processId: a, nonce } })
      expect(await store.listCheckpoints(a)).toEqual([])
    })
  })

  describe('sweep', () => {
    const graceMs = 1_000
    const pages = ['p1', 'p2', 'p3', 'p4'].map(pageOf) as [Page, Page, Page, Page]
    const [p1, p2, p3, p4] = pages

    test('deletes what no checkpoint leads to, through manifests of manifests', async () => {
      const { store, clock } = await open(create)
      const { epoch } = await evaluatedTo(store, 2)
      const shared = manifestOf([p1])
      const [first, second] = [manifestOf([p2], [shared]), manifestOf([p3], [shared])]
      await store.putPages([...pages, shared, first, second])
      await store.putCheckpoint({ processId: a, epoch, nonce: 1, manifest: first.hash })
      await store.putCheckpoint({ processId: a, epoch, nonce: 2, manifest: second.hash })
      clock.advance(graceMs + 1)
      expect(await store.sweepPages({ graceMs })).toEqual({ pages: 1, bytes: 2 })
      expect(await textsOf(store, pages)).toEqual(['p1', 'p2', 'p3'])

      await store.dropCheckpoints(a, [1])
      expect(await store.sweepPages({ graceMs })).toEqual({ pages: 2, bytes: 2 + first.bytes.byteLength })
      expect(await textsOf(store, pages)).toEqual(['p1', 'p3'])
      const left = [p1, p3, shared, second]
      const bytes = left.reduce((sum, page) => sum + page.bytes.byteLength, 0)
      expect(await store.pageStatus()).toEqual({ pages: 4, bytes })
      expect(await store.sweepPages({ graceMs })).toEqual({ pages: 0, bytes: 0 })

      await store.dropCheckpoints(a, [2])
      expect(await store.sweepPages({ graceMs })).toEqual({ pages: 4, bytes })
      expect(await store.pageStatus()).toEqual({ pages: 0, bytes: 0 })
      await store.putPages([p4])
      expect(await textsOf(store, pages)).toEqual(['p4'])
    })

    test('spares pages put within the grace period, for the first time or again', async () => {
      const { store, clock } = await open(create)
      await store.putPages([p1, p2])
      clock.advance(graceMs)
      await store.putPages([p2, p3])
      expect(await store.sweepPages({ graceMs })).toEqual({ pages: 0, bytes: 0 })
      clock.advance(1)
      expect(await store.sweepPages({ graceMs })).toEqual({ pages: 1, bytes: 2 })
      expect(await textsOf(store, pages)).toEqual(['p2', 'p3'])
      clock.advance(graceMs)
      expect(await store.sweepPages({ graceMs })).toEqual({ pages: 2, bytes: 4 })
    })

    test('takes no page for a manifest that is not named as one', async () => {
      const { store, clock } = await open(create)
      const { epoch } = await evaluatedTo(store, 0)
      const looksLikeOne = manifestOf([p1])
      const root = manifestOf([looksLikeOne])
      await store.putPages([p1, looksLikeOne, root])
      await store.putCheckpoint({ processId: a, epoch, nonce: 0, manifest: root.hash })
      clock.advance(graceMs + 1)
      expect(await store.sweepPages({ graceMs })).toEqual({ pages: 1, bytes: 2 })
      expect(await textsOf(store, pages)).toEqual([])
    })

    test.each([
      { name: 'is none', root: p1, stored: [p1] },
      { name: 'is not stored', root: manifestOf([], [manifestOf([p2])]), stored: [] },
    ])('deletes nothing when a manifest $name', async ({ root, stored }) => {
      const { store, clock } = await open(create)
      const { epoch } = await evaluatedTo(store, 0)
      await store.putPages([root, p3, ...stored])
      await store.putCheckpoint({ processId: a, epoch, nonce: 0, manifest: root.hash })
      clock.advance(graceMs + 1)
      await expect(store.sweepPages({ graceMs })).rejects.toMatchObject({ code: 'STORE_MANIFEST_INVALID' })
      expect(await textsOf(store, [p3])).toEqual(['p3'])
      await store.dropCheckpoints(a, [0])
      expect(await store.sweepPages({ graceMs })).toMatchObject({ pages: 2 })
    })

    test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('a grace period of %d is refused', async (graceMs) => {
      const { store } = await open(create)
      await store.putPages([p1])
      await expect(store.sweepPages({ graceMs })).rejects.toMatchObject({ code: 'STORE_LIMIT_INVALID' })
      expect(await textsOf(store, pages)).toEqual(['p1'])
    })

    test('of many pages keeps just those that are led to, while others write', async () => {
      const { store, clock } = await open(create)
      const { epoch } = await evaluatedTo(store, 0)
      const many = Array.from({ length: 2_600 }, (_, index) => pageOf(`page ${index}`))
      const kept = many.filter((_, index) => index % 3 === 0)
      const root = manifestOf([], [manifestOf(kept.slice(0, 400)), manifestOf(kept.slice(400))])
      await store.putPages([...many, root, manifestOf(kept.slice(0, 400)), manifestOf(kept.slice(400))])
      await store.putCheckpoint({ processId: a, epoch, nonce: 0, manifest: root.hash })
      clock.advance(graceMs + 1)
      const sweeps = Promise.all([store.sweepPages({ graceMs }), store.sweepPages({ graceMs })])
      const late = pageOf('late')
      await store.putPages([late])
      const [first, second] = await sweeps
      expect([first.pages, second.pages]).toEqual([many.length - kept.length, 0])
      expect(await textsOf(store, many)).toEqual(kept.map(({ bytes }) => Buffer.from(bytes).toString()))
      expect(await textsOf(store, [late])).toEqual(['late'])
      expect((await store.pageStatus()).pages).toBe(kept.length + 4)
    })
  })
}
