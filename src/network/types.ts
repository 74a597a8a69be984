import type { Rehearsal } from '../compute/rehearsal.ts'
import type { StateChange } from '../compute/state-diff.ts'
import type { LastChange, StateReading } from '../compute/time-travel.ts'
import type { Address, ItemId, ProcessId } from '../protocol/ids.ts'
import type { Transaction } from '../protocol/transaction.ts'
import type { DataItem, DataItemDraft, Tag } from '../protocol/types.ts'
import type {
  Cause,
  ChainPlace,
  ChainRoot,
  EntryKind,
  ItemFilter,
  ItemPage,
  ItemPageRequest,
  ListedOutboxEntry,
  LogEntry,
  StoredItem,
  StoredResult,
} from '../store/types.ts'
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
  /** Failed results as well; default false. */
  readonly withFailed?: boolean | undefined
}

/** What a tick of a cron left behind. */
export interface CronResult {
  readonly result: StoredResult
  readonly timestampMs: number
  /** Which cron of the process, such as `0-10-seconds`. */
  readonly cron: string
}

/** A dry run's message: what the caller gives, with the defaults of wire protocol 7.3 for the rest. */
export type DryRunMessage = Pick<VmMessage, 'owner' | 'tags'> &
  Partial<Omit<VmMessage, 'owner' | 'tags' | 'cron' | 'readOnly'>>

export interface StateRequest {
  /** Such as `Balances.alice`; default: all globals that the user has made. */
  readonly path?: string | undefined
  readonly nonce?: number | undefined
  /** Entries of each table; default: all, as far as 4 MiB of text go. */
  readonly entriesMax?: number | undefined
}

export type NetworkEvent =
  | { readonly type: 'scheduled'; readonly entry: LogEntry }
  | { readonly type: 'evaluated'; readonly result: StoredResult }
  | { readonly type: 'delivered'; readonly target: string; readonly itemId: ItemId; readonly source: ProcessId }
  /** All that was after the snapshot is gone. */
  | { readonly type: 'reverted'; readonly snapshot: string }
  | { readonly type: 'undeliverable'; readonly target: string; readonly source: ProcessId; readonly reason: string }
  | ChainStopped

/** A chain has come to a limit; published once, until it goes on. `target` and `source` are those of what was stopped first. */
export interface ChainStopped {
  readonly type: 'chain-stopped'
  readonly root: ChainRoot
  /** The message that began the chain. */
  readonly messageId: ItemId | undefined
  readonly limit: 'depth' | 'entries'
  readonly max: number
  readonly target: string
  readonly source: ProcessId
}

/** Where a message stands in what one message from outside has set off. */
export interface ChainInfo {
  readonly root: ChainRoot & { readonly messageId: ItemId }
  /** Levels below the root, which has 0. */
  readonly depth: number
  /** Log entries of the whole chain so far, the root included. */
  readonly entries: number
}

/** What a process has sent and has not arrived: on its way, or dead with its reason. */
export interface OutboxListing extends ListedOutboxEntry {
  /** The tag `Action` of a message or spawn. */
  readonly action: string | undefined
  /** The message whose evaluation sent it, its time and its chain. */
  readonly messageId: ItemId
  readonly sentAtMs: number
  readonly chain: ChainPlace
}

export interface OutboxPageRequest {
  readonly state?: OutboxListing['state'] | undefined
  readonly processId?: ProcessId | undefined
  /** Cause of the last entry of the page before. */
  readonly after?: Cause | undefined
  /** 1 to 1,000. */
  readonly limit: number
}

export interface OutboxPage {
  readonly entries: readonly OutboxListing[]
  readonly hasNextPage: boolean
}

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
  /**
   * Verifies and stores an item that belongs to no process: a bundler upload, a module. The items of a bundle are stored
   * before it, each with what it was in.
   *
   * @throws {NetworkError} `NETWORK_BUNDLE_TOO_LARGE`.
   */
  upload(bytes: Uint8Array): Promise<DataItem>
  /** Like {@link upload}, of a layer-1 transaction whose signature and data are verified. */
  uploadTransaction(transaction: Transaction): Promise<void>

  /**
   * Result of a message, found by message id, assignment id or process id (the process item itself). Waits for the
   * evaluation; rejects with `NETWORK_MESSAGE_UNKNOWN` when the log of the process has no such entry.
   */
  result(processId: ProcessId, id: ItemId): Promise<StoredResult>
  /** Results that succeeded, or all of them, without waiting (wire protocol 7.1). */
  results(processId: ProcessId, page: ResultPageRequest): Promise<readonly StoredResult[]>
  /**
   * Evaluates a message and keeps nothing (I5). Resolves with the legacy result as JSON text.
   *
   * @param after - The state is the one after this entry, named as in {@link result}; default: the latest.
   */
  dryRun(processId: ProcessId, message: DryRunMessage, after?: ItemId): Promise<string>

  /** Hash of the state after the last evaluated message, hex: equal logs have equal hashes everywhere (I2). */
  stateHash(processId: ProcessId): Promise<string>

  /**
   * A value of a past state, after the entry with that nonce, for which it waits; default: after the last evaluated one.
   * Nothing is changed or delayed by it (I5). docs/time-travel.md says what paths and values look like.
   *
   * @throws {VmError} `VM_PATH_INVALID`, `VM_STATE_UNREADABLE`, `VM_STATE_TOO_LARGE`.
   * @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN`.
   */
  stateAt(processId: ProcessId, request?: StateRequest): Promise<StateReading>
  /** Like {@link stateHash}, of the state after the entry with that nonce. */
  stateHashAt(processId: ProcessId, nonce: number): Promise<string>
  /**
   * The memory of the process after the entry with that nonce, for which it waits; up to a gigabyte.
   *
   * @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN`.
   */
  memoryAt(processId: ProcessId, nonce: number): Promise<SharedArrayBuffer>
  /**
   * What is different between two states, as a tree; undefined when nothing is. Nonce -1 is the state before the process's
   * own item was evaluated. Errors are those of {@link stateAt}.
   *
   * @param path - Only of the value there; default: of all globals that the user has made.
   */
  diffStates(processId: ProcessId, fromNonce: number, toNonce: number, path?: string): Promise<StateChange | undefined>
  /**
   * The message that made a value what it is, or what it was after the entry `atNonce`: the last one before and after which
   * it was not the same. Errors are those of {@link stateAt}.
   */
  lastChange(
    processId: ProcessId,
    path: string,
    request?: { readonly atNonce?: number | undefined },
  ): Promise<LastChange>

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
  /**
   * Like {@link Store.queryItems}; in development mode the well-known module ids answer with the built-in module, and locations
   * of the well-known schedulers with that of this node.
   */
  queryItems(filter: ItemFilter, page: ItemPageRequest): Promise<ItemPage>
  /** Like {@link Store.countItems}, of what {@link queryItems} finds. */
  countItems(filter: ItemFilter): Promise<number | undefined>

  /**
   * Publishes where this node's scheduler is found (`Scheduler-Location`, wire protocol 10), unless its newest record says so.
   *
   * @param url - Of the Scheduler Unit, without a slash at its end.
   */
  publishLocation(url: string): Promise<void>
  /**
   * The URL of the scheduler of a process that is not in a log here, as far as items of this node tell: the process item
   * names its scheduler, and that one has a location record.
   */
  foreignSchedulerUrl(processId: ProcessId): Promise<string | undefined>

  /**
   * Development mode only: remembers the present moment, to {@link revert} to. Waits for nothing, not for deliveries
   * under way either.
   *
   * @returns its id.
   * @throws {NetworkError} `NETWORK_DEVELOPMENT_ONLY`; `NETWORK_SNAPSHOT_UNSUPPORTED` unless the network is in memory.
   */
  snapshot(): Promise<string>
  /**
   * Development mode only: takes the whole network back to a snapshot, its time of day included. What came after it is gone,
   * later snapshots too; what was on its way then is on its way again. Who waits meanwhile gets `NETWORK_REVERTED`.
   *
   * @throws {NetworkError} `NETWORK_DEVELOPMENT_ONLY`, `NETWORK_SNAPSHOT_UNKNOWN`.
   */
  revert(snapshot: string): Promise<void>
  /**
   * Development mode only: schedules a message, or a process, as if it were of that address, whose key nobody has here. The
   * node signs it, and the assignment says as whose it counts (`Impersonated`). Protocol tags and an anchor are added
   * when they are missing.
   *
   * @throws {NetworkError} `NETWORK_DEVELOPMENT_ONLY`, and what {@link submit} throws.
   */
  submitAs(address: Address, draft: DataItemDraft): Promise<Submission>
  /**
   * Development mode only: moves the time of day forward. Messages from here on have it, and blocks follow.
   *
   * @returns the time now, milliseconds since 1970.
   * @throws {NetworkError} `NETWORK_DEVELOPMENT_ONLY`, `NETWORK_TIME_INVALID`.
   */
  moveClock(move: ClockMove): number
  /**
   * Development mode only: what would have been different if its owner had evaluated this code before the last messages of a
   * process. Stores and sends nothing.
   *
   * @throws {NetworkError} `NETWORK_DEVELOPMENT_ONLY`, `NETWORK_PROCESS_UNKNOWN`.
   */
  rehearse(request: {
    readonly processId: ProcessId
    /** Lua. */
    readonly code: string
    /** How many messages, 1 to 1,000; default 20. */
    readonly last?: number | undefined
  }): Promise<Rehearsal>

  /**
   * From here on, what a process sends when its crons tick is delivered, and they tick when it is time without anyone asking.
   * Outlives a restart, which makes up what was missed; may be repeated. See docs/cron.md.
   */
  monitor(processId: ProcessId): Promise<void>
  /** Ends {@link monitor}; may be repeated. */
  unmonitor(processId: ProcessId): Promise<void>
  /** All processes that are monitored. */
  monitored(): ReadonlySet<ProcessId>
  /** Makes the ticks of a process that are due, monitored or not. Resolves when they are durable. */
  bringCronsUp(processId: ProcessId): Promise<void>
  /** Results of ticks that succeeded, ascending (wire protocol 7.1). Waits for those that are in the log. */
  cronResults(processId: ProcessId, page: Omit<ResultPageRequest, 'order'>): Promise<readonly CronResult[]>

  /** What was sent and has not arrived, by source, then target, then order of sending. A page may end early. */
  outbox(page: OutboxPageRequest): Promise<OutboxPage>
  /**
   * Sends dead entries of a process again, each in its old place among those of its (source, target) that still wait, and lets
   * their chains go on. Resolves when that is durable; what cannot be delivered is dead again soon, with its reason.
   *
   * @param places - Which; default: all that are dead. Others are left alone.
   * @returns how many were dead.
   */
  retryOutbox(
    processId: ProcessId,
    places?: readonly { readonly nonce: number; readonly index: number }[],
  ): Promise<number>
  /** Chain of the entry with this nonce, message id or assignment id. @throws {NetworkError} `NETWORK_MESSAGE_UNKNOWN` */
  chain(processId: ProcessId, at: ItemId | number): Promise<ChainInfo>

  /** Subscribes to what happens; returns the function that unsubscribes. Listeners must not throw. */
  onEvent(listener: (event: NetworkEvent) => void): () => void
  /** Resolves when every scheduled message is evaluated and every outbox entry delivered or dead. */
  idle(): Promise<void>
  /** Stops taking work, finishes what is in flight, closes the store. Idempotent. */
  close(): Promise<void>
}

/** By how much, or to what time, milliseconds since 1970. */
export type ClockMove = { readonly byMs: number } | { readonly toMs: number }

export interface NetworkOptions {
  /** Directory for the log and the keys; absent: everything in memory. */
  readonly dataDirectory?: string | undefined
  /** When the databases are read to the end before anything is served: default after a run that did not end in order. */
  readonly checkStore?: 'after-crash' | 'always' | undefined
  /** `development` (default) trusts the node for every process spawned on it, and knows well-known module ids. */
  readonly mode?: 'development' | 'strict' | undefined
  /** Worker threads that evaluate; default one less than the cores, at least 1, at most 8. */
  readonly computeThreads?: number | undefined
  /** Memory for processes that are kept loaded; the least recently used beyond it cost none. Default: a quarter of the machine's. */
  readonly hotMemoryBytes?: number | undefined
  /**
   * How many levels deep, and how many messages long, a chain may become: what one message from outside sets off. There it
   * stops, until {@link Network.retryOutbox} allows it as much again. Default 1,000 and 50,000; 0: no limit.
   */
  readonly chainDepthMax?: number | undefined
  readonly chainEntriesMax?: number | undefined
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

export type { ItemId, LastChange, ProcessId, StateChange, StateReading, Tag }
