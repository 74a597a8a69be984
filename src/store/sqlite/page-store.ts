import { setImmediate, setTimeout } from 'node:timers/promises'
import { StoreError } from '../errors.ts'
import { reachablePages } from '../reachable-pages.ts'
import type { Page, PageCount } from '../types.ts'
import type { CheckpointReader } from './checkpoint-reader.ts'
import type { PageReader } from './page-reader.ts'
import type { WriterClient } from './writer-client.ts'

/** Bytes of pages, and their number, that are put in one transaction: appends wait no longer than that. */
const putBytesMax = 524_288
const putCountMax = 256
/** Hashes that a sweep looks at in one turn, and pages that it deletes in one transaction, for the same reason. */
const hashesAtOnce = 1_000
const droppedAtOnceMax = 32
/** Between two such transactions: nobody waits for snapshots and sweeps, and the disk is not theirs alone. */
const pauseMs = 5

/** Puts and sweeps pages, a few at a time, so that what people wait for gets its turn in between. */
export class PageStore {
  readonly #writer: WriterClient
  readonly #pages: PageReader
  readonly #checkpoints: CheckpointReader
  readonly #puts = new Set<Promise<void>>()
  #lastSweep: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(writer: WriterClient, pages: PageReader, checkpoints: CheckpointReader) {
    this.#writer = writer
    this.#pages = pages
    this.#checkpoints = checkpoints
  }

  async put(pages: readonly Page[], nowMs: number): Promise<void> {
    const put = this.#putSlices(slicePages(pages), nowMs)
    this.#puts.add(put)
    try {
      await put
    } finally {
      this.#puts.delete(put)
    }
  }

  /** One after another: a manifest must not go while the next sweep walks it. */
  async sweep(putBeforeMs: number): Promise<PageCount> {
    const sweep = this.#lastSweep.then(() => this.#sweep(putBeforeMs))
    this.#lastSweep = sweep.catch(() => undefined)
    return await sweep
  }

  /** Resolves when all puts are through. Sweeps are broken off. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#puts)
  }

  async #putSlices([first = [], ...rest]: readonly Page[][], nowMs: number): Promise<void> {
    const putFirst = this.#putSlice(first, nowMs)
    // The caller may reuse the bytes as soon as the call returns.
    const copies = rest.map((slice) => slice.map(({ hash, bytes }) => ({ hash, bytes: new Uint8Array(bytes) })))
    await putFirst
    for (const slice of copies) {
      await setTimeout(pauseMs)
      await this.#putSlice(slice, nowMs)
    }
  }

  #putSlice(pages: readonly Page[], nowMs: number): Promise<void> {
    const sizeBytes = pages.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
    return this.#writer.call('putPages', sizeBytes, (batch) => {
      return { pages: pages.map(({ hash, bytes }) => ({ hash, bytes: batch.put(bytes) })), nowMs }
    })
  }

  async #sweep(putBeforeMs: number): Promise<PageCount> {
    this.#check()
    const reached = await reachablePages(this.#checkpoints.manifests(), (hash) => {
      this.#check()
      return this.#pages.one(hash)
    })
    this.#check()
    let [pages, bytes] = [0, 0]
    for (const some of this.#pages.hashes(hashesAtOnce)) {
      const unreached = some.filter((hash) => !reached.has(hash))
      for (let start = 0; start < unreached.length; start += droppedAtOnceMax) {
        const hashes = unreached.slice(start, start + droppedAtOnceMax)
        const dropped = await this.#writer.call('dropPages', 0, () => ({ hashes, putBeforeMs }))
        pages += dropped.pages
        bytes += dropped.bytes
        await setTimeout(pauseMs)
        this.#check()
      }
      await setImmediate()
      this.#check()
    }
    return { pages, bytes }
  }

  #check(): void {
    if (this.#closed) throw new StoreError({ code: 'STORE_CLOSED' })
  }
}

/** The pages in lists for one transaction each. */
function slicePages(pages: readonly Page[]): Page[][] {
  const slices: Page[][] = []
  let last: Page[] | undefined
  let sizeBytes = 0
  for (const page of pages) {
    if (last === undefined || last.length === putCountMax || sizeBytes + page.bytes.byteLength > putBytesMax) {
      last = []
      slices.push(last)
      sizeBytes = 0
    }
    last.push(page)
    sizeBytes += page.bytes.byteLength
  }
  return slices
}
