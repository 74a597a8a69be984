import type { SignedAssignment } from '../protocol/assignment.ts'
import type { Address, ItemId, ProcessId } from '../protocol/ids.ts'
import type { DataItem, Tag } from '../protocol/types.ts'

/**
 * The contract of a store. Every method is idempotent under its key; a promise that resolves means durable.
 * A rejection means unknown: the caller repeats the same call.
 */

/** Where a store reads the time: lease ends, claim ends and due times. Milliseconds since the Unix epoch. */
export interface StoreClock {
  now(): number
}

/** Where a store reports what nobody called for. A pino logger fits. */
export interface StoreLog {
  info(values: object, text: string): void
  warn(values: object, text: string): void
  error(values: object, text: string): void
}

/** Identity of an outbox entry: entry `index` of what `processId` sent while evaluating `nonce` (I3). */
export interface Cause {
  readonly processId: ProcessId
  readonly nonce: number
  readonly index: number
}

/** Where a process stands. A process that does not exist has `next` 0. */
export interface Head {
  /** Nonce the next entry gets. */
  readonly next: number
  /** Hash chain value of the last entry; undefined when there is none. */
  readonly hashChain: string | undefined
  /** Id of the last assignment; undefined when there is none. The hash chain needs it. */
  readonly assignmentId: ItemId | undefined
  /** Timestamp of the last entry, milliseconds; 0 when there is none. */
  readonly timestampMs: number
  /** Nonce of the next entry to evaluate: entries below it have results. */
  readonly evaluated: number
  /** The checkpoint with the highest nonce. */
  readonly checkpoint: Checkpoint | undefined
}

/** A pointer to a snapshot: the state after the evaluation of entry `nonce`. */
export interface Checkpoint {
  readonly nonce: number
  /** Hash of the page that is the snapshot's manifest: see `manifest.ts`. */
  readonly manifest: string
}

export interface CheckpointRequest extends Checkpoint {
  readonly processId: ProcessId
  /** Of the lease under which the state was evaluated. */
  readonly epoch: number
}

/** The first entry of a chain: all that one message from outside sets off. */
export interface ChainRoot {
  readonly processId: ProcessId
  readonly nonce: number
}

/** Where an entry stands in its chain: the root, and how many causes lie between. The root itself has depth 0. */
export interface ChainPlace extends ChainRoot {
  readonly depth: number
}

/** Fixed in `append`, stored, never computed again. */
export type Assignment = SignedAssignment

/** `process`: nonce 0. `message`: an item sent to the process. `assignment`: an item that lives elsewhere (wire 6.5). */
export type EntryKind = 'process' | 'message' | 'assignment'

export interface LogEntry {
  readonly processId: ProcessId
  readonly nonce: number
  readonly kind: EntryKind
  readonly itemId: ItemId
  /** The signed item. */
  readonly item: Uint8Array
  readonly assignmentId: ItemId
  /** The signed assignment item. */
  readonly assignment: Uint8Array
  readonly timestampMs: number
  readonly blockHeight: number
  readonly hashChain: string
  readonly cause: Cause | undefined
  /**
   * Fixed in `append`. Without a cause, or when the entry that caused it is not in this store, an entry is the root of a
   * chain of its own; otherwise it is one deeper in the chain of the entry that caused it.
   */
  readonly chain: ChainPlace
}

export interface AppendRequest {
  readonly processId: ProcessId
  readonly kind: EntryKind
  readonly item: DataItem
  /** Set on delivered outbox entries; the log of a process takes a cause once, for ever. */
  readonly cause?: Cause | undefined
  /** Compare-and-set; absent: whatever is next. */
  readonly expect?: { readonly next: number; readonly hashChain: string | undefined } | undefined
  /** Makes the assignment for this head. Synchronous, free of effects; may throw to refuse (nothing is stored). */
  assign(head: Head): Assignment
}

export type AppendResult =
  | {
      readonly ok: true
      readonly nonce: number
      readonly assignmentId: ItemId
      readonly timestampMs: number
      /** The log had this item or cause already: nonce and assignment are those of the first time. */
      readonly duplicate: boolean
      /** The entry as it stands in the log. */
      readonly entry: LogEntry
    }
  | { readonly ok: false; readonly why: 'conflict'; readonly head: Head }
  /** The assign callback threw; the rest of the batch goes on. */
  | { readonly ok: false; readonly why: 'refused'; readonly error: unknown }

/** The right to commit results of one process. A commit with an older epoch is fenced. */
export interface Lease {
  readonly processId: ProcessId
  readonly epoch: number
  readonly untilMs: number
}

/** One entry of an outbox, as sent. `item` holds final signed bytes, resent as they are (store contract, rule 1). */
export interface OutboxEntry {
  readonly cause: Cause
  /** `message` and `spawn` carry an item; `assignment` names one by `itemId`. */
  readonly kind: 'message' | 'spawn' | 'assignment'
  /** Process id or wallet address for a message; the new process for a spawn; the process for an assignment. */
  readonly target: string
  readonly itemId: ItemId
  /** Signed bytes; empty for an assignment. */
  readonly item: Uint8Array
  /** What the messenger needs beside the item, as JSON: see messenger/. Empty string when nothing. */
  readonly detail: string
}

/** An entry as people see it, without its bytes. */
export interface ListedOutboxEntry extends Omit<OutboxEntry, 'item' | 'detail'> {
  readonly state: Exclude<OutboxState, 'delivered'>
  /** Deliveries tried since it was sent or revived. */
  readonly tries: number
  /** When it may be tried again, if it is pending and nothing of its (source, target) waits before it. */
  readonly dueAtMs: number
  /** Why the last delivery failed; empty when none was tried. */
  readonly reason: string
}

export interface ClaimedOutboxEntry extends OutboxEntry {
  /** Deliveries tried before this one. */
  readonly tries: number
}

export type OutboxState = 'pending' | 'delivered' | 'dead'

export interface OutboxSettlement {
  readonly cause: Cause
  readonly outcome:
    | { readonly state: 'delivered' }
    | { readonly state: 'dead'; readonly reason: string }
    | { readonly state: 'retry'; readonly atMs: number; readonly reason: string }
}

/** What an evaluation left behind. Immutable once committed. */
export interface StoredResult {
  readonly processId: ProcessId
  readonly nonce: number
  /** The legacy result object as JSON text (wire protocol 7.1). */
  readonly json: string
  readonly failed: boolean
  readonly gasUsed: number
}

export interface CommitRequest {
  readonly lease: Lease
  readonly result: StoredResult
  readonly outbox: readonly OutboxEntry[]
  /**
   * Items that become readable with the result: messages to wallets, whose whole delivery this is. They are stored with
   * outcome `ok` only.
   */
  readonly items?: readonly NewItem[] | undefined
  /** Claim the new outbox rows for this worker at once, so that it can deliver them without reading them back. */
  readonly claim?: CommitClaim | undefined
}

/** Claims new outbox rows in the commit that writes them. */
export interface CommitClaim {
  readonly workerId: string
  readonly ttlMs: number
  /**
   * Called when the commit is durable, before the promise resolves, with the rows that were claimed; not called when
   * there are none. A row is left unclaimed, for `claimOutbox` to hand out in its turn, when an earlier row of its
   * (source, target) waits and this worker has no claim on it: delivering it now would break the order.
   */
  readonly onClaimed?: ((entries: readonly OutboxEntry[]) => void) | undefined
}

/**
 * `fenced`: a newer lease exists, or the nonce is not the next one to evaluate because an earlier commit is missing:
 * throw the state away and start from the head. `already`: this nonce has its result; nothing was written.
 */
export type CommitOutcome = 'ok' | 'already' | 'fenced'

/** A stored data item with what queries need. */
export interface StoredItem {
  readonly id: ItemId
  readonly bytes: Uint8Array
  readonly ownerAddress: Address
  readonly target: string | undefined
  readonly tags: readonly Tag[]
  readonly blockHeight: number
  readonly timestampMs: number
  /** Id of what it was unpacked from, a bundle or a transaction; undefined for an item that came by itself. */
  readonly bundledIn?: ItemId | undefined
  /** Opaque position for paging. */
  readonly cursor: string
}

export interface ItemFilter {
  readonly ids?: readonly string[] | undefined
  readonly owners?: readonly string[] | undefined
  readonly recipients?: readonly string[] | undefined
  /** Tag filters AND together; values within one OR. `NEQ`: no tag of that name has one of the values. */
  readonly tags?: readonly { readonly name: string; readonly values: readonly string[]; readonly op?: 'EQ' | 'NEQ' }[]
  /** Ids of what items were unpacked from, one level up. */
  readonly bundledIn?: readonly string[] | undefined
  /** Both inclusive. */
  readonly blockHeightMin?: number | undefined
  readonly blockHeightMax?: number | undefined
  /** Both inclusive. */
  readonly timestampMsMin?: number | undefined
  readonly timestampMsMax?: number | undefined
}

/** Which page of items. */
export interface ItemPageRequest {
  readonly order: 'ASC' | 'DESC'
  /** 1..1,000. */
  readonly limit: number
  /** Cursor of the last item of the page before. */
  readonly after?: string | undefined
  /** A page with so many bytes of items ends there, with more to come. It has at least one item. Default: no limit. */
  readonly bytesMax?: number | undefined
}

export interface ItemPage {
  readonly items: readonly StoredItem[]
  readonly hasNextPage: boolean
}

/** A piece of a snapshot, named by its content. */
export interface Page {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly hash: string
  readonly bytes: Uint8Array
}

/** How many pages, and their bytes together. */
export interface PageCount {
  readonly pages: number
  readonly bytes: number
}

export interface NewItem {
  /** A data item or a layer-1 transaction: the bytes are kept as they are. */
  readonly item: Pick<DataItem, 'id' | 'ownerAddress' | 'target' | 'tags' | 'bytes'>
  readonly blockHeight: number
  readonly timestampMs: number
  /** Id of what it was unpacked from. The first time an item is stored counts. */
  readonly bundledIn?: ItemId | undefined
}

export interface Store {
  /** Appends each request to its process's log, in order. One transaction; each request may fail alone. */
  append(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]>

  head(processId: ProcessId): Promise<Head>
  /** Entries `from`..`to`, both inclusive, ascending, a gapless prefix from `from`; at most `limit` (default 1,000). */
  readLog(processId: ProcessId, from: number, to?: number, limit?: number): Promise<readonly LogEntry[]>
  /** Entries whose timestamp is above `fromMs` and at most `toMs`, ascending: SU time paging (wire 6.3). */
  readLogByTime(processId: ProcessId, fromMs: number, toMs: number, limit: number): Promise<readonly LogEntry[]>
  /**
   * How many entries the chain has so far: a number that is kept, not counted. 0 when the entry does not exist or is not
   * the root of a chain.
   */
  chainStatus(root: ChainRoot): Promise<{ readonly entries: number }>
  /** Nonce of the entry with this item id or assignment id. */
  findNonce(processId: ProcessId, id: ItemId): Promise<number | undefined>
  readResult(processId: ProcessId, nonce: number): Promise<StoredResult | undefined>
  /** Results strictly after `afterNonce` in the direction of the order, up to and including `throughNonce`. */
  readResults(
    processId: ProcessId,
    page: {
      readonly order: 'ASC' | 'DESC'
      readonly afterNonce?: number | undefined
      readonly throughNonce?: number | undefined
      readonly limit: number
      /** Leave out results with `failed`. */
      readonly succeededOnly?: boolean | undefined
    },
  ): Promise<readonly StoredResult[]>

  /**
   * Takes free or expired leases (epoch + 1) and renews the worker's own, of the named processes, or of any that have
   * entries without results.
   */
  acquire(request: {
    readonly workerId: string
    readonly ttlMs: number
    readonly max: number
    readonly processIds?: readonly ProcessId[] | undefined
  }): Promise<readonly Lease[]>
  release(workerId: string, processIds: readonly ProcessId[]): Promise<void>
  /**
   * Checks epoch and `evaluated = nonce`, then writes result, outbox and `evaluated` together.
   * Requests are applied in order, each alone; one transaction.
   */
  commitResults(requests: readonly CommitRequest[]): Promise<readonly CommitOutcome[]>

  /** Due rows, oldest first; while an entry of (source, target) waits, later ones of the pair are not handed out. */
  claimOutbox(request: {
    readonly workerId: string
    readonly max: number
    readonly ttlMs: number
  }): Promise<readonly ClaimedOutboxEntry[]>
  settleOutbox(settlements: readonly OutboxSettlement[]): Promise<void>
  /** Counts by state, and the earliest due time of a pending row that is not claimed. */
  outboxStatus(): Promise<{
    readonly pending: number
    readonly delivered: number
    readonly dead: number
    readonly dueAtMs: number | undefined
  }>
  /**
   * What is pending, or dead, or both: by source in the order of spawns, then by target, then in the order of sending.
   * `after` is the cause of the last entry of the page before. `limit` 1..1,000.
   */
  listOutbox(page: {
    readonly state?: ListedOutboxEntry['state'] | undefined
    readonly processId?: ProcessId | undefined
    readonly after?: Cause | undefined
    readonly limit: number
  }): Promise<readonly ListedOutboxEntry[]>
  /**
   * Makes dead entries pending again, due now and with no tries, each in its old place among those of its
   * (source, target) that still wait. Others are left alone. @returns how many were dead.
   */
  reviveOutbox(causes: readonly Cause[]): Promise<number>

  /**
   * Inserts what is absent; what is there counts as put now (`sweepPages`). Bytes are checked against their hash
   * (SHA-256, hex). Pages are stored a few at a time, so that appends go on meanwhile: after a rejection, some may be there.
   */
  putPages(pages: readonly Page[]): Promise<void>
  getPages(hashes: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>
  pageStatus(): Promise<PageCount>
  /**
   * Deletes pages that no checkpoint leads to, through manifests, unless they were put in the last `graceMs`: a snapshot
   * under way has put its pages and not yet its checkpoint. So put the checkpoint within that time; and of a page left
   * out because an older checkpoint leads to it, keep that checkpoint until then. @returns what was deleted.
   */
  sweepPages(request: { readonly graceMs: number }): Promise<PageCount>

  /**
   * Writes a checkpoint beside the commits, which do not wait for it. `fenced`: a newer lease exists. `already`: this nonce
   * has a checkpoint; nothing was written. Rejects with `STORE_CHECKPOINT_INVALID` unless entry `nonce` has its result,
   * and the manifest is a stored page.
   */
  putCheckpoint(request: CheckpointRequest): Promise<CommitOutcome>
  /** The checkpoint with the highest nonce that is not above `atMostNonce`. */
  findCheckpoint(processId: ProcessId, atMostNonce: number): Promise<Checkpoint | undefined>
  /** Ascending. */
  listCheckpoints(processId: ProcessId): Promise<readonly Checkpoint[]>
  /** Their pages stay until `sweepPages`. Nonces without a checkpoint are ignored. */
  dropCheckpoints(processId: ProcessId, nonces: readonly number[]): Promise<void>

  /** Stores items that belong to no log: modules, messages to wallets. Repeats are no-ops. */
  putItems(items: readonly NewItem[]): Promise<void>
  getItem(id: ItemId): Promise<StoredItem | undefined>
  /**
   * By block height, within one by the order of storing. Rejects with `STORE_QUERY_TOO_BROAD` when too much has to be
   * looked at.
   */
  queryItems(filter: ItemFilter, page: ItemPageRequest): Promise<ItemPage>
  /** How many items pass the filter; undefined when too much has to be looked at. */
  countItems(filter: ItemFilter): Promise<number | undefined>

  /** Marks a process as monitored: what it sends when its crons tick is delivered. Ignored when there is no such process. */
  putMonitor(processId: ProcessId): Promise<void>
  /** Takes the mark away, if there is one. */
  dropMonitor(processId: ProcessId): Promise<void>
  /** Ids of all monitored processes, ascending by spawn. Who puts them bounds how many there are. */
  listMonitors(): Promise<readonly ProcessId[]>

  /** Ids of all processes, ascending by spawn, at most `limit` after `after`. */
  listProcesses(page: { readonly after?: ProcessId | undefined; readonly limit: number }): Promise<readonly ProcessId[]>
  /** Hint that there may be new work; may be lost or doubled. Returns the function that unsubscribes. */
  onWake(listener: () => void): () => void
  /** Finishes what was queued, then closes. Later calls reject with `STORE_CLOSED`. */
  close(): Promise<void>
}
