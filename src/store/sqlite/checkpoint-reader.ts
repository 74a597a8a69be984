import type { DatabaseSync } from 'node:sqlite'
import type { ProcessId } from '../../protocol/ids.ts'
import type { Checkpoint } from '../types.ts'
import { packId, toHex } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'

interface CheckpointColumns {
  readonly nonce: number
  readonly manifest: Uint8Array
}

/** Reads checkpoints. */
export class CheckpointReader {
  readonly #find: Statement<CheckpointColumns>
  readonly #list: Statement<CheckpointColumns>
  readonly #manifests: Statement<{ readonly manifest: Uint8Array }>

  constructor(database: DatabaseSync) {
    const ofProcess = 'SELECT nonce, manifest FROM checkpoints WHERE process = (SELECT seq FROM processes WHERE id = ?)'
    this.#find = prepare(database, `${ofProcess} AND nonce <= ? ORDER BY nonce DESC LIMIT 1`)
    this.#list = prepare(database, `${ofProcess} ORDER BY nonce`)
    this.#manifests = prepare(database, 'SELECT DISTINCT manifest FROM checkpoints')
  }

  find(processId: ProcessId, atMostNonce: number): Checkpoint | undefined {
    const row = this.#find.get(packId(processId), atMostNonce)
    return row && toCheckpoint(row)
  }

  list(processId: ProcessId): readonly Checkpoint[] {
    return this.#list.all(packId(processId)).map(toCheckpoint)
  }

  /** Manifests of all checkpoints of all processes. */
  manifests(): readonly string[] {
    return this.#manifests.all().map(({ manifest }) => toHex(manifest))
  }
}

function toCheckpoint({ nonce, manifest }: CheckpointColumns): Checkpoint {
  return { nonce, manifest: toHex(manifest) }
}
