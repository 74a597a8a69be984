import { LoomError } from '../protocol/loom-error.ts'

export type HttpErrorInfo =
  | { readonly code: 'HTTP_ROUTE_UNKNOWN'; readonly method: string; readonly path: string }
  | { readonly code: 'HTTP_NOT_SUPPORTED'; readonly what: string; readonly instead: string }
  | { readonly code: 'HTTP_REQUEST_MALFORMED'; readonly problem: string }
  | { readonly code: 'HTTP_REQUEST_TIMEOUT'; readonly timeoutMs: number }
  | { readonly code: 'HTTP_HEADERS_TOO_LARGE'; readonly sizeBytesMax: number }
  | { readonly code: 'HTTP_BODY_TOO_LARGE'; readonly sizeBytesMax: number }
  | { readonly code: 'HTTP_BODY_INCOMPLETE' }
  | { readonly code: 'HTTP_BODY_MISSING'; readonly expected: string }
  | { readonly code: 'HTTP_BODY_INVALID'; readonly problem: string }
  | {
      readonly code: 'HTTP_PARAMETER_INVALID'
      readonly parameter: string
      readonly given: string | undefined
      readonly allowed: string
    }
  | { readonly code: 'HTTP_ASSIGN_INCOMPLETE' }
  | { readonly code: 'HTTP_ITEM_UNKNOWN'; readonly id: string }
  | { readonly code: 'HTTP_SCHEDULE_UNKNOWN'; readonly id: string }
  | { readonly code: 'HTTP_MONITOR_TARGET'; readonly processId: string; readonly target: string | undefined }
  | { readonly code: 'HTTP_MONITOR_FORBIDDEN'; readonly processId: string; readonly signer: string }
  | { readonly code: 'HTTP_MONITORS_FULL'; readonly countMax: number }
  | { readonly code: 'HTTP_EXPORTS_FULL'; readonly countMax: number }
  | { readonly code: 'HTTP_EVENT_STREAMS_FULL'; readonly countMax: number }
  | { readonly code: 'HTTP_EVENT_PATHS_FULL'; readonly countMax: number }
  | { readonly code: 'HTTP_MEMORY_DUMPS_FULL'; readonly countMax: number }
  | { readonly code: 'HTTP_OUTPUT_NUMBER_INVALID' }
  | {
      readonly code: 'HTTP_OUTPUT_UNKNOWN'
      readonly id: string
      readonly number: number
      readonly outputs: number
    }
  | { readonly code: 'HTTP_TRACE_FILTERS'; readonly given: readonly string[] }
  | { readonly code: 'HTTP_RANGE_UNSATISFIABLE'; readonly given: string; readonly sizeBytes: number }
  | { readonly code: 'HTTP_MANIFEST_INVALID'; readonly id: string; readonly problem: string }
  | { readonly code: 'HTTP_MANIFEST_PATH_UNKNOWN'; readonly id: string; readonly path: string }
  | { readonly code: 'HTTP_BLOCK_UNKNOWN'; readonly given: string; readonly height: number }
  | { readonly code: 'HTTP_TRANSACTION_TOO_LARGE'; readonly sizeBytes: number; readonly sizeBytesMax: number }
  | { readonly code: 'HTTP_GATEWAY_FULL'; readonly what: string; readonly max: number }
  | { readonly code: 'HTTP_CHUNK_REFUSED'; readonly reason: ChunkRefusal }
  | { readonly code: 'HTTP_CHUNKS_NONE'; readonly id: string }
  | { readonly code: 'HTTP_CHUNK_UNKNOWN'; readonly offset: string }

/** Why a chunk is not taken, in the words that arweave-js knows (wire protocol 9.1). */
export type ChunkRefusal =
  | 'invalid_json'
  | 'chunk_too_big'
  | 'data_path_too_big'
  | 'offset_too_big'
  | 'data_size_too_big'
  | 'invalid_proof'
  | 'data_root_not_found'

export type HttpErrorCode = HttpErrorInfo['code']
type InfoOf<C extends HttpErrorCode> = Extract<HttpErrorInfo, { code: C }>

/** What happened, with the values, then what to do. A new code does not compile until it has a row here. */
const messages: { [C in HttpErrorCode]: (info: InfoOf<C>) => string } = {
  HTTP_ROUTE_UNKNOWN: ({ method, path }) =>
    `Nothing answers ${method} ${start(path)}. The units are at /mu, /su and /cu, the gateway at /, Loom's own API at /api.`,
  HTTP_NOT_SUPPORTED: ({ what, instead }) => `${what} is not supported yet. ${instead}`,
  HTTP_REQUEST_MALFORMED: ({ problem }) => `The request is not HTTP/1.1 as it should be: ${problem}.`,
  HTTP_REQUEST_TIMEOUT: ({ timeoutMs }) =>
    `The request did not arrive whole in time. Send its headers and its body within ${timeoutMs / 1_000} s.`,
  HTTP_HEADERS_TOO_LARGE: ({ sizeBytesMax }) =>
    `The request's path and headers are too large. At most ${sizeBytesMax} bytes are taken.`,
  HTTP_BODY_TOO_LARGE: ({ sizeBytesMax }) =>
    `The request's body is too large. At most ${sizeBytesMax} bytes are taken.`,
  HTTP_BODY_INCOMPLETE: () => "The request's body broke off. Send it again, whole.",
  HTTP_BODY_MISSING: ({ expected }) => `The request has no body. Send ${expected}.`,
  HTTP_BODY_INVALID: ({ problem }) => `The request's body cannot be used: ${problem}.`,
  HTTP_PARAMETER_INVALID: ({ parameter, given, allowed }) =>
    `'${parameter}' ${given === undefined ? 'is missing' : `is ${JSON.stringify(start(given))}`}. Give ${allowed}.`,
  HTTP_ASSIGN_INCOMPLETE: () => 'You must set both process-id and assign to send an assignment, not just one',
  HTTP_ITEM_UNKNOWN: ({ id }) => `Not Found: this node has no item ${id}.`,
  HTTP_SCHEDULE_UNKNOWN: () => 'Message or Process not found',
  HTTP_MONITOR_TARGET: ({ processId, target }) =>
    `The signed item has ${target === undefined ? 'no target' : `target ${target}`}; it must be the process ${processId}.`,
  HTTP_MONITOR_FORBIDDEN: ({ processId, signer }) =>
    `${signer} does not own process ${processId}. Only its owner may start or stop monitoring.`,
  HTTP_MONITORS_FULL: ({ countMax }) => `${countMax} processes are monitored, which is the most. Unmonitor one first.`,
  HTTP_EXPORTS_FULL: ({ countMax }) =>
    `${countMax} exports are under way, which is the most. Try again when one is done.`,
  HTTP_EVENT_STREAMS_FULL: ({ countMax }) =>
    `${countMax} streams of events are open, which is the most. Close one, or try again when one has ended.`,
  HTTP_EVENT_PATHS_FULL: ({ countMax }) =>
    `${countMax} state paths are watched, which is the most. Leave 'path' out, or try again when a stream has ended.`,
  HTTP_MEMORY_DUMPS_FULL: ({ countMax }) =>
    `The memory of ${countMax} processes is being read, which is the most. Try again when one is done.`,
  HTTP_OUTPUT_NUMBER_INVALID: () => "'number' parameter must be a valid number",
  HTTP_OUTPUT_UNKNOWN: ({ id, number, outputs }) =>
    `Message ${id} has no output ${number}: it sent ${outputs}${outputs === 0 ? '' : `, so give 0 to ${outputs - 1}`}.`,
  HTTP_TRACE_FILTERS: ({ given }) => `${given.join(' and ')} are given together. Give one of message, spawn, assign.`,
  HTTP_RANGE_UNSATISFIABLE: ({ given, sizeBytes }) =>
    `The range ${JSON.stringify(given)} begins after the data, which has ${sizeBytes} bytes.`,
  HTTP_MANIFEST_INVALID: ({ id, problem }) =>
    `The path manifest ${id} cannot be read: ${problem}. It is at /raw/${id} as it is.`,
  HTTP_MANIFEST_PATH_UNKNOWN: ({ id, path }) =>
    `Not Found: the path manifest ${id} has ${path === '' ? 'no index' : `nothing at ${JSON.stringify(path)}`}, and no fallback.`,
  HTTP_BLOCK_UNKNOWN: ({ given, height }) =>
    `Block not found: ${JSON.stringify(given)}. Give a height from 0 to ${height}, or the id of one of the newest blocks.`,
  HTTP_TRANSACTION_TOO_LARGE: ({ sizeBytes, sizeBytesMax }) =>
    `The transaction's data has ${sizeBytes} bytes. At most ${sizeBytesMax} are taken.`,
  HTTP_GATEWAY_FULL: ({ what, max }) => `${max} ${what}, which is the most. Try again later.`,
  // Clients compare the whole text, so it is all that there is.
  HTTP_CHUNK_REFUSED: ({ reason }) => reason,
  HTTP_CHUNKS_NONE: ({ id }) => `Not Found: ${id} cannot be read by chunks. Its data is at /${id}.`,
  HTTP_CHUNK_UNKNOWN: ({ offset }) =>
    `Not Found: no chunk is known at ${JSON.stringify(offset)}. Ask for /tx/<id>/offset first, or read /<id>.`,
}

/** What a client sent is shown to it, but not at any length. */
function start(text: string): string {
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text
}

const shownLengthMax = 100

/** A request that a route refuses. */
export class HttpError extends LoomError<HttpErrorInfo> {
  override readonly name = 'HttpError'

  constructor(info: HttpErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: HttpErrorInfo) => string
    super(message(info), info, options)
  }
}
