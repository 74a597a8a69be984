import type { StoreLog } from './types.ts'

/** The listeners of `onWake`. One that throws is reported and does not keep the others from hearing. */
export class Wakes {
  readonly #listeners = new Set<{ readonly call: () => void }>()
  readonly #log: StoreLog | undefined

  constructor(log: StoreLog | undefined) {
    this.#log = log
  }

  add(call: () => void): () => void {
    const listener = { call }
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  wake(): void {
    for (const { call } of this.#listeners) {
      try {
        call()
      } catch (error) {
        this.#log?.error({ error }, 'a wake listener threw')
      }
    }
  }
}
