/** Lets any number through at once, or one alone: first it waits for those inside, and others wait for it. */
export class Gate {
  readonly #inside = new Set<Promise<unknown>>()
  #alone: Promise<unknown> | undefined

  async through<T>(work: () => Promise<T>): Promise<T> {
    // Here and not in a function of its own: whoever finds it open goes in before anyone else looks.
    while (this.#alone !== undefined) await this.#alone
    const done = work()
    this.#inside.add(done)
    try {
      return await done
    } finally {
      this.#inside.delete(done)
    }
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== undefined) await this.#alone
    const done = Promise.allSettled(this.#inside).then(work)
    this.#alone = done.catch(() => undefined)
    try {
      return await done
    } finally {
      this.#alone = undefined
    }
  }

  /** Resolves when nobody is alone inside; the next one may be by the time it is heard of. */
  async opened(): Promise<void> {
    while (this.#alone !== undefined) await this.#alone
  }
}
