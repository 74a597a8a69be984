import type { EntryKind, OutboxEntry } from '../store/types.ts'
import type { VmLimits } from '../vm/lua/lua-vm.ts'
import type { VmEnvironment, VmMessage } from '../vm/types.ts'

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
  readonly timestampMs: number
  readonly blockHeight: number
  readonly hashChain: string
}

export interface LoadRequest {
  readonly type: 'load'
  readonly processId: string
  readonly moduleId: string
  /** Source of the module; absent when this thread has had it before. */
  readonly source: string | undefined
  readonly environment: VmEnvironment
  readonly limits: VmLimits
}

export type ThreadRequest =
  | LoadRequest
  /** Makes the template of a module before the first process needs it. */
  | { readonly type: 'prepare'; readonly moduleId: string; readonly source: string }
  | { readonly type: 'evaluate'; readonly processId: string; readonly entries: readonly ThreadEntry[] }
  /** Like `evaluate`, for entries that have results: only the state is wanted. */
  | { readonly type: 'replay'; readonly processId: string; readonly entries: readonly ThreadEntry[] }
  | { readonly type: 'dry-run'; readonly processId: string; readonly message: VmMessage }
  | { readonly type: 'state-hash'; readonly processId: string }
  | { readonly type: 'unload'; readonly processId: string }

/** One evaluated entry, ready for the store. */
export interface EvaluatedEntry {
  readonly nonce: number
  /** The legacy result object (wire protocol 7.1). */
  readonly json: string
  readonly failed: boolean
  readonly gasUsed: number
  readonly outbox: readonly OutboxEntry[]
}

export interface ThreadResponses {
  load: undefined
  prepare: undefined
  evaluate: readonly EvaluatedEntry[]
  replay: undefined
  'dry-run': string
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
