import type { ItemId } from '../../protocol/ids.ts'
import { createDataTree, type ProvenChunk } from '../../protocol/merkle.ts'
import type { Transaction } from '../../protocol/transaction.ts'
import { httpLimits } from '../limits.ts'

interface Place {
  readonly id: ItemId
  readonly chunks: readonly ProvenChunk[]
}

/** How far apart the data of two transactions begins. */
const placeBytes = httpLimits.transactionBytesMax

/**
 * Gives the data of transactions absolute offsets, by which clients read it in chunks. There is no weave here, so an offset
 * is made up when it is asked for, and forgotten for newer ones: a client that asks for a forgotten one reads `/<id>` instead.
 */
export class WeaveOffsets {
  /** By number: a place's data begins at its number times {@link placeBytes}. The oldest is first. */
  readonly #places = new Map<number, Place>()
  readonly #numbers = new Map<string, number>()
  #last = 0

  /** Offset of the last byte; undefined when there is none, or the data is cut in chunks in a way of its own. */
  endOf({ id, dataRoot, data }: Transaction): number | undefined {
    const known = this.#numbers.get(id)
    if (known !== undefined) return known * placeBytes + data.length - 1
    if (data.length === 0) return undefined
    const { root, chunks } = createDataTree(data)
    if (!Buffer.from(root).equals(dataRoot)) return undefined

    this.#last += 1
    this.#places.set(this.#last, { id, chunks })
    this.#numbers.set(id, this.#last)
    for (const [number, oldest] of this.#places) {
      if (this.#places.size <= httpLimits.weavePlacesMax) break
      this.#places.delete(number)
      this.#numbers.delete(oldest.id)
    }
    return this.#last * placeBytes + data.length - 1
  }

  /** The transaction and its chunk with that byte. */
  find(offset: number): { readonly id: ItemId; readonly chunk: ProvenChunk } | undefined {
    const place = this.#places.get(Math.floor(offset / placeBytes))
    const chunk = place?.chunks.find(({ end }) => offset % placeBytes < end)
    return place === undefined || chunk === undefined ? undefined : { id: place.id, chunk }
  }
}
