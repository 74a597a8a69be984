import type { DatabaseSync } from 'node:sqlite'
import type { Tag } from '../../protocol/types.ts'
import { packId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'
import { Terms } from './terms.ts'
import type { ItemRow } from './writer-protocol.ts'

const termsAtOnceMax = 16

/** Writes items with what finds them. */
export class WriterItems {
  readonly #terms = new Terms()
  readonly #insert: Statement<never>
  /** By the number of terms inserted at once: one call for many rows costs less than many calls. */
  readonly #insertTerms: readonly Statement<never>[]
  readonly #select: Statement<{ readonly seq: number }>

  constructor(database: DatabaseSync) {
    this.#insert = prepare(
      database,
      `INSERT INTO items (id, owner, target, tags, block_height, timestamp_ms, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING`,
    )
    this.#insertTerms = Array.from({ length: termsAtOnceMax }, (_, i) => {
      const rows = Array.from({ length: i + 1 }, () => '(?, ?)').join(', ')
      return prepare(database, `INSERT INTO terms (term, item) VALUES ${rows} ON CONFLICT DO NOTHING`)
    })
    this.#select = prepare(database, 'SELECT seq FROM items WHERE id = ?')
  }

  /** @returns the sequence number of the item, stored now or before. */
  put(row: ItemRow, bytes: Uint8Array): number {
    const { ownerAddress, target, tagsJson, blockHeight, timestampMs } = row
    const id = packId(row.id)
    const owner = packId(ownerAddress)
    const packedTarget = target === undefined ? null : packId(target)
    const inserted = this.#insert.run(id, owner, packedTarget, tagsJson, blockHeight, timestampMs, bytes)
    if (Number(inserted.changes) === 0) return this.#seqOf(id)
    const seq = Number(inserted.lastInsertRowid)
    const tags: readonly Tag[] = JSON.parse(tagsJson)
    this.#putTerms([...this.#terms.ofItem(ownerAddress, target, tags)], seq)
    return seq
  }

  #putTerms(terms: readonly number[], seq: number): void {
    for (let start = 0; start < terms.length; start += termsAtOnceMax) {
      const some = terms.slice(start, start + termsAtOnceMax)
      this.#insertTerms[some.length - 1]?.run(...some.flatMap((term) => [term, seq]))
    }
  }

  #seqOf(id: Uint8Array | string): number {
    const row = this.#select.get(id)
    if (row === undefined) throw new Error('An item conflicts with one that is not there.')
    return row.seq
  }
}
