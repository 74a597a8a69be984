import type { DatabaseSync } from 'node:sqlite'
import { checkpointProblem } from '../checks.ts'
import type { StoreErrorInfo } from '../errors.ts'
import type { CommitOutcome } from '../types.ts'
import { prepare, type Statement } from './statement.ts'
import type { WriterPages } from './writer-pages.ts'
import type { WriterProcesses } from './writer-processes.ts'
import type { WriterCalls } from './writer-protocol.ts'

/** Writes checkpoints of states that are committed, naming pages that are stored. */
export class WriterCheckpoints {
  readonly #processes: WriterProcesses
  readonly #pages: WriterPages
  readonly #find: Statement<{ readonly nonce: number }>
  readonly #insert: Statement<never>
  readonly #delete: Statement<never>

  constructor(database: DatabaseSync, processes: WriterProcesses, pages: WriterPages) {
    this.#processes = processes
    this.#pages = pages
    this.#find = prepare(database, 'SELECT nonce FROM checkpoints WHERE process = ? AND nonce = ?')
    this.#insert = prepare(database, 'INSERT INTO checkpoints (process, nonce, manifest) VALUES (?, ?, ?)')
    this.#delete = prepare(database, 'DELETE FROM checkpoints WHERE process = ? AND nonce = ?')
  }

  put(request: WriterCalls['putCheckpoint']['request']): CommitOutcome | StoreErrorInfo {
    const { processId, epoch, nonce, manifest } = request
    const process = this.#processes.get(processId)
    if (process === undefined || process.epoch !== epoch) return 'fenced'
    const problem = checkpointProblem(request, process.evaluated, (hash) => this.#pages.has(hash))
    if (problem !== undefined) return { code: 'STORE_CHECKPOINT_INVALID', processId, nonce, problem }
    if (this.#find.get(process.seq, nonce) !== undefined) return 'already'
    this.#insert.run(process.seq, nonce, Buffer.from(manifest, 'hex'))
    return 'ok'
  }

  drop({ processId, nonces }: WriterCalls['dropCheckpoints']['request']): void {
    const process = this.#processes.get(processId)
    if (process === undefined) return
    for (const nonce of nonces) this.#delete.run(process.seq, nonce)
  }
}
