import type { EntryKind, OutboxEntry, Page } from '../store/types.ts'
import type { VmLimits } from '../vm/lua/lua-vm.ts'
import type { StatePath } from '../vm/state-path.ts'
import type { Inspection, InspectionBounds, SnapshotMarks, VmEnvironment, VmMessage } from '../vm/types.ts'

/** What main and an evaluation thread say to each other. Plain data: it is structured-cloned. */

export interface ThreadOptions {
  readonly module: WebAssembly.Module
  /** Seed of the node's Ed25519 key: outbox items are signed where they are made. */
  readonly signerSeed: Uint8Array
}

/** A log entry, as much of it as evaluation needs. */
export interface ThreadEntry {
  readonly nonce: number
  readonly kind: EntryKind
  readonly item: Uint8Array
  /** Signed assignment: only of `assignment` entries, whose fields it may exclude. */
  readonly assignment: Uint8Array | undefined
  /** Whose the item is to count as, when not its owner's. */
  readonly impersonated?: string | undefined
  /** Of a tick of a cron: whether what it makes the process send is delivered. */
  readonly tick?: { readonly isPushed: boolean } | undefined
  readonly timestampMs: number
  readonly blockHeight: number
  readonly hashChain: string
}

/** Which state: the process's own, or one of its past under a name of its own. */
export interface StateKey {
  readonly processId: string
  /** Absent: the state after the last evaluated entry. */
  readonly view?: string | undefined
}

export interface LoadRequest extends StateKey {
  readonly type: 'load'
  readonly moduleId: string
  /** Source of the module; absent when this thread has had it before. */
  readonly source: string | undefined
  readonly environment: VmEnvironment
  readonly limits: VmLimits
  /** The state to begin with; absent: the one before the first entry. */
  readonly snapshot?: SnapshotToLoad | undefined
}

/** A state by the hashes of its pages, with the bytes of those that the thread has not. */
export interface SnapshotToLoad {
  readonly marks: SnapshotMarks
  /** Lower-case hex, by page number. */
  readonly hashes: ReadonlyMap<number, string>
  readonly pages: ReadonlyMap<string, Uint8Array>
}

/** A state that was just taken. */
export interface TakenSnapshot {
  readonly marks: SnapshotMarks
  readonly stateHash: string
  readonly hashes: ReadonlyMap<number, string>
  /** Without those of the template and of the snapshot before. */
  readonly newPages: readonly Page[]
  readonly sizeBytes: number
}

/** Loads a process in the state of another, which is told that it is this one. */
export interface ForkRequest extends Omit<LoadRequest, 'type' | 'snapshot'> {
  readonly type: 'fork'
  /** Held by the same thread, under the same module. It stays as it is. */
  readonly origin: StateKey
}

/** Reads a value of a state, which stays as it is. */
export interface InspectRequest extends StateKey {
  readonly type: 'inspect'
  readonly path: StatePath
  readonly bounds: InspectionBounds
}

/** Like `replay`, and looks at a value before and after each entry. */
export interface TraceRequest extends Omit<InspectRequest, 'type'> {
  readonly type: 'trace'
  readonly entries: readonly ThreadEntry[]
}

/** The last of the entries of a {@link TraceRequest} after which the value was another. */
export interface Traced {
  readonly change: ValueChange | undefined
  readonly gasUsed: number
  /** Length of all the JSON that was compared. */
  readonly lengthRead: number
}

export interface ValueChange {
  readonly nonce: number
  /** JSON, as docs/time-travel.md has it. */
  readonly before: string
  readonly after: string
}

export type ThreadRequest =
  | LoadRequest
  | ForkRequest
  /** Makes the template of a module before the first process needs it. */
  | { readonly type: 'prepare'; readonly moduleId: string; readonly source: string }
  /** Which of these pages a thread has not, because the template of the module has not. The module must be known. */
  | { readonly type: 'missing-pages'; readonly moduleId: string; readonly hashes: readonly string[] }
  /** `yields`: may end after any entry, so that other processes have their turn and the answer stays small. */
  | ({ readonly type: 'evaluate'; readonly entries: readonly ThreadEntry[]; readonly yields?: boolean } & StateKey)
  /** Like `evaluate`, for entries that have results: only the state is wanted. Gives the gas that they used. */
  | ({ readonly type: 'replay'; readonly entries: readonly ThreadEntry[] } & StateKey)
  | ({ readonly type: 'dry-run'; readonly message: VmMessage } & StateKey)
  /** `full`: with the pages of the snapshot before, which may not have been stored. */
  | ({ readonly type: 'snapshot'; readonly full: boolean } & StateKey)
  | InspectRequest
  | TraceRequest
  /** Loads a copy of another state of the process that the thread holds. Gives its memory, as `memory` does. */
  | ({ readonly type: 'copy'; readonly origin: StateKey } & StateKey)
  /** Bytes of memory that the state takes. */
  | ({ readonly type: 'memory' } & StateKey)
  /** All of that memory. In shared memory: it may have a gigabyte, and is not copied on its way. */
  | ({ readonly type: 'memory-image' } & StateKey)
  | ({ readonly type: 'state-hash' } & StateKey)
  | ({ readonly type: 'unload' } & StateKey)

/** One evaluated entry, ready for the store. */
export interface EvaluatedEntry {
  readonly nonce: number
  /** The legacy result object (wire protocol 7.1). */
  readonly json: string
  readonly failed: boolean
  readonly gasUsed: number
  readonly outbox: readonly OutboxEntry[]
  /** Memory of the process after it. */
  readonly memoryBytes: number
}

export interface ThreadResponses {
  load: undefined
  fork: undefined
  prepare: undefined
  evaluate: readonly EvaluatedEntry[]
  'missing-pages': readonly string[]
  replay: number
  snapshot: TakenSnapshot
  'dry-run': string
  inspect: Inspection
  trace: Traced
  copy: number
  memory: number
  'memory-image': SharedArrayBuffer
  'state-hash': string
  unload: undefined
}

/** Where processes are evaluated: a worker thread, or the same thread in a simulation. Requests are answered in order. */
export interface EvaluationThread {
  /** Called when the thread has died, its states with it, and a new one is in its place. */
  onDeath: (error: Error) => void
  request<Request extends ThreadRequest>(request: Request): Promise<ThreadResponses[Request['type']]>
  close(): Promise<void>
}

/** Travels in lists, like the replies. */
export interface NumberedRequest {
  readonly requestId: number
  readonly request: ThreadRequest
}

export type ThreadReply = { readonly requestId: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string; readonly code: string | undefined }
)
