import { isRevertible, type StoreMark } from '../store/revertible-store.ts'
import type { Store } from '../store/types.ts'
import { NetworkError } from './errors.ts'

/** The oldest goes when there are more. */
const snapshotsMax = 1_000

interface Moment {
  readonly mark: StoreMark
  readonly timestampMs: number
}

/** The moments that a network can go back to. */
export class Snapshots {
  readonly #store: Store
  /** Oldest first. */
  readonly #moments = new Map<string, Moment>()
  #lastNumber = 0

  constructor(store: Store) {
    this.#store = store
  }

  /** @returns its id. @throws {NetworkError} `NETWORK_SNAPSHOT_UNSUPPORTED` */
  take(timestampMs: number): string {
    const mark = this.#revertible().mark()
    this.#lastNumber += 1
    const id = String(this.#lastNumber)
    this.#moments.set(id, { mark, timestampMs })
    const [oldest] = this.#moments.keys()
    if (this.#moments.size > snapshotsMax && oldest !== undefined) this.#moments.delete(oldest)
    return id
  }

  /** @throws {NetworkError} `NETWORK_SNAPSHOT_UNKNOWN`, with nothing done. */
  check(id: string): void {
    this.#moment(id)
  }

  /** Takes the store back, and forgets the moments that were after this one. @returns the time of the moment. */
  revert(id: string): number {
    const { mark, timestampMs } = this.#moment(id)
    this.#revertible().revert(mark)
    for (const other of this.#moments.keys()) if (Number(other) > Number(id)) this.#moments.delete(other)
    return timestampMs
  }

  #moment(id: string): Moment {
    const moment = this.#moments.get(id)
    if (moment !== undefined) return moment
    throw new NetworkError({ code: 'NETWORK_SNAPSHOT_UNKNOWN', snapshot: id, known: [...this.#moments.keys()] })
  }

  #revertible() {
    if (isRevertible(this.#store)) return this.#store
    throw new NetworkError({ code: 'NETWORK_SNAPSHOT_UNSUPPORTED' })
  }
}
