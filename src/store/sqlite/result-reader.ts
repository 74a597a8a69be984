import type { DatabaseSync } from 'node:sqlite'
import type { ProcessId } from '../../protocol/ids.ts'
import type { Store, StoredResult } from '../types.ts'
import { packId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'

interface ResultColumns {
  readonly nonce: number
  readonly failed: number
  readonly gas_used: number
  readonly json: string
}

const columns = `SELECT nonce, failed, gas_used, json FROM results
  WHERE process = (SELECT seq FROM processes WHERE id = ?)`

/** Reads results: of committed evaluations only. */
export class ResultReader {
  readonly #one: Statement<ResultColumns>
  readonly #ascending: Statement<ResultColumns>
  readonly #descending: Statement<ResultColumns>

  constructor(database: DatabaseSync) {
    this.#one = prepare(database, `${columns} AND nonce = ?`)
    const range = `${columns} AND nonce >= ? AND nonce <= ? AND failed <= ?`
    this.#ascending = prepare(database, `${range} ORDER BY nonce LIMIT ?`)
    this.#descending = prepare(database, `${range} ORDER BY nonce DESC LIMIT ?`)
  }

  one(processId: ProcessId, nonce: number): StoredResult | undefined {
    const row = this.#one.get(packId(processId), nonce)
    return row && toResult(processId, row)
  }

  page(processId: ProcessId, page: Parameters<Store['readResults']>[1]): readonly StoredResult[] {
    const { order, afterNonce, throughNonce, limit, succeededOnly } = page
    const last = Number.MAX_SAFE_INTEGER
    const [from, to] =
      order === 'ASC'
        ? [afterNonce === undefined ? 0 : afterNonce + 1, throughNonce ?? last]
        : [throughNonce ?? 0, afterNonce === undefined ? last : afterNonce - 1]
    const statement = order === 'ASC' ? this.#ascending : this.#descending
    const rows = statement.all(packId(processId), from, to, succeededOnly === true ? 0 : 1, limit)
    return rows.map((row) => toResult(processId, row))
  }
}

function toResult(processId: ProcessId, { nonce, failed, gas_used, json }: ResultColumns): StoredResult {
  return { processId, nonce, json, failed: failed !== 0, gasUsed: gas_used }
}
