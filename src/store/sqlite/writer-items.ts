import type { DatabaseSync } from 'node:sqlite'
import type { Tag } from '../../protocol/types.ts'
import { blockGroupOf, type ItemPosition, itemPosition, itemsMax } from '../item-position.ts'
import { packId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'
import { type Term, Terms } from './terms.ts'
import type { ItemRow } from './writer-protocol.ts'

const termsAtOnceMax = 32

interface TermEntry {
  readonly term: Term
  readonly position: ItemPosition
}

interface GroupTimes {
  firstMs: number
  lastMs: number
}

/** Writes items with what finds them. */
export class WriterItems {
  readonly #terms = new Terms()
  readonly #insert: Statement<never>
  readonly #insertBundle: Statement<never>
  /** By the number of terms inserted at once: one call for many rows costs less than many calls. */
  readonly #insertTerms: readonly Statement<never>[]
  readonly #select: Statement<{ readonly seq: number }>
  readonly #widenGroup: Statement<never>
  /** What the items of this transaction are found by. */
  #entries: TermEntry[] = []
  /** Times of the items of this transaction, by group of blocks. */
  readonly #times = new Map<number, GroupTimes>()

  constructor(database: DatabaseSync) {
    this.#insert = prepare(
      database,
      `INSERT INTO items (id, owner, target, tags, block_height, timestamp_ms, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING`,
    )
    this.#insertBundle = prepare(database, 'INSERT INTO bundled_items (item, bundle) VALUES (?, ?)')
    this.#insertTerms = Array.from({ length: termsAtOnceMax }, (_, i) => {
      const rows = Array.from({ length: i + 1 }, () => '(?, ?)').join(', ')
      return prepare(database, `INSERT INTO item_terms (term, position) VALUES ${rows}`)
    })
    this.#select = prepare(database, 'SELECT seq FROM items WHERE id = ?')
    this.#widenGroup = prepare(
      database,
      `INSERT INTO block_times (block_group, first_ms, last_ms) VALUES (?, ?, ?)
       ON CONFLICT (block_group) DO UPDATE SET
         first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`,
    )
  }

  /** @returns the sequence number of the item, stored now or before. */
  put(row: ItemRow, bytes: Uint8Array): number {
    const { ownerAddress, target, tagsJson, blockHeight, timestampMs, bundledIn } = row
    const id = packId(row.id)
    const owner = packId(ownerAddress)
    const packedTarget = target === undefined ? null : packId(target)
    const inserted = this.#insert.run(id, owner, packedTarget, tagsJson, blockHeight, timestampMs, bytes)
    if (Number(inserted.changes) === 0) return this.#seqOf(id)
    const seq = Number(inserted.lastInsertRowid)
    if (seq >= itemsMax) throw new Error(`A store holds fewer than ${itemsMax} items.`)
    const tags: readonly Tag[] = JSON.parse(tagsJson)
    const position = itemPosition(blockHeight, seq)
    for (const term of this.#terms.ofItem({ ownerAddress, target, tags, bundledIn })) {
      this.#entries.push({ term, position })
    }
    if (bundledIn !== undefined) this.#insertBundle.run(seq, packId(bundledIn))
    this.#noteTime(blockGroupOf(blockHeight), timestampMs)
    return seq
  }

  /** Writes what finds the items of the transaction: sorted, so that each page of the index is come by once. */
  flush(): void {
    const sorted = this.#entries.sort((a, b) => a.term - b.term || a.position - b.position)
    for (let start = 0; start < sorted.length; start += termsAtOnceMax) {
      const some = sorted.slice(start, start + termsAtOnceMax)
      this.#insertTerms[some.length - 1]?.run(...some.flatMap(({ term, position }) => [term, position]))
    }
    this.#entries = []
    for (const [group, { firstMs, lastMs }] of this.#times) this.#widenGroup.run(group, firstMs, lastMs)
    this.#times.clear()
  }

  /** The transaction was undone. */
  forget(): void {
    this.#entries = []
    this.#times.clear()
  }

  #noteTime(group: number, timestampMs: number): void {
    const times = this.#times.get(group)
    if (times === undefined) {
      this.#times.set(group, { firstMs: timestampMs, lastMs: timestampMs })
      return
    }
    times.firstMs = Math.min(times.firstMs, timestampMs)
    times.lastMs = Math.max(times.lastMs, timestampMs)
  }

  #seqOf(id: Uint8Array | string): number {
    const row = this.#select.get(id)
    if (row === undefined) throw new Error('An item conflicts with one that is not there.')
    return row.seq
  }
}
