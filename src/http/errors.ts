import { LoomError } from '../protocol/loom-error.ts'

export type HttpErrorInfo =
  | { readonly code: 'HTTP_ROUTE_UNKNOWN'; readonly method: string; readonly path: string }
  | { readonly code: 'HTTP_NOT_SUPPORTED'; readonly what: string; readonly instead: string }
  | { readonly code: 'HTTP_BODY_TOO_LARGE'; readonly sizeBytesMax: number }
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

export type HttpErrorCode = HttpErrorInfo['code']
type InfoOf<C extends HttpErrorCode> = Extract<HttpErrorInfo, { code: C }>

/** What happened, with the values, then what to do. A new code does not compile until it has a row here. */
const messages: { [C in HttpErrorCode]: (info: InfoOf<C>) => string } = {
  HTTP_ROUTE_UNKNOWN: ({ method, path }) =>
    `Nothing answers ${method} ${path}. The units are at /mu, /su and /cu, the gateway at /, Loom's own API at /api.`,
  HTTP_NOT_SUPPORTED: ({ what, instead }) => `${what} is not supported yet. ${instead}`,
  HTTP_BODY_TOO_LARGE: ({ sizeBytesMax }) =>
    `The request's body is too large. At most ${sizeBytesMax} bytes are taken.`,
  HTTP_BODY_MISSING: ({ expected }) => `The request has no body. Send ${expected}.`,
  HTTP_BODY_INVALID: ({ problem }) => `The request's body cannot be used: ${problem}.`,
  HTTP_PARAMETER_INVALID: ({ parameter, given, allowed }) =>
    `'${parameter}' ${given === undefined ? 'is missing' : `is ${JSON.stringify(given)}`}. Give ${allowed}.`,
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
}

/** A request that a route refuses. */
export class HttpError extends LoomError<HttpErrorInfo> {
  override readonly name = 'HttpError'

  constructor(info: HttpErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: HttpErrorInfo) => string
    super(message(info), info, options)
  }
}
