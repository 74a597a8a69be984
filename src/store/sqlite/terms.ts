import { hash } from 'node:crypto'
import type { StoredItem } from '../types.ts'

/**
 * What an item can be found by, as a number: the first 48 bits of SHA-256 over kind, name and value. No text has
 * {@link everyItem}, but for one in 2^48, which finds nothing wrong.
 *
 * A row of `item_terms` is two small integers whatever the length of a tag, so the index of a million tags stays in memory.
 * Two texts may share a term: whoever looks an item up by term compares the item itself too (`matchesFilter`).
 */
export type Term = number

/** The term that every item has. */
export const everyItem: Term = 0

const cacheCountMax = 8_192
const cachedTextLengthMax = 96

/** Computes terms. Tags repeat, so the last few thousand are remembered. */
export class Terms {
  readonly #known = new Map<string, Term>()

  tag(name: string, value: string): Term {
    return this.#of(`tag\0${name.length}\0${name}${value}`)
  }

  owner(address: string): Term {
    return this.#of(`owner\0${address}`)
  }

  target(target: string): Term {
    return this.#of(`target\0${target}`)
  }

  bundle(id: string): Term {
    return this.#of(`bundle\0${id}`)
  }

  /** All terms of an item, each once. */
  ofItem(
    item: Pick<StoredItem, 'tags' | 'target' | 'bundledIn'> & { readonly ownerAddress: string },
  ): ReadonlySet<Term> {
    const { ownerAddress, target, tags, bundledIn } = item
    const terms = new Set<Term>([everyItem, this.owner(ownerAddress)])
    if (target !== undefined) terms.add(this.target(target))
    if (bundledIn !== undefined) terms.add(this.bundle(bundledIn))
    for (const { name, value } of tags) terms.add(this.tag(name, value))
    return terms
  }

  #of(text: string): Term {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const term = hash('sha256', text, 'buffer').readUIntBE(0, 6)
    if (text.length <= cachedTextLengthMax) {
      if (this.#known.size >= cacheCountMax) this.#known.clear()
      this.#known.set(text, term)
    }
    return term
  }
}
