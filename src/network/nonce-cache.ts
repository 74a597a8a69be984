import type { ItemId, ProcessId } from '../protocol/ids.ts'

const entriesMax = 50_000

/** Remembers where items just went, because clients ask for the result next. Oldest out first. */
export class NonceCache {
  readonly #nonces = new Map<string, number>()

  get(processId: ProcessId, id: ItemId): number | undefined {
    return this.#nonces.get(processId + id)
  }

  set(processId: ProcessId, id: ItemId, nonce: number): void {
    if (this.#nonces.size >= entriesMax) {
      const [oldest] = this.#nonces.keys()
      if (oldest !== undefined) this.#nonces.delete(oldest)
    }
    this.#nonces.set(processId + id, nonce)
  }
}
