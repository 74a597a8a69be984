import { checkPage } from '../page-hash.ts'
import { reachablePages } from '../reachable-pages.ts'
import type { Page, PageCount } from '../types.ts'

interface StoredPage {
  readonly bytes: Uint8Array
  putMs: number
}

/** Snapshot pages, copied when they are put. */
export class MemoryPages {
  readonly #pages = new Map<string, StoredPage>()

  put(pages: readonly Page[], nowMs: number): void {
    for (const { hash, bytes } of pages) checkPage(hash, bytes, 'given')
    for (const { hash, bytes } of pages) {
      const known = this.#pages.get(hash)
      if (known === undefined) this.#pages.set(hash, { bytes: new Uint8Array(bytes), putMs: nowMs })
      else known.putMs = nowMs
    }
  }

  get(hash: string): Uint8Array | undefined {
    return this.#pages.get(hash)?.bytes
  }

  count(): PageCount {
    return countOf([...this.#pages.values()])
  }

  async sweep(manifests: Iterable<string>, putBeforeMs: number): Promise<PageCount> {
    const reached = await reachablePages(manifests, (hash) => this.get(hash))
    const unreached = [...this.#pages].filter(([hash, { putMs }]) => !reached.has(hash) && putMs < putBeforeMs)
    for (const [hash] of unreached) this.#pages.delete(hash)
    return countOf(unreached.map(([, page]) => page))
  }
}

function countOf(pages: readonly StoredPage[]): PageCount {
  return { pages: pages.length, bytes: pages.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) }
}
