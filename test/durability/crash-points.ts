import type { AppendRequest, CommitRequest, Store } from '../../src/store/types.ts'
import { overrideStore } from './override-store.ts'

/** A kind of call to the store, at which a node dies: just before it, or when it is durable and nobody knows yet. */
interface CrashPoint {
  readonly method: keyof Store
  /** As many calls are sure to come soon after a start under load. */
  readonly nthMax: number
  /** Absent: every call of the method. */
  readonly matches?: (requests: never) => boolean
}

const some =
  (test: (request: AppendRequest) => boolean) =>
  (requests: readonly AppendRequest[]): boolean =>
    requests.some(test)

/** Of a spawn, to the process that spawned. A message to itself counts as one too. */
const isNotification = ({ kind, cause, processId }: AppendRequest): boolean =>
  kind === 'message' && cause?.processId === processId

/** The durable steps of a message's way. */
const points = {
  /** A client's message, spawn or assignment. */
  append: { method: 'append', nthMax: 20, matches: some(({ cause }) => cause === undefined) },
  /** Entries of an outbox enter the log of their target. */
  delivery: {
    ...{ method: 'append', nthMax: 20 },
    matches: some((request) => request.cause !== undefined && !isNotification(request)),
  },
  spawn: {
    ...{ method: 'append', nthMax: 2 },
    matches: some(({ kind, cause }) => kind === 'process' && cause !== undefined),
  },
  /** A process is told of its spawn, which is durable already. */
  notification: { method: 'append', nthMax: 2, matches: some(isNotification) },
  assignment: {
    ...{ method: 'append', nthMax: 4 },
    matches: some(({ kind, cause }) => kind === 'assignment' && cause !== undefined),
  },
  acquire: { method: 'acquire', nthMax: 4 },
  /** Results with what they send or publish. */
  commitResults: {
    ...{ method: 'commitResults', nthMax: 20 },
    matches: (requests: readonly CommitRequest[]) =>
      requests.some(({ outbox, items = [] }) => outbox.length + items.length > 0),
  },
  claimOutbox: { method: 'claimOutbox', nthMax: 1 },
  /** Before: between delivery and settlement. */
  settleOutbox: { method: 'settleOutbox', nthMax: 20 },
  /** An upload, or a message to a wallet that is assigned to processes too. */
  putItems: { method: 'putItems', nthMax: 6 },
  /** The first half of a snapshot. */
  putPages: { method: 'putPages', nthMax: 2 },
  /** The second half. */
  putCheckpoint: { method: 'putCheckpoint', nthMax: 2 },
} as const satisfies Record<string, CrashPoint>

export type CrashPointName = keyof typeof points

/** Each point, before and after: where a node can be told to die, with the highest `nth`. */
export const crashKinds = Object.entries(points).flatMap(([point, { nthMax }]) =>
  (['before', 'after'] as const).map((moment) => ({ point: point as CrashPointName, moment, nthMax })),
)

/** When a node kills itself: at the `nth` call (1, 2, …) of a kind since its start. */
export interface Crash {
  readonly point: CrashPointName
  readonly moment: 'before' | 'after'
  readonly nth: number
}

/** The store, with a death in it. `before`: the call never reaches it. `after`: the caller never hears of it. */
export function crashAt(store: Store, { point, moment, nth }: Crash): Store {
  const { method, matches = () => true }: CrashPoint = points[point]
  const call = store[method].bind(store) as (request: unknown) => Promise<unknown>
  let count = 0
  const crashing = async (request: unknown): Promise<unknown> => {
    const dies = matches(request as never) && ++count === nth
    if (dies && moment === 'before') return die()
    const answer = await call(request)
    return dies ? die() : answer
  }
  return overrideStore(store, { [method]: crashing })
}

/** Nothing is flushed, nothing is closed, and nothing runs after it. */
function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}
