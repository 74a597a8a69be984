import { parseAssignment } from '../protocol/assignment.ts'
import { type ItemId, isItemId, type ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import { type ForkOrigin, forkOriginOf, genesisTags, moduleIdOf } from '../scheduler/genesis-tags.ts'
import type { LogEntry, Store, StoredResult } from '../store/types.ts'
import { luaEngineVersion } from '../vm/lua/lua-wasm.ts'
import { ArchiveError } from './errors.ts'
import type { History, HistoryEntry, LogStart } from './history.ts'

/** Where histories are read from: the store of a data directory, or a network that is running. */
export interface HistorySource {
  /** How many entries the log of a process has, and how many of them have results, or will have when they are read. */
  counts(processId: ProcessId): Promise<{ readonly entries: number; readonly evaluated: number }>
  /** Like {@link Store.readLog}. */
  readLog(processId: ProcessId, from: number, to: number, limit: number): Promise<readonly LogEntry[]>
  /** The results of these entries, which follow each other in one log; undefined for one that has none. */
  readResults(entries: readonly LogEntry[]): Promise<readonly (StoredResult | undefined)[]>
  /** The bytes of an item. */
  getItem(id: ItemId): Promise<Uint8Array | undefined>
}

export interface HistoryRequest {
  readonly processId: ProcessId
  /** The first entry; above 0 the processes that it was forked from are left out. Default 0. */
  readonly from?: number | undefined
  /** The last entry. Default: the last that has a result. */
  readonly to?: number | undefined
  /** Also entries that have no results yet. */
  readonly unevaluated?: boolean | undefined
}

/** Entries are read in batches of about this size, so that neither few large ones nor many small ones cost much (I9). */
const batchBytes = 1_048_576
/** The first batch is small, because nobody knows how large its entries are. */
const batchEntriesMin = 16
const batchEntriesMax = 64

export function storeSource(store: Store): HistorySource {
  return {
    async counts(processId) {
      const { next, evaluated } = await store.head(processId)
      return { entries: next, evaluated }
    },
    readLog: (processId, from, to, limit) => store.readLog(processId, from, to, limit),
    async readResults(entries) {
      const [first, last] = [entries[0], entries.at(-1)]
      if (first === undefined || last === undefined) return []
      const range = { afterNonce: first.nonce - 1, throughNonce: last.nonce, limit: entries.length }
      const results = await store.readResults(first.processId, { order: 'ASC', ...range })
      const byNonce = new Map(results.map((result) => [result.nonce, result]))
      return entries.map(({ nonce }) => byNonce.get(nonce))
    },
    getItem: async (id) => (await store.getItem(id))?.bytes,
  }
}

/**
 * Reads the history of a process. The memory that it takes does not depend on the length of the log.
 *
 * @throws {ArchiveError} `ARCHIVE_PROCESS_UNKNOWN`, `ARCHIVE_NOT_EVALUATED`, `ARCHIVE_NONCE_INVALID`,
 *   `ARCHIVE_ITEM_MISSING`; `ARCHIVE_DIFFERS` at an entry that is missing.
 */
export async function* readHistory(source: HistorySource, request: HistoryRequest): History {
  for (const log of await lineageOf(source, request)) {
    yield log.start
    yield* readEntries(source, log.start, log.from)
  }
}

interface LogToRead {
  readonly from: number
  readonly start: LogStart
}

/** The logs that a state follows from: those of the ancestors of a fork, oldest first, then its own. */
async function lineageOf(source: HistorySource, request: HistoryRequest): Promise<readonly LogToRead[]> {
  const logs: LogToRead[] = []
  let wanted: HistoryRequest | undefined = request
  while (wanted !== undefined) {
    const { start, origin } = await startOf(source, wanted)
    const from: number = wanted.from ?? 0
    if (from < 0 || from > start.summary.lastNonce) {
      throw nonceInvalid(wanted.processId, from, start.summary.lastNonce)
    }
    logs.unshift({ start, from })
    wanted = origin !== undefined && from === 0 ? { processId: origin.processId, to: origin.nonce } : undefined
  }
  return logs
}

async function startOf(
  source: HistorySource,
  { processId, to, unevaluated = false }: HistoryRequest,
): Promise<{ readonly start: LogStart; readonly origin: ForkOrigin | undefined }> {
  const { entries, evaluated } = await source.counts(processId)
  if (entries === 0) throw new ArchiveError({ code: 'ARCHIVE_PROCESS_UNKNOWN', processId })
  const last = (unevaluated ? entries : evaluated) - 1
  if (last < 0) throw new ArchiveError({ code: 'ARCHIVE_NOT_EVALUATED', processId })
  const lastNonce = to ?? last
  if (lastNonce < 0 || lastNonce > last) throw nonceInvalid(processId, lastNonce, last)

  const [genesis] = await source.readLog(processId, 0, 0, 1)
  if (genesis?.nonce !== 0) throw entryMissing(processId, 0)
  // When the last entry is missing, reading comes to the gap and says so.
  const [lastEntry] = await source.readLog(processId, lastNonce, lastNonce, 1)
  const { origin, ...recorded } = readGenesis(genesis)
  const needed = async (role: 'module' | 'boot item', itemId: string): Promise<Uint8Array> => {
    const bytes = isItemId(itemId) ? await source.getItem(itemId) : undefined
    if (bytes === undefined) throw new ArchiveError({ code: 'ARCHIVE_ITEM_MISSING', processId, role, itemId })
    return bytes
  }
  const { moduleId, bootItemId } = recorded
  const start: LogStart = {
    type: 'log',
    summary: {
      ...recorded,
      ...{ processId, lastNonce, engine: luaEngineVersion },
      assignmentId: lastEntry?.assignmentId ?? '',
      hashChain: lastEntry?.hashChain ?? '',
    },
    module: await needed('module', moduleId),
    bootItem: bootItemId === undefined ? undefined : await needed('boot item', bootItemId),
    evaluated: Math.min(evaluated, lastNonce + 1),
  }
  return { start, origin }
}

/** What a scheduler has recorded with a process. @throws {ArchiveError} `ARCHIVE_DIFFERS` when it cannot be read. */
export function readGenesis(genesis: Pick<LogEntry, 'processId' | 'item' | 'assignment'>): {
  readonly scheduler: string
  readonly moduleId: string
  readonly bootItemId: string | undefined
  readonly origin: ForkOrigin | undefined
} {
  try {
    const { item, extraTags } = parseAssignment(genesis.assignment)
    return {
      scheduler: item.ownerAddress,
      moduleId: moduleIdOf(genesis),
      bootItemId: tagValue(extraTags, genesisTags.bootItem),
      origin: forkOriginOf(genesis),
    }
  } catch (cause) {
    const difference = { what: 'entry', expected: 'a process item and its assignment', got: String(cause) }
    const info = { processId: genesis.processId, nonce: 0, differences: [difference] }
    throw new ArchiveError({ code: 'ARCHIVE_DIFFERS', ...info }, { cause })
  }
}

async function* readEntries(source: HistorySource, { summary }: LogStart, from: number): History {
  const { processId, lastNonce } = summary
  let limit = batchEntriesMin
  for (let nonce = from; nonce <= lastNonce; ) {
    const rows = await source.readLog(processId, nonce, lastNonce, limit)
    const gap = rows.findIndex((row, index) => row.nonce !== nonce + index)
    const good = gap < 0 ? rows : rows.slice(0, gap)
    const results = await source.readResults(good)
    const entries = good.map((row, index): HistoryEntry => {
      return { item: row.item, assignment: row.assignment, result: results[index], row }
    })
    if (entries.length > 0) yield { type: 'entries', entries }
    if (gap >= 0 || entries.length === 0) throw entryMissing(processId, nonce + entries.length)
    nonce += entries.length
    limit = nextLimit(
      limit,
      entries.reduce((sum, entry) => sum + sizeOf(entry), 0),
    )
  }
}

function nextLimit(limit: number, sizeBytes: number): number {
  if (sizeBytes > batchBytes) return Math.max(1, Math.floor(limit / 4))
  return sizeBytes < batchBytes / 4 ? Math.min(limit * 2, batchEntriesMax) : limit
}

/** Bytes of an entry in memory, about. */
export function sizeOf({ item, assignment, result }: HistoryEntry): number {
  return item.byteLength + assignment.byteLength + (result?.json.length ?? 0)
}

export function entryMissing(processId: ProcessId, nonce: number): ArchiveError {
  const difference = { what: 'entry', expected: 'an entry', got: 'none' }
  return new ArchiveError({ code: 'ARCHIVE_DIFFERS', processId, nonce, differences: [difference] })
}

export function nonceInvalid(processId: ProcessId, given: number, last: number): ArchiveError {
  return new ArchiveError({ code: 'ARCHIVE_NONCE_INVALID', processId, given, last })
}
