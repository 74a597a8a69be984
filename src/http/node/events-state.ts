import type { Network } from '../../network/types.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { httpLimits } from '../limits.ts'
import { publicError } from '../status.ts'
import { type StateEvent, stateErrorEvent, stateEvent } from './events-text.ts'

/** How long a value that could not be read, for a reason that passes, is left alone. */
const retryMs = 1_000
/** After reads that took so long, there is a pause of so many times as long: they take a tenth of the process's time. */
const pausePerRead = 10

interface Watched {
  /** Streams that want it. */
  users: number
  /** Undefined until it is read. */
  current: StateEvent | undefined
}

/**
 * Follows the values at some paths of a process, for all streams that want them. They are read one after another, and what is
 * read is the present: when messages come faster than that, values between are not seen.
 */
export class StateWatches {
  readonly #network: Network
  readonly #processId: ProcessId
  readonly #onChange: () => void
  readonly #watched = new Map<string, Watched>()
  #isStale = false
  #isFollowing = false

  constructor(network: Network, processId: ProcessId, onChange: () => void) {
    this.#network = network
    this.#processId = processId
    this.#onChange = onChange
  }

  get count(): number {
    return this.#watched.size
  }

  /** What a stream wants; it calls {@link remove} once for it. */
  add(paths: readonly string[]): void {
    for (const path of paths) {
      const watched = this.#watched.get(path)
      if (watched === undefined) this.#watched.set(path, { users: 1, current: undefined })
      else watched.users += 1
    }
    this.touch()
  }

  remove(paths: readonly string[]): void {
    for (const path of paths) {
      const watched = this.#watched.get(path)
      if (watched === undefined) continue
      watched.users -= 1
      if (watched.users === 0) this.#watched.delete(path)
    }
  }

  current(path: string): StateEvent | undefined {
    return this.#watched.get(path)?.current
  }

  /** Values may be others now. */
  touch(): void {
    this.#isStale = true
    if (!this.#isFollowing) this.#follow().catch(() => {})
  }

  /** The process went back: what was read is void. */
  reset(): void {
    for (const watched of this.#watched.values()) watched.current = undefined
    this.touch()
  }

  async #follow(): Promise<void> {
    this.#isFollowing = true
    while (this.#isStale && this.#watched.size > 0) {
      this.#isStale = false
      const startedAt = performance.now()
      let pauseMs: number = httpLimits.eventStateIntervalMs
      for (const [path, watched] of this.#watched) {
        if (await this.#read(path, watched)) continue
        this.#isStale = true
        pauseMs = retryMs
      }
      pauseMs = Math.max(pauseMs, (performance.now() - startedAt) * pausePerRead)
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref())
    }
    this.#isFollowing = false
  }

  /** @returns whether that is all there is to know now. */
  async #read(path: string, watched: Watched): Promise<boolean> {
    let found: StateEvent
    const before = watched.current
    try {
      const request = { path, entriesMax: httpLimits.stateEntriesDefault }
      found = stateEvent(path, await this.#network.stateAt(this.#processId, request))
    } catch (error) {
      const { status, body } = publicError(error)
      // What cannot be read of this state is told; what a later try may cure is tried again.
      if (status !== 422) return false
      found = stateErrorEvent(path, body)
    }
    // Reset meanwhile: it may be the value from before.
    if (watched.current !== before) return false
    if (found.hash === before?.hash) return true
    watched.current = found
    this.#onChange()
    return true
  }
}
