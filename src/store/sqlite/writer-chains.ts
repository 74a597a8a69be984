import type { DatabaseSync } from 'node:sqlite'
import type { ChainPlace } from '../types.ts'
import { prepare, type Statement } from './statement.ts'
import type { WriterProcesses } from './writer-processes.ts'

interface Growth {
  readonly process: number
  readonly nonce: number
  by: number
}

/** Counts the entries of chains, one write per chain and transaction. A root without followers has no row. */
export class WriterChains {
  readonly #processes: WriterProcesses
  readonly #grown = new Map<string, Growth>()
  readonly #add: Statement<never>

  constructor(database: DatabaseSync, processes: WriterProcesses) {
    this.#processes = processes
    this.#add = prepare(
      database,
      `INSERT INTO chains (process, nonce, entries) VALUES (?, ?, 1 + ?3)
       ON CONFLICT DO UPDATE SET entries = entries + ?3`,
    )
  }

  /** One more entry below the root. @returns the sequence number of the root's process. */
  grow({ processId, nonce }: ChainPlace): number {
    const process = this.#processes.get(processId)?.seq
    if (process === undefined)
      throw new Error(`The chain of an entry begins in process ${processId}, which is not there.`)
    const key = `${process}/${nonce}`
    const growth = this.#grown.get(key) ?? { process, nonce, by: 0 }
    growth.by += 1
    this.#grown.set(key, growth)
    return process
  }

  /** Part of every transaction, before its commit. */
  flush(): void {
    for (const { process, nonce, by } of this.#grown.values()) this.#add.run(process, nonce, by)
    this.#grown.clear()
  }

  /** After a rollback. */
  forget(): void {
    this.#grown.clear()
  }
}
