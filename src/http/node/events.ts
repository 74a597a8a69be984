import { type Context, Hono } from 'hono'
import { NetworkError } from '../../network/errors.ts'
import type { Logger, Network, NetworkEvent } from '../../network/types.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { parseStatePath } from '../../vm/state-path.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { pathProcessId, queryText } from '../request.ts'
import { publicError } from '../status.ts'
import { ProcessFeed } from './events-feed.ts'
import { type EventSelection, type LogEventType, type Position, parsePosition } from './events-position.ts'
import { EventStream, type EventStreamOptions } from './events-stream.ts'

export interface EventRoutesDependencies {
  readonly network: Network
  readonly log: Logger
  /** When it aborts, all streams end: the server closes. */
  readonly closing?: AbortSignal | undefined
}

/** `GET /processes/<process>/events`: messages, results and state paths of a process as they come. docs/events.md. */
export function createEventRoutes({ network, log, closing }: EventRoutesDependencies): Hono {
  const routes = new Hono()
  const hub = new EventHub(network)
  closing?.addEventListener('abort', () => hub.close(), { once: true })

  routes.get('/processes/:process/events', async (c) => {
    const processId = pathProcessId(c, 'process')
    const selection = parseSelection(c)
    const after = parseAfter(c, selection)
    hub.checkRoom(selection)
    if (!(await network.hasProcess(processId))) throw new NetworkError({ code: 'NETWORK_PROCESS_UNKNOWN', processId })
    // A client that takes nothing can only be cut off: an end of the stream would wait behind what it does not take.
    const { outgoing } = (c.env ?? {}) as { outgoing?: { destroy(): void } }
    const options = { processId, selection, after, onStalled: () => outgoing?.destroy() }
    return c.body(textStream(hub, options, log), 200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Tells proxies of the nginx family not to wait for more.
      'x-accel-buffering': 'no',
    })
  })

  return routes
}

/** Streams by process, so that an event costs nothing to those of other processes. */
class EventHub {
  readonly #network: Network
  readonly #feeds = new Map<ProcessId, ProcessFeed>()
  /** With what is to be done when one ends. */
  readonly #streams = new Map<EventStream, () => void>()
  #isClosed = false
  #stopListening: (() => void) | undefined
  #heartbeat: NodeJS.Timeout | undefined

  constructor(network: Network) {
    this.#network = network
  }

  /** @throws {HttpError} `HTTP_EVENT_STREAMS_FULL`, `HTTP_EVENT_PATHS_FULL`. */
  checkRoom({ paths }: EventSelection): void {
    const { eventStreamsMax, eventWatchedPathsMax } = httpLimits
    if (this.#streams.size >= eventStreamsMax) {
      throw new HttpError({ code: 'HTTP_EVENT_STREAMS_FULL', countMax: eventStreamsMax })
    }
    if (paths.length === 0) return
    let watched = 0
    for (const { states } of this.#feeds.values()) watched += states.count
    if (watched >= eventWatchedPathsMax) {
      throw new HttpError({ code: 'HTTP_EVENT_PATHS_FULL', countMax: eventWatchedPathsMax })
    }
  }

  open(options: Omit<EventStreamOptions, 'feed'>): EventStream {
    const { processId, selection } = options
    const feed = this.#feedOf(processId)
    const stream = new EventStream({ ...options, feed })
    feed.subscribe(stream, selection.paths)
    if (this.#isClosed) stream.end()
    this.#streams.set(stream, () => {
      feed.unsubscribe(stream, selection.paths)
      if (feed.isUnused) this.#feeds.delete(processId)
      if (this.#feeds.size === 0) this.#rest()
    })
    return stream
  }

  /** Idempotent. */
  leave(stream: EventStream): void {
    stream.end()
    this.#streams.get(stream)?.()
    this.#streams.delete(stream)
  }

  close(): void {
    this.#isClosed = true
    for (const stream of this.#streams.keys()) stream.end()
  }

  #feedOf(processId: ProcessId): ProcessFeed {
    // Before the first feed reads how far its log goes, so that nothing falls between.
    this.#stopListening ??= this.#network.onEvent((event) => this.#onEvent(event))
    this.#heartbeat ??= setInterval(() => {
      for (const feed of this.#feeds.values()) feed.tick()
    }, httpLimits.eventHeartbeatMs).unref()
    const feed = this.#feeds.get(processId) ?? new ProcessFeed(this.#network, processId)
    this.#feeds.set(processId, feed)
    return feed
  }

  #onEvent(event: NetworkEvent): void {
    if (event.type === 'scheduled') this.#feeds.get(event.entry.processId)?.onEvent(event)
    else if (event.type === 'evaluated') this.#feeds.get(event.result.processId)?.onEvent(event)
    else if (event.type === 'reverted') for (const feed of this.#feeds.values()) feed.onEvent(event)
  }

  /** Nobody is there: the network is not listened to. */
  #rest(): void {
    this.#stopListening?.()
    clearInterval(this.#heartbeat)
    this.#stopListening = undefined
    this.#heartbeat = undefined
  }
}

/** Asks for a text when the last one is taken, and holds nothing before somebody reads. */
function textStream(hub: EventHub, options: Omit<EventStreamOptions, 'feed'>, log: Logger): ReadableStream<Uint8Array> {
  let events: EventStream | undefined
  const leave = (): void => {
    if (events !== undefined) hub.leave(events)
  }
  return new ReadableStream(
    {
      async pull(controller) {
        let text: string | undefined
        try {
          events ??= hub.open(options)
          text = await events.next()
        } catch (err) {
          // The client connects again, and is told then what is wrong.
          if (publicError(err).status === 500) log.error({ err }, 'event stream failed')
        }
        if (text !== undefined) return controller.enqueue(Buffer.from(text))
        leave()
        controller.close()
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  )
}

function parseSelection(c: Context): EventSelection {
  const paths = [...new Set(c.req.queries('path') ?? [])]
  const given = queryText(c, 'types') ?? (paths.length > 0 ? 'message,result,state' : 'message,result')
  const types = new Set(given.split(','))
  const refuse = (parameter: string, value: string | undefined, allowed: string): never => {
    throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter, given: value, allowed })
  }
  if ([...types].some((type) => !(type === 'message' || type === 'result' || type === 'state'))) {
    refuse('types', given, 'some of message, result and state, with commas between')
  }
  if (types.has('state') !== paths.length > 0) {
    const allowed = "each state path in a parameter 'path' of its own, and 'state' in 'types'"
    refuse('path', paths[0], allowed)
  }
  if (paths.length > httpLimits.eventPathsMax) {
    refuse('path', `${paths.length} paths`, `at most ${httpLimits.eventPathsMax}`)
  }
  for (const path of paths) parseStatePath(path)
  const logTypes = (['message', 'result'] as const).filter((type) => types.has(type))
  return { logTypes: new Set<LogEventType>(logTypes), paths }
}

/** Browsers send the header when they connect again, and the query stays what it was: so the header goes before it. */
function parseAfter(c: Context, selection: EventSelection): Position | undefined {
  const header = c.req.header('last-event-id') || undefined
  const given = header ?? queryText(c, 'after')
  if (given === undefined) return undefined
  const position = parsePosition(given, selection)
  if (position !== undefined) return position
  const parameter = header === undefined ? 'after' : 'Last-Event-ID'
  const allowed = 'the id of an event of a stream with the same types and paths, or a nonce from -1'
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter, given, allowed })
}
