import { isItemId, type ProcessId } from '../protocol/ids.ts'
import type { Store } from '../store/types.ts'

/** Answers remembered; beyond it the store is asked again. */
const rememberedMax = 50_000

/** Tells processes of this node from wallets: by form they are the same. */
export class ProcessDirectory {
  readonly #store: Pick<Store, 'head'>
  readonly #known = new Map<string, boolean>()

  constructor(store: Pick<Store, 'head'>) {
    this.#store = store
  }

  /** Whether the log of such a process has begun. An id that no process has yet counts as a wallet's. */
  async has(target: string): Promise<boolean> {
    const known = this.#known.get(target)
    if (known !== undefined) return known
    const found = isItemId(target) && (await this.#store.head(target as ProcessId)).next > 0
    // A spawn may have been learned while the store was asked.
    if (this.#known.get(target) === undefined) this.#remember(target, found)
    return this.#known.get(target) ?? found
  }

  /** A process was spawned: what was said of its id before no longer holds. */
  learn(processId: ProcessId): void {
    this.#remember(processId, true)
  }

  /** It is not known any more whether there is such a process. */
  forget(processId: ProcessId): void {
    this.#known.delete(processId)
  }

  #remember(target: string, isProcess: boolean): void {
    if (this.#known.size >= rememberedMax) this.#known.clear()
    this.#known.set(target, isProcess)
  }
}
