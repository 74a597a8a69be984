import type { DatabaseSync } from 'node:sqlite'
import type { ProcessId } from '../../protocol/ids.ts'
import { StoreError } from '../errors.ts'
import { type PackedId, packId, unpackItemId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'

/** Lists processes, all or those that are monitored, in the order of their spawns. */
export class ProcessReader {
  readonly #seq: Statement<{ readonly seq: number }>
  readonly #page: Statement<{ readonly id: PackedId }>
  readonly #monitored: Statement<{ readonly id: PackedId }>

  constructor(database: DatabaseSync) {
    this.#seq = prepare(database, 'SELECT seq FROM processes WHERE id = ?')
    this.#page = prepare(database, 'SELECT id FROM processes WHERE seq > ? ORDER BY seq LIMIT ?')
    this.#monitored = prepare(
      database,
      'SELECT p.id FROM monitors m JOIN processes p ON p.seq = m.process ORDER BY m.process',
    )
  }

  list(after: ProcessId | undefined, limit: number): readonly ProcessId[] {
    const seq = after === undefined ? 0 : this.#seq.get(packId(after))?.seq
    if (seq === undefined) throw new StoreError({ code: 'STORE_CURSOR_INVALID', given: after ?? '' })
    return this.#page.all(seq, limit).map(({ id }) => unpackItemId<ProcessId>(id))
  }

  listMonitored(): readonly ProcessId[] {
    return this.#monitored.all().map(({ id }) => unpackItemId<ProcessId>(id))
  }
}
