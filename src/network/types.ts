import type { Address, ItemId, ProcessId } from '../protocol/ids.ts'
import type { DataItem, Tag } from '../protocol/types.ts'
import type { EntryKind, ItemFilter, ItemPage, LogEntry, StoredItem, StoredResult } from '../store/types.ts'
import type { VmMessage } from '../vm/types.ts'

/** What became of a submitted item. */
export interface Submission {
  /** Id of the item; of the assignment when an existing item was assigned. */
  readonly id: ItemId
  readonly kind: EntryKind
  readonly processId: ProcessId
  readonly nonce: number
  readonly timestampMs: number
  /** The process had the item already; nothing was added. */
  readonly duplicate: boolean
}

export interface NetworkInfo {
  readonly version: string
  /** Address of the node: scheduler, messenger and authority in one. */
  readonly address: Address
  /** base64url of the node's public key. */
  readonly publicKey: string
  /** The built-in process library's Module item. */
  readonly moduleId: ItemId
  readonly mode: 'development' | 'strict'
  readonly startedAtMs: number
  /** Current block, derived from the clock. */
  readonly blockHeight: number
  readonly timestampMs: number
}

export interface ResultPageRequest {
  readonly order: 'ASC' | 'DESC'
  readonly afterNonce?: number | undefined
  readonly throughNonce?: number | undefined
  readonly limit: number
}

/** A dry run's message: what the caller gives, with the defaults of wire protocol 7.3 for the rest. */
export type DryRunMessage = Pick<VmMessage, 'owner' | 'tags'> &
  Partial<Omit<VmMessage, 'owner' | 'tags' | 'cron' | 'readOnly'>>

export type NetworkEvent =
  | { readonly type: 'scheduled'; readonly entry: LogEntry }
  | { readonly type: 'evaluated'; readonly result: StoredResult }
  | { readonly type: 'delivered'; readonly target: string; readonly itemId: ItemId; readonly source: ProcessId }
  | { readonly type: 'undeliverable'; readonly target: string; readonly source: ProcessId; readonly reason: string }

/**
 * The in-process API of a whole network: what HTTP routes, commands and tests stand on.
 *
 * Errors are those of the rooms below (`ProtocolError`, `SchedulerError`, `ComputeError`, …) and carry a code.
 */
export interface Network {
  info(): NetworkInfo

  /**
   * Parses, verifies and schedules a signed data item of `Type` Process or Message. Resolves once it is durable;
   * evaluation follows. An item of an earlier submission resolves with `duplicate`.
   */
  submit(bytes: Uint8Array): Promise<Submission>
  /** Assigns a stored item to a process (wire protocol 5.2, 6.5). */
  assign(request: {
    readonly processId: ProcessId
    readonly itemId: ItemId
    readonly exclude?: readonly string[] | undefined
    readonly baseLayer?: boolean | undefined
  }): Promise<Submission>
  /** Verifies and stores an item that belongs to no process: a bundler upload, a module. */
  upload(bytes: Uint8Array): Promise<DataItem>

  /**
   * Result of a message, found by message id, assignment id or process id (the process item itself). Waits for the
   * evaluation; rejects with `NETWORK_MESSAGE_UNKNOWN` when the log of the process has no such entry.
   */
  result(processId: ProcessId, id: ItemId): Promise<StoredResult>
  /** Results that succeeded, without waiting (wire protocol 7.1). */
  results(processId: ProcessId, page: ResultPageRequest): Promise<readonly StoredResult[]>
  /** Evaluates a message against the latest state; nothing is kept (I5). Resolves with the legacy result as JSON text. */
  dryRun(processId: ProcessId, message: DryRunMessage): Promise<string>

  /** Hash of the state after the last evaluated message, hex: equal logs have equal hashes everywhere (I2). */
  stateHash(processId: ProcessId): Promise<string>

  /** The entry with this message id, assignment id or process id. */
  entry(processId: ProcessId, id: ItemId): Promise<LogEntry | undefined>
  /** The newest entry, undefined when the process is unknown. */
  latestEntry(processId: ProcessId): Promise<LogEntry | undefined>
  /** Entries by nonce, both ends inclusive. */
  entries(processId: ProcessId, from: number, to: number, limit: number): Promise<readonly LogEntry[]>
  /** Entries with `fromMs` < timestamp ≤ `toMs`. */
  entriesByTime(processId: ProcessId, fromMs: number, toMs: number, limit: number): Promise<readonly LogEntry[]>
  hasProcess(processId: ProcessId): Promise<boolean>

  item(id: ItemId): Promise<StoredItem | undefined>
  /** Like {@link Store.queryItems}; in development mode the well-known module ids answer with the built-in module. */
  queryItems(
    filter: ItemFilter,
    page: { readonly order: 'ASC' | 'DESC'; readonly limit: number; readonly after?: string | undefined },
  ): Promise<ItemPage>

  /** Subscribes to what happens; returns the function that unsubscribes. Listeners must not throw. */
  onEvent(listener: (event: NetworkEvent) => void): () => void
  /** Resolves when every scheduled message is evaluated and every outbox entry delivered or dead. */
  idle(): Promise<void>
  /** Stops taking work, finishes what is in flight, closes the store. Idempotent. */
  close(): Promise<void>
}

export interface NetworkOptions {
  /** Directory for the log and the keys; absent: everything in memory. */
  readonly dataDirectory?: string | undefined
  /** `development` (default) trusts the node for every process spawned on it, and knows well-known module ids. */
  readonly mode?: 'development' | 'strict' | undefined
  /** Worker threads that evaluate; default one less than the cores, at least 1, at most 8. */
  readonly computeThreads?: number | undefined
  /** Memory for processes that are kept loaded; the least recently used beyond it cost none. Default: a quarter of the machine's. */
  readonly hotMemoryBytes?: number | undefined
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined
  /** Takes log records: a fixed text and values. Default: none. */
  readonly log?: Logger | undefined
}

/** A fixed text and a record of values; levels as in docs/architecture.md. */
export interface Logger {
  debug(values: object, text: string): void
  info(values: object, text: string): void
  warn(values: object, text: string): void
  error(values: object, text: string): void
}

export type { ItemId, ProcessId, Tag }
