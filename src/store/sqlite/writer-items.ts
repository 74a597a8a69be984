import type { DatabaseSync } from 'node:sqlite'
import type { Tag } from '../../protocol/types.ts'
import { packId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'
import { Terms } from './terms.ts'
import type { ItemRow } from './writer-protocol.ts'

/** Writes items with what finds them. */
export class WriterItems {
  readonly #terms = new Terms()
  readonly #insert: Statement<never>
  readonly #insertTerm: Statement<never>
  readonly #select: Statement<{ readonly seq: number }>

  constructor(database: DatabaseSync) {
    this.#insert = prepare(
      database,
      `INSERT INTO items (id, owner, target, tags, block_height, timestamp_ms, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING`,
    )
    this.#insertTerm = prepare(database, 'INSERT INTO terms (term, item) VALUES (?, ?) ON CONFLICT DO NOTHING')
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
    for (const term of this.#terms.ofItem(ownerAddress, target, tags)) this.#insertTerm.run(term, seq)
    return seq
  }

  #seqOf(id: Uint8Array | string): number {
    const row = this.#select.get(id)
    if (row === undefined) throw new Error('An item conflicts with one that is not there.')
    return row.seq
  }
}
