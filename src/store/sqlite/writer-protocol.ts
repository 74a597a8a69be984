import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import type { StoreErrorInfo } from '../errors.ts'
import type {
  Cause,
  ChainPlace,
  CheckpointRequest,
  ClaimedOutboxEntry,
  CommitOutcome,
  EntryKind,
  Lease,
  OutboxEntry,
  OutboxSettlement,
  PageCount,
  Store,
  StoredResult,
} from '../types.ts'

/** Bytes of a batch: `[offset, length]` in its arena. One transfer then moves the bytes of all its calls. */
export type Slice = readonly [offset: number, length: number]

export interface ItemRow {
  readonly id: ItemId
  readonly ownerAddress: string
  readonly target: string | undefined
  /** JSON of `[{ name, value }, …]`: cheaper to send and to store than objects. */
  readonly tagsJson: string
  readonly blockHeight: number
  readonly timestampMs: number
  readonly bundledIn: ItemId | undefined
  readonly bytes: Slice
}

export interface AppendRow {
  readonly processId: ProcessId
  readonly nonce: number
  readonly kind: EntryKind
  readonly item: ItemRow
  readonly assignmentId: ItemId
  readonly hashChain: string
  readonly cause: Cause | undefined
  /** Undefined when the entry is the root of a chain of its own. */
  readonly chain: ChainPlace | undefined
  readonly assignment: Slice
}

export interface CommitRow {
  readonly epoch: number
  readonly result: StoredResult
  readonly outbox: readonly (Omit<OutboxEntry, 'item'> & { readonly item: Slice })[]
  readonly items: readonly ItemRow[]
  readonly claim: { readonly workerId: string; readonly ttlMs: number } | undefined
}

export interface CommitAnswer {
  readonly outcome: CommitOutcome
  /** Indexes, in the outbox of the request, of the rows that were claimed. */
  readonly claimed: readonly number[]
}

/** The calls that the writer thread takes, each with what it answers. */
export interface WriterCalls {
  append: { request: readonly AppendRow[]; answer: undefined }
  commit: { request: { readonly nowMs: number; readonly rows: readonly CommitRow[] }; answer: readonly CommitAnswer[] }
  acquire: { request: Parameters<Store['acquire']>[0] & { readonly nowMs: number }; answer: readonly Lease[] }
  release: { request: { readonly workerId: string; readonly processIds: readonly ProcessId[] }; answer: undefined }
  claim: {
    request: Parameters<Store['claimOutbox']>[0] & { readonly nowMs: number }
    answer: readonly ClaimedOutboxEntry[]
  }
  settle: { request: readonly OutboxSettlement[]; answer: undefined }
  revive: { request: { readonly causes: readonly Cause[]; readonly nowMs: number }; answer: number }
  status: { request: { readonly nowMs: number }; answer: Awaited<ReturnType<Store['outboxStatus']>> }
  putItems: { request: readonly ItemRow[]; answer: undefined }
  putPages: {
    request: { readonly pages: readonly { readonly hash: string; readonly bytes: Slice }[]; readonly nowMs: number }
    answer: undefined
  }
  /** Deletes those of the pages that were put before `putBeforeMs`. */
  dropPages: { request: { readonly hashes: readonly string[]; readonly putBeforeMs: number }; answer: PageCount }
  putCheckpoint: { request: CheckpointRequest; answer: CommitOutcome }
  dropCheckpoints: { request: { readonly processId: ProcessId; readonly nonces: readonly number[] }; answer: undefined }
  setMonitored: { request: { readonly processId: ProcessId; readonly isMonitored: boolean }; answer: undefined }
}

export type WriterCallName = keyof WriterCalls

/** One call of a batch. */
export type WriterCall = {
  [Name in WriterCallName]: { readonly name: Name; readonly request: WriterCalls[Name]['request'] }
}[WriterCallName]

/** What the store sends: calls for one transaction, in order. */
export type ToWriter =
  | {
      readonly type: 'batch'
      /** Batches are numbered from 1. */
      readonly batch: number
      /** Grows when the store has heard of a failure. The writer refuses batches sent before that. */
      readonly generation: number
      readonly calls: readonly WriterCall[]
      readonly arena: Uint8Array
    }
  | { readonly type: 'close' }

export type CallAnswer =
  | { readonly ok: true; readonly value: WriterCalls[WriterCallName]['answer'] }
  | { readonly ok: false; readonly error: StoreErrorInfo }

/** What the writer sends. `failed`: the batch left no trace, as far as the disk allows to know. */
export type FromWriter =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly batch: number; readonly answers: readonly CallAnswer[] }
  | { readonly type: 'failed'; readonly batch: number; readonly error: StoreErrorInfo }
  | { readonly type: 'closed' }

/** `workerData` of the writer thread. */
export interface WriterOptions {
  readonly mainPath: string
  readonly pagesPath: string
  /** Most bytes that the main database may grow to; undefined: what the disk holds. */
  readonly databaseBytesMax: number | undefined
}
