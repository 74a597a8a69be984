import type { DatabaseSync } from 'node:sqlite'
import { prepare, type Statement } from './statement.ts'
import type { WriterItems } from './writer-items.ts'
import type { WriterOutbox } from './writer-outbox.ts'
import type { WriterProcesses } from './writer-processes.ts'
import type { CommitAnswer, CommitRow, Slice } from './writer-protocol.ts'

/** Writes results with their outbox. */
export class WriterResults {
  readonly #processes: WriterProcesses
  readonly #outbox: WriterOutbox
  readonly #items: WriterItems
  readonly #insert: Statement<never>

  constructor(database: DatabaseSync, processes: WriterProcesses, outbox: WriterOutbox, items: WriterItems) {
    this.#processes = processes
    this.#outbox = outbox
    this.#items = items
    this.#insert = prepare(
      database,
      'INSERT INTO results (process, nonce, failed, gas_used, json) VALUES (?, ?, ?, ?, ?)',
    )
  }

  /** Checks epoch and nonce, then writes result, items, outbox and `evaluated`. */
  commit(row: CommitRow, bytes: (slice: Slice) => Uint8Array, nowMs: number): CommitAnswer {
    const { processId, nonce, failed, gasUsed, json } = row.result
    const process = this.#processes.get(processId)
    if (process === undefined || process.epoch !== row.epoch) return { outcome: 'fenced', claimed: [] }
    if (nonce < process.evaluated) return { outcome: 'already', claimed: [] }
    if (nonce > process.evaluated || nonce >= process.next) return { outcome: 'fenced', claimed: [] }

    this.#insert.run(process.seq, nonce, failed ? 1 : 0, gasUsed, json)
    for (const item of row.items) this.#items.put(item, bytes(item.bytes))
    const claimed = this.#outbox.add(process.seq, row, bytes, nowMs)
    process.evaluated = nonce + 1
    this.#processes.changed(process)
    return { outcome: 'ok', claimed }
  }
}
