import type { ProcessId } from '../../protocol/ids.ts'
import { httpLimits } from '../limits.ts'
import type { FeedListener, FeedNews, LogEvent, ProcessFeed } from './events-feed.ts'
import {
  type EventSelection,
  encodePosition,
  type LogEventType,
  type LogPlace,
  type Position,
} from './events-position.ts'
import { eventText } from './events-text.ts'

/** How long a client waits before it connects again, milliseconds. */
const reconnectMs = 1_000

export interface EventStreamOptions {
  readonly processId: ProcessId
  readonly selection: EventSelection
  /** Where the client stood; undefined: it begins now. */
  readonly after: Position | undefined
  readonly feed: ProcessFeed
  /** Called when the client has taken nothing for long. */
  readonly onStalled: () => void
}

/**
 * The events of a process for one client. It is asked for the next text whenever the client has taken the last one, so it
 * holds no more than a place in the log.
 *
 * Of a type, events come in the order of nonces; the event of a message comes before that of its result, and that before
 * the value of a state after it.
 */
export class EventStream implements FeedListener {
  readonly #options: EventStreamOptions
  #places: { message: LogPlace | undefined; result: LogPlace | undefined } = { message: undefined, result: undefined }
  #states: string[]
  /** The type whose events were sent last: the other has its turn, so that a message and its result are not far apart. */
  #sentLast: LogEventType = 'result'
  #generation = 0
  #isBegun = false
  #isEnded = false
  #isHeartbeatDue = false
  /** Ends the wait for something to send; undefined while the client has a text to take. */
  #resume: (() => void) | undefined
  /** Something came while nobody waited for it. */
  #isWoken = false
  #ticksWaited = 0

  constructor(options: EventStreamOptions) {
    this.#options = options
    this.#states = options.after === undefined ? options.selection.paths.map(() => '') : [...options.after.states]
  }

  /** The next text to send; undefined when the stream has ended. One call at a time. */
  async next(): Promise<string | undefined> {
    this.#ticksWaited = 0
    const { feed } = this.#options
    while (!this.#isEnded) {
      await feed.ready()
      this.#isWoken = false
      const { generation } = feed
      let text: string | undefined
      try {
        text = await this.#collect()
      } catch (error) {
        if (generation === feed.generation) throw error
      }
      // What was read while the network went back may be of either log.
      if (generation !== feed.generation) continue
      if (text !== undefined) return text
      if (this.#isHeartbeatDue) {
        this.#isHeartbeatDue = false
        return `: heartbeat\n${this.#id()}\n`
      }
      if (!this.#isWoken && !this.#isEnded) await this.#woken()
    }
    return undefined
  }

  wake(news: FeedNews): void {
    const { logTypes } = this.#options.selection
    if ((news === 'message' || news === 'result') && !logTypes.has(news)) return
    this.#isWoken = true
    this.#resume?.()
  }

  tick(): void {
    if (this.#resume === undefined) {
      this.#ticksWaited += 1
      if (this.#ticksWaited >= httpLimits.eventStalledHeartbeats) this.#options.onStalled()
      return
    }
    this.#isHeartbeatDue = true
    this.#resume()
  }

  end(): void {
    this.#isEnded = true
    this.#resume?.()
  }

  async #woken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#resume = resolve
    })
    this.#resume = undefined
  }

  async #collect(): Promise<string | undefined> {
    const { feed } = this.#options
    if (!this.#isBegun) return this.#begin()
    if (this.#generation !== feed.generation) return this.#startAgain(feed.snapshot ?? null)
    const other: LogEventType = this.#sentLast === 'message' ? 'result' : 'message'
    return (await this.#nextOfLog(other)) ?? (await this.#nextOfLog(this.#sentLast)) ?? this.#nextState()
  }

  async #begin(): Promise<string> {
    const { feed, processId, after } = this.#options
    const { generation } = feed
    const isKnown = after === undefined || ((await this.#isOfLog(after.message)) && (await this.#isOfLog(after.result)))
    if (!isKnown) {
      const text = await this.#startAgain(null)
      this.#isBegun = true
      return `retry: ${reconnectMs}\n${text}`
    }
    const places = after ?? (await this.#heads())
    this.#places = { message: places.message, result: places.result }
    this.#generation = generation
    this.#isBegun = generation === feed.generation
    return `retry: ${reconnectMs}\n${this.#id()}${eventText('ready', JSON.stringify({ processId, ...this.#nonces() }))}`
  }

  /** The log is another than the client knows: it goes on from the present one. */
  async #startAgain(snapshot: string | null): Promise<string> {
    const { feed, processId, selection } = this.#options
    this.#generation = feed.generation
    this.#places = await this.#heads()
    this.#states = selection.paths.map(() => '')
    const json = JSON.stringify({ processId, snapshot, ...this.#nonces() })
    return `${this.#id()}${eventText('reverted', json)}`
  }

  async #heads(): Promise<{ message: LogPlace | undefined; result: LogPlace | undefined }> {
    const { feed, selection } = this.#options
    const head = (type: LogEventType) => (selection.logTypes.has(type) ? feed.head(type) : undefined)
    return { message: await head('message'), result: await head('result') }
  }

  async #isOfLog(place: LogPlace | undefined): Promise<boolean> {
    if (place === undefined || place.nonce < 0) return true
    const mark = await this.#options.feed.markOf(place.nonce)
    return mark !== undefined && (place.mark === undefined || place.mark === mark)
  }

  async #nextOfLog(type: LogEventType): Promise<string | undefined> {
    const place = this.#places[type]
    // Most wakes are about the other type: then nothing is waited for.
    const read = place === undefined ? undefined : this.#options.feed.read(type, place.nonce)
    if (read === undefined) return undefined
    let text = ''
    for (const event of await read) {
      if (type === 'result' && this.#isAhead(event)) break
      this.#places[type] = event.place
      text += this.#id() + event.text
    }
    if (text === '') return undefined
    this.#sentLast = type
    return text
  }

  /** Of a message whose own event was not sent yet. */
  #isAhead({ place }: LogEvent): boolean {
    return this.#places.message !== undefined && place.nonce > this.#places.message.nonce
  }

  #nextState(): string | undefined {
    const { feed, selection } = this.#options
    const sentThrough = this.#places.result?.nonce ?? this.#places.message?.nonce ?? Number.POSITIVE_INFINITY
    for (const [index, path] of selection.paths.entries()) {
      const found = feed.states.current(path)
      if (found === undefined || found.hash === this.#states[index]) continue
      if (found.nonce !== undefined && found.nonce > sentThrough) continue
      this.#states[index] = found.hash
      return this.#id() + found.text
    }
    return undefined
  }

  #id(): string {
    return `id: ${encodePosition({ ...this.#places, states: this.#states })}\n`
  }

  #nonces(): object {
    const { message, result } = this.#places
    return {
      ...(message === undefined ? {} : { messageNonce: message.nonce }),
      ...(result === undefined ? {} : { resultNonce: result.nonce }),
    }
  }
}
