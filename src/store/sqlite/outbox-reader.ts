import type { DatabaseSync } from 'node:sqlite'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { causeKey } from '../checks.ts'
import { StoreError } from '../errors.ts'
import type { Cause, ListedOutboxEntry, Store } from '../types.ts'
import { type PackedId, packId, unpackId, unpackItemId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'

interface ListColumns {
  readonly source: PackedId
  readonly nonce: number
  readonly position: number
  readonly kind: ListedOutboxEntry['kind']
  readonly target: PackedId
  readonly item_id: PackedId
  readonly state: number
  readonly tries: number
  readonly due_ms: number
  readonly reason: string
}

type State = ListedOutboxEntry['state']

/** Conditions on `outbox.state` in the words of the partial indexes, which hold the rows in the order of the list. */
const conditions: { readonly [S in State]: string } = { pending: 'o.state < 2', dead: 'o.state = 3' }

/** Lists outbox rows for people. */
export class OutboxReader {
  readonly #process: Statement<{ readonly seq: number }>
  readonly #place: Statement<{ readonly process: number; readonly target: PackedId }>
  readonly #lists: { readonly [S in State | 'both']: Statement<ListColumns> }

  constructor(database: DatabaseSync) {
    this.#process = prepare(database, 'SELECT seq FROM processes WHERE id = ?')
    this.#place = prepare(
      database,
      `SELECT o.process, o.target FROM processes p JOIN outbox o ON o.process = p.seq
       WHERE p.id = ? AND o.nonce = ? AND o.position = ?`,
    )
    const list = (...states: State[]): Statement<ListColumns> => {
      const selects = states.map(
        (
          state,
        ) => `SELECT o.process, p.id AS source, o.target, o.nonce, o.position, o.kind, o.item_id, o.state, o.tries,
           o.due_ms, o.reason
         FROM outbox o JOIN processes p ON p.seq = o.process
         WHERE ${conditions[state]} AND (o.process, o.target, o.nonce, o.position) > (?1, ?2, ?3, ?4)
           AND o.process <= ?5`,
      )
      return prepare(database, `${selects.join(' UNION ALL ')} ORDER BY 1, 3, 4, 5 LIMIT ?6`)
    }
    this.#lists = { pending: list('pending'), dead: list('dead'), both: list('pending', 'dead') }
  }

  list({ state, processId, after, limit }: Parameters<Store['listOutbox']>[0]): readonly ListedOutboxEntry[] {
    const process = processId === undefined ? undefined : (this.#process.get(packId(processId))?.seq ?? 0)
    const start = after === undefined ? ([process ?? 0, '', -1, -1] as const) : this.#startAfter(after)
    const last = process ?? Number.MAX_SAFE_INTEGER
    return this.#lists[state ?? 'both'].all(...start, last, limit).map(toListed)
  }

  #startAfter({ processId, nonce, index }: Cause) {
    const place = this.#place.get(packId(processId), nonce, index)
    if (place === undefined) {
      throw new StoreError({ code: 'STORE_CURSOR_INVALID', given: causeKey({ processId, nonce, index }).slice(0, 80) })
    }
    return [place.process, place.target, nonce, index] as const
  }
}

function toListed(row: ListColumns): ListedOutboxEntry {
  const { nonce, position: index, kind, tries, due_ms: dueAtMs, reason } = row
  const cause = { processId: unpackItemId<ProcessId>(row.source), nonce, index }
  const state = row.state === 3 ? 'dead' : 'pending'
  const itemId = unpackItemId<ItemId>(row.item_id)
  return { cause, kind, target: unpackId(row.target), itemId, state, tries, dueAtMs, reason }
}
