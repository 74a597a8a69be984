import type { ProcessId } from '../protocol/ids.ts'
import { StoreError } from './errors.ts'
import type { ItemPosition } from './item-position.ts'
import type {
  AppendRequest,
  AppendResult,
  Assignment,
  Cause,
  Checkpoint,
  CommitRequest,
  Head,
  LogEntry,
} from './types.ts'

/** Longest grace period of a sweep, milliseconds: a year. */
const graceMsMax = 31_536_000_000

/** @throws {StoreError} `STORE_LIMIT_INVALID`. A page must not go because of a number that is none. */
export function checkGrace(graceMs: number): number {
  return checkLimit('graceMs', graceMs, graceMsMax, 0)
}

/** Most entries, results, items or ids that one call reads. */
export const pageSizeMax = 1_000

/** Head of a process that has no entry. */
export const emptyHead: Head = {
  next: 0,
  hashChain: undefined,
  assignmentId: undefined,
  timestampMs: 0,
  evaluated: 0,
  checkpoint: undefined,
}

/** @throws {StoreError} `STORE_LIMIT_INVALID` unless `given` is a whole number in `min..max`. */
export function checkLimit(
  field: string,
  given: number,
  max: number = Number.MAX_SAFE_INTEGER,
  min: number = 1,
): number {
  if (!Number.isInteger(given) || given < min || given > max) {
    throw new StoreError({ code: 'STORE_LIMIT_INVALID', field, given, min, max })
  }
  return given
}

/** Text that is equal for equal causes, and only for those. */
export function causeKey(cause: Cause): string {
  return `${cause.processId}/${cause.nonce}/${cause.index}`
}

/** Cursor of the item at this position. */
export function toCursor(position: ItemPosition): string {
  return String(position)
}

/** @throws {StoreError} `STORE_CURSOR_INVALID` unless {@link toCursor} could have made it. */
export function parseCursor(given: string): ItemPosition {
  const position = /^[1-9][0-9]{0,15}$/.test(given) ? Number(given) : 0
  if (position === 0 || position > Number.MAX_SAFE_INTEGER)
    throw new StoreError({ code: 'STORE_CURSOR_INVALID', given: given.slice(0, 80) })
  return position
}

/** The answer to a request whose entry is in the log. */
export function accepted(entry: LogEntry, duplicate: boolean): AppendResult {
  const { nonce, assignmentId, timestampMs } = entry
  return { ok: true, nonce, assignmentId, timestampMs, duplicate, entry }
}

export type AppendFailure = Extract<AppendResult, { ok: false }>

/**
 * Decides on a request that is no duplicate: compares `expect`, calls `assign`, and holds the assignment to I1 (the nonce
 * is the next one, time moves forward, a process item stands at nonce 0 and nowhere else).
 */
export function decideAppend(
  request: AppendRequest,
  head: Head,
): { readonly ok: true; readonly assignment: Assignment } | AppendFailure {
  const { expect } = request
  if (expect !== undefined && (expect.next !== head.next || expect.hashChain !== head.hashChain)) {
    return { ok: false, why: 'conflict', head }
  }
  let assignment: Assignment
  try {
    assignment = request.assign(head)
  } catch (error) {
    return { ok: false, why: 'refused', error }
  }
  if ((request.kind === 'process') !== (head.next === 0)) return { ok: false, why: 'conflict', head }
  const problem = assignmentProblem(assignment, head)
  if (problem === undefined) return { ok: true, assignment }
  const error = new StoreError({ code: 'STORE_ASSIGNMENT_INVALID', processId: request.processId, problem })
  return { ok: false, why: 'refused', error }
}

function assignmentProblem(assignment: Assignment, head: Head): string | undefined {
  if (assignment.nonce !== head.next) return `it has nonce ${assignment.nonce}, the next one is ${head.next}`
  if (!Number.isSafeInteger(assignment.timestampMs)) return `its timestamp ${assignment.timestampMs} is no whole number`
  if (!Number.isSafeInteger(assignment.blockHeight)) return `its height ${assignment.blockHeight} is no whole number`
  if (head.next > 0 && assignment.timestampMs <= head.timestampMs) {
    return `its timestamp ${assignment.timestampMs} is not above the last one, ${head.timestampMs}`
  }
  return undefined
}

/** @throws {StoreError} `STORE_COMMIT_INVALID` when lease, result and outbox are not of one evaluation. */
export function checkCommit({ lease, result, outbox }: CommitRequest): void {
  const { processId, nonce } = result
  const problem = commitProblem(lease.processId, processId, nonce, outbox)
  if (problem !== undefined) throw new StoreError({ code: 'STORE_COMMIT_INVALID', processId, nonce, problem })
}

function commitProblem(
  leased: ProcessId,
  processId: ProcessId,
  nonce: number,
  outbox: CommitRequest['outbox'],
): string | undefined {
  if (leased !== processId) return `the lease is for process ${leased}`
  let last = -1
  for (const { cause } of outbox) {
    if (cause.processId !== processId || cause.nonce !== nonce) return `it sends as ${causeKey(cause)}`
    if (!Number.isInteger(cause.index) || cause.index <= last) return `outbox index ${cause.index} follows ${last}`
    last = cause.index
  }
  return undefined
}

/** Why there can be no such checkpoint, or undefined. `evaluated`: how many entries of the process have results. */
export function checkpointProblem(
  { nonce, manifest }: Checkpoint,
  evaluated: number,
  hasPage: (hash: string) => boolean,
): string | undefined {
  if (!Number.isInteger(nonce) || nonce < 0 || nonce >= evaluated) return `${evaluated} entries have results`
  return hasPage(manifest) ? undefined : `its manifest ${manifest} is not a stored page`
}
