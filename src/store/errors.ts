import type { ProcessId } from '../protocol/ids.ts'
import { LoomError } from '../protocol/loom-error.ts'

export type StoreErrorInfo =
  | { readonly code: 'STORE_CLOSED' }
  | { readonly code: 'STORE_LOCKED'; readonly path: string; readonly pid: number | undefined }
  | {
      readonly code: 'STORE_SCHEMA_UNKNOWN'
      readonly path: string
      readonly found: number
      readonly known: number
      /** It is the database of another program. */
      readonly foreign: boolean
    }
  | { readonly code: 'STORE_CORRUPT'; readonly path: string; readonly problem: string }
  | { readonly code: 'STORE_WRITE_FAILED'; readonly reason: string }
  | {
      readonly code: 'STORE_FULL'
      readonly path: string
      readonly freeBytes: number
      /** The limit that the database was given, if any. */
      readonly bytesMax: number | undefined
    }
  | { readonly code: 'STORE_MISSING'; readonly path: string }
  | { readonly code: 'STORE_TARGET_TAKEN'; readonly path: string }
  | {
      readonly code: 'STORE_TARGET_FULL'
      readonly path: string
      readonly freeBytes: number
      readonly sizeBytes: number
    }
  | { readonly code: 'STORE_BUSY'; readonly pendingBytes: number; readonly pendingBytesMax: number }
  | { readonly code: 'STORE_TOO_LARGE'; readonly sizeBytes: number; readonly sizeBytesMax: number }
  | {
      readonly code: 'STORE_PAGE_CORRUPT'
      readonly hash: string
      readonly actual: string
      readonly at: 'given' | 'stored'
    }
  | { readonly code: 'STORE_ASSIGNMENT_INVALID'; readonly processId: ProcessId; readonly problem: string }
  | {
      readonly code: 'STORE_COMMIT_INVALID'
      readonly processId: ProcessId
      readonly nonce: number
      readonly problem: string
    }
  | {
      readonly code: 'STORE_CHECKPOINT_INVALID'
      readonly processId: ProcessId
      readonly nonce: number
      readonly problem: string
    }
  | { readonly code: 'STORE_MANIFEST_INVALID'; readonly problem: string }
  | {
      readonly code: 'STORE_LIMIT_INVALID'
      readonly field: string
      readonly given: number
      readonly min: number
      readonly max: number
    }
  | { readonly code: 'STORE_CURSOR_INVALID'; readonly given: string }
  | { readonly code: 'STORE_QUERY_TOO_BROAD'; readonly stepsMax: number }

type Code = StoreErrorInfo['code']
type InfoOf<C extends Code> = Extract<StoreErrorInfo, { code: C }>

/** What happened, with the values, then what to do. A new code does not compile until it has a row here. */
const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  STORE_CLOSED: () => 'The store is closed. Open it again before using it.',
  STORE_LOCKED: ({ path, pid }) =>
    `The data directory ${path} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}. ` +
    'Stop that one, or give this one a directory of its own.',
  STORE_SCHEMA_UNKNOWN: ({ path, found, known, foreign }) =>
    foreign
      ? `The database ${path} is not one of Loom. Choose another data directory.`
      : `The database ${path} has schema version ${found}; this version of Loom knows ${known}. ` +
        'Use the version of Loom that wrote it, or a newer one.',
  STORE_CORRUPT: ({ path, problem }) =>
    `The database ${path} is damaged: ${problem}. Move its directory away, but keep it, and put a backup in its place ` +
    '(loom backup makes them); without one, start with an empty directory.',
  // Clients read this too, so it does not say where the node keeps its data.
  STORE_FULL: ({ freeBytes, bytesMax }) =>
    `The node has no room left to write: ${freeBytes} bytes are free on its disk` +
    `${bytesMax === undefined ? '' : `, and its database may have ${bytesMax}`}. ` +
    'The write was not acknowledged; reading goes on. Make room and repeat the call: no restart is needed.',
  STORE_WRITE_FAILED: ({ reason }) =>
    `The write failed and may or may not have happened: ${reason}. Remove the cause and repeat the call.`,
  STORE_MISSING: ({ path }) => `There is no data of a node in ${path}. Name the data directory of one.`,
  STORE_TARGET_TAKEN: ({ path }) =>
    `${path} is there already, and a backup overwrites nothing. Choose another place, or remove it.`,
  STORE_TARGET_FULL: ({ path, freeBytes, sizeBytes }) =>
    `The copy has ${sizeBytes} bytes, and ${freeBytes} are free at ${path}. Make room, or choose another place.`,
  STORE_BUSY: ({ pendingBytes, pendingBytesMax }) =>
    `${pendingBytes} bytes wait to be written, of ${pendingBytesMax} allowed. Nothing was stored; repeat the call later.`,
  STORE_TOO_LARGE: ({ sizeBytes, sizeBytesMax }) =>
    `One call may store ${sizeBytesMax} bytes; this one has ${sizeBytes}. Nothing was stored; split it.`,
  STORE_PAGE_CORRUPT: ({ hash, actual, at }) =>
    at === 'given'
      ? `A page was given as ${hash} but its bytes hash to ${actual}. Nothing was stored.`
      : `The stored page ${hash} is damaged: its bytes hash to ${actual}. Use an older snapshot, or replay the log.`,
  STORE_ASSIGNMENT_INVALID: ({ processId, problem }) =>
    `The assignment made for process ${processId} does not follow its log: ${problem}.`,
  STORE_COMMIT_INVALID: ({ processId, nonce, problem }) =>
    `The commit of nonce ${nonce} of process ${processId} contradicts itself: ${problem}.`,
  STORE_CHECKPOINT_INVALID: ({ processId, nonce, problem }) =>
    `There can be no checkpoint at nonce ${nonce} of process ${processId}: ${problem}.`,
  STORE_MANIFEST_INVALID: ({ problem }) => `The bytes are not a manifest of pages: ${problem}.`,
  STORE_LIMIT_INVALID: ({ field, given, min, max }) =>
    `${field} is ${given}. Give a whole number from ${min} to ${max}.`,
  STORE_CURSOR_INVALID: ({ given }) =>
    `${JSON.stringify(given)} is not a position in this store. Give a cursor from an earlier page.`,
  STORE_QUERY_TOO_BROAD: ({ stepsMax }) =>
    `The query was given up after ${stepsMax} steps. Add a filter that fewer items match.`,
}

/** A store that cannot do what it was asked. Test `code`, not the class: it survives worker threads. */
export class StoreError extends LoomError<StoreErrorInfo> {
  override readonly name = 'StoreError'

  constructor(info: StoreErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: StoreErrorInfo) => string
    super(message(info), info, options)
  }
}
