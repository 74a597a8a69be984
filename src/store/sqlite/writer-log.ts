import type { DatabaseSync } from 'node:sqlite'
import { packId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'
import type { WriterChains } from './writer-chains.ts'
import type { WriterItems } from './writer-items.ts'
import type { WriterProcesses } from './writer-processes.ts'
import type { AppendRow, Slice } from './writer-protocol.ts'

/** Writes log entries that the store has decided on (I1). */
export class WriterLog {
  readonly #processes: WriterProcesses
  readonly #items: WriterItems
  readonly #chains: WriterChains
  readonly #insert: Statement<never>

  constructor(database: DatabaseSync, processes: WriterProcesses, items: WriterItems, chains: WriterChains) {
    this.#processes = processes
    this.#items = items
    this.#chains = chains
    this.#insert = prepare(
      database,
      `INSERT INTO log (process, nonce, kind, item, assignment_id, timestamp_ms, block_height, hash_chain,
         cause_process, cause_nonce, cause_index, assignment, chain_process, chain_nonce, chain_depth)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
  }

  /** Throws, and so fails the transaction, when the entry is not the next one, or its item or cause is in the log. */
  append(row: AppendRow, bytes: (slice: Slice) => Uint8Array): void {
    const { processId, nonce, kind, item, assignmentId, hashChain, cause, chain, assignment } = row
    const process = this.#processes.get(processId) ?? this.#processes.create(processId)
    if (nonce !== process.next) throw new Error(`Entry ${nonce} of process ${processId} follows ${process.next - 1}.`)
    this.#insert.run(
      process.seq,
      nonce,
      kind,
      this.#items.put(item, bytes(item.bytes)),
      packId(assignmentId),
      row.item.timestampMs,
      row.item.blockHeight,
      packId(hashChain),
      cause === undefined ? null : packId(cause.processId),
      cause?.nonce ?? null,
      cause?.index ?? null,
      bytes(assignment),
      chain === undefined ? null : this.#chains.grow(chain),
      chain?.nonce ?? null,
      chain?.depth ?? null,
    )
    process.next = nonce + 1
    this.#processes.changed(process)
  }
}
