import type { Network, NetworkEvent } from '../../network/types.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import type { LogEntry } from '../../store/types.ts'
import { httpLimits } from '../limits.ts'
import { type LogEventType, type LogPlace, markLength } from './events-position.ts'
import { StateWatches } from './events-state.ts'
import { messageEvent, resultEvent } from './events-text.ts'

/** An event of the log, ready to be sent but for its `id`. */
export interface LogEvent {
  readonly place: LogPlace
  readonly text: string
}

/** What there may be to send. */
export type FeedNews = LogEventType | 'state' | 'reverted'

/** What a feed calls. */
export interface FeedListener {
  wake(news: FeedNews): void
  /** Time for a sign of life, and to see who takes nothing. */
  tick(): void
}

interface Batch {
  readonly type: LogEventType
  readonly after: number
  readonly events: Promise<readonly LogEvent[]>
}

/** Entries read at once: each may carry some megabytes. */
const readCount = 16
/** Streams that are up to date all want the same batch of a type; those a little behind want the one before. */
const batchesKept = 4

/**
 * The events of one process, for all its streams.
 *
 * What is sent is always read from the log; the bus only says how far that goes. So a stream that is up to date and one that
 * is a year behind go the same way, and nothing is kept for a stream that is slow. What one stream has had read, others get.
 */
export class ProcessFeed {
  readonly #network: Network
  readonly #processId: ProcessId
  readonly #listeners = new Set<FeedListener>()
  /** The values of its state that streams want. */
  readonly states: StateWatches
  /** Nonces of the last entry and the last result, as far as is known. */
  readonly #heads: Record<LogEventType, number> = { message: -1, result: -1 }
  #batches: Batch[] = []
  #ready: Promise<void>
  /** Grows with each revert: what was read before is void. */
  generation = 0
  /** Of the last revert. */
  snapshot: string | undefined

  constructor(network: Network, processId: ProcessId) {
    this.#network = network
    this.#processId = processId
    this.states = new StateWatches(network, processId, () => this.#wake('state'))
    this.#ready = this.#readHeads()
    // Whoever waits for it gets the error.
    this.#ready.catch(() => {})
  }

  get isUnused(): boolean {
    return this.#listeners.size === 0
  }

  subscribe(listener: FeedListener, paths: readonly string[]): void {
    this.#listeners.add(listener)
    if (paths.length > 0) this.states.add(paths)
  }

  unsubscribe(listener: FeedListener, paths: readonly string[]): void {
    if (!this.#listeners.delete(listener)) return
    this.states.remove(paths)
  }

  /** Resolves when the feed knows how far the log goes. */
  async ready(): Promise<void> {
    for (let waited: Promise<void> | undefined; waited !== this.#ready; await waited) waited = this.#ready
  }

  /** The last entry, or the last one with a result. */
  async head(type: LogEventType): Promise<LogPlace> {
    await this.ready()
    const nonce = this.#heads[type]
    return { nonce, mark: await this.markOf(nonce) }
  }

  /** Undefined when the log has no such entry. */
  async markOf(nonce: number): Promise<string | undefined> {
    if (nonce < 0) return undefined
    const [entry] = await this.#network.entries(this.#processId, nonce, nonce, 1)
    return entry === undefined ? undefined : markOf(entry)
  }

  /** The first events after a nonce, in order; none when there are none yet. */
  read(type: LogEventType, after: number): Promise<readonly LogEvent[]> | undefined {
    if (after >= this.#heads[type]) return undefined
    const kept = this.#batches.find((batch) => batch.type === type && batch.after === after)
    if (kept !== undefined) return kept.events
    const batch: Batch = { type, after, events: this.#read(type, after) }
    this.#batches = [batch, ...this.#batches.slice(0, batchesKept - 1)]
    // One that failed, or found nothing, is no answer for the next who asks.
    const forget = (): void => {
      this.#batches = this.#batches.filter((other) => other !== batch)
    }
    batch.events.then(({ length }) => length === 0 && forget(), forget)
    return batch.events
  }

  onEvent(event: NetworkEvent): void {
    if (event.type === 'scheduled') this.#advance('message', event.entry.nonce)
    if (event.type === 'evaluated') {
      // An entry of which it was not known that it is durable was not told of before.
      this.#advance('message', event.result.nonce)
      this.#advance('result', event.result.nonce)
      this.states.touch()
    }
    if (event.type === 'reverted') {
      this.generation += 1
      this.snapshot = event.snapshot
      Object.assign(this.#heads, { message: -1, result: -1 })
      this.#batches = []
      this.#ready = this.#readHeads()
      this.#ready.catch(() => {})
      this.states.reset()
      this.#wake('reverted')
    }
  }

  tick(): void {
    // Nothing is kept for a process in which nothing happens.
    this.#batches = []
    for (const listener of this.#listeners) listener.tick()
  }

  #wake(news: FeedNews): void {
    for (const listener of this.#listeners) listener.wake(news)
  }

  #advance(type: LogEventType, nonce: number): void {
    if (nonce <= this.#heads[type]) return
    this.#heads[type] = nonce
    this.#wake(type)
  }

  async #readHeads(): Promise<void> {
    const { generation } = this
    const latest = await this.#network.latestEntry(this.#processId)
    if (latest === undefined) return
    const page = { order: 'DESC', limit: 1, withFailed: true } as const
    const [result] = await this.#network.results(this.#processId, page)
    if (generation !== this.generation) return
    this.#advance('message', latest.nonce)
    if (result !== undefined) this.#advance('result', result.nonce)
  }

  async #read(type: LogEventType, after: number): Promise<readonly LogEvent[]> {
    const entries = await this.#network.entries(this.#processId, after + 1, this.#heads[type], readCount)
    const texts = type === 'message' ? entries.map((entry) => () => messageEvent(this.#processId, entry)) : []
    if (type === 'result') {
      const page = { order: 'ASC', afterNonce: after, limit: readCount, withFailed: true } as const
      const results = await this.#network.results(this.#processId, page)
      for (const [index, entry] of entries.entries()) {
        const result = results[index]
        if (result?.nonce === entry.nonce) texts.push(() => resultEvent(result, entry))
      }
    }
    const events: LogEvent[] = []
    for (let index = 0, length = 0; index < texts.length && length < httpLimits.eventCharactersMax; index++) {
      const [entry, text] = [entries[index], texts[index]?.()]
      if (entry === undefined || text === undefined) break
      events.push({ place: { nonce: entry.nonce, mark: markOf(entry) }, text })
      length += text.length
    }
    return events
  }
}

/** Not of its hash chain, which says what came before it. */
function markOf({ assignmentId }: LogEntry): string {
  return assignmentId.slice(0, markLength)
}
