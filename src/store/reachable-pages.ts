import { setImmediate } from 'node:timers/promises'
import { StoreError } from './errors.ts'
import { readManifest } from './manifest.ts'

/**
 * A set of page hashes that may say of a hash that it is in the set when it is not, with a chance of one in 2^48 per
 * member, never the reverse: a page too many is kept then. It takes a number per hash, not a text.
 */
export class PageSet {
  readonly #prefixes = new Set<number>()

  /** @returns whether it was new. */
  add(hash: string): boolean {
    const before = this.#prefixes.size
    this.#prefixes.add(prefixOf(hash))
    return this.#prefixes.size > before
  }

  has(hash: string): boolean {
    return this.#prefixes.has(prefixOf(hash))
  }
}

function prefixOf(hash: string): number {
  return Number.parseInt(hash.slice(0, 12), 16)
}

/** Children after which others get their turn. */
const childrenPerTurn = 4_096

/**
 * Everything that the given manifests lead to, themselves included.
 *
 * @param read gives the bytes of a page, checked against its hash.
 * @throws {StoreError} `STORE_MANIFEST_INVALID` when a manifest is not there, or is none: what it leads to is unknown, so
 *   nothing may be deleted.
 */
export async function reachablePages(
  roots: Iterable<string>,
  read: (hash: string) => Uint8Array | undefined,
): Promise<PageSet> {
  const reached = new PageSet()
  const manifestsSeen = new Set<string>()
  const open = [...roots]
  let children = 0
  for (let hash = open.pop(); hash !== undefined; hash = open.pop()) {
    if (manifestsSeen.has(hash)) continue
    manifestsSeen.add(hash)
    reached.add(hash)
    const bytes = read(hash)
    if (bytes === undefined) {
      throw new StoreError({
        code: 'STORE_MANIFEST_INVALID',
        problem: `page ${hash}, that should be one, is not stored`,
      })
    }
    const { manifests, pages } = readManifest(bytes)
    for (const page of pages) reached.add(page)
    open.push(...manifests)
    children += manifests.length + pages.length
    if (children < childrenPerTurn) continue
    children = 0
    await setImmediate()
  }
  return reached
}
