/**
 * Where a stream of events stands: for each type, what was sent last. Its text is the `id` of an event, from which a client
 * resumes, and it needs no memory of the node's: what it names is in the log.
 *
 * Text: `m<nonce>.<mark>` for messages, `r<nonce>.<mark>` for results, `s<hash>` for each state path in the order of the
 * request, with commas between.
 *
 * @module
 */

/** An entry of the log. */
export interface LogPlace {
  /** -1: before the first. */
  readonly nonce: number
  /** Start of the id of its assignment, which tells whether this is still the log that the client knows; undefined: any. */
  readonly mark: string | undefined
}

export interface Position {
  /** Undefined: not asked for. */
  readonly message: LogPlace | undefined
  readonly result: LogPlace | undefined
  /** Hash of the value of each path as it was sent last; empty: never sent. */
  readonly states: readonly string[]
}

export type LogEventType = 'message' | 'result'

/** What a stream is asked for. */
export interface EventSelection {
  readonly logTypes: ReadonlySet<LogEventType>
  /** State paths; none: no events of states. */
  readonly paths: readonly string[]
}

/** 48 bits: enough to tell two histories of one process apart. */
export const markLength = 8
/** 72 bits of SHA-256. */
export const stateHashLength = 12

export function encodePosition({ message, result, states }: Position): string {
  const parts: string[] = []
  if (message !== undefined) parts.push(`m${encodePlace(message)}`)
  if (result !== undefined) parts.push(`r${encodePlace(result)}`)
  for (const hash of states) parts.push(`s${hash}`)
  return parts.join(',')
}

/**
 * @param text - The `id` of an event of the same types and paths, or a nonce: all that came after it, with the value of
 *   each path as it is.
 * @returns undefined when it is neither.
 */
export function parsePosition(text: string, { logTypes, paths }: EventSelection): Position | undefined {
  if (/^(?:-1|\d{1,15})$/.test(text)) {
    const place: LogPlace = { nonce: Number(text), mark: undefined }
    return {
      message: logTypes.has('message') ? place : undefined,
      result: logTypes.has('result') ? place : undefined,
      states: paths.map(() => ''),
    }
  }
  const rest = text.split(',')
  const message = logTypes.has('message') ? parsePlace(rest.shift(), 'm') : undefined
  const result = logTypes.has('result') ? parsePlace(rest.shift(), 'r') : undefined
  const states = rest.map((part) => /^s([\w-]{0,12})$/.exec(part)?.[1])
  const isWhole =
    logTypes.has('message') === (message !== undefined) &&
    logTypes.has('result') === (result !== undefined) &&
    states.length === paths.length &&
    states.every((hash) => hash !== undefined)
  return isWhole ? { message, result, states } : undefined
}

function encodePlace({ nonce, mark = '' }: LogPlace): string {
  return `${nonce}.${mark}`
}

function parsePlace(part: string | undefined, letter: string): LogPlace | undefined {
  const [, given, nonce, mark] = /^([mr])(-1|\d{1,15})\.([\w-]{0,8})$/.exec(part ?? '') ?? []
  return given === letter ? { nonce: Number(nonce), mark: mark || undefined } : undefined
}
