import { type ParsedAssignment, parseAssignment } from '../protocol/assignment.ts'
import { parseDataItem, verifyDataItem } from '../protocol/data-item.ts'
import { firstHashChain, nextHashChain } from '../protocol/hash-chain.ts'
import type { ItemId, ProcessId } from '../protocol/ids.ts'
import type { DataItem } from '../protocol/types.ts'
import type { EntryKind, LogEntry } from '../store/types.ts'
import { CronChecker } from './cron-checker.ts'
import { ArchiveError, type Difference } from './errors.ts'
import type { HistoryEntry, LogSummary } from './history.ts'

/** An entry that is genuine and in its place. */
export interface CheckedEntry {
  readonly entry: LogEntry
  readonly given: HistoryEntry
}

/** What is taken as given of a log that is not checked from nonce 0. */
export interface UncheckedStart {
  readonly genesis: LogEntry
  /** The entry before the first that is checked. */
  readonly before: LogEntry
}

/**
 * Holds the entries of one log to the rules of logs (I1): each item is signed by its owner and each assignment by the one
 * scheduler; nonces follow each other, times rise, the hash chain is whole, no item comes twice, and crons tick when they are
 * due. What a store has in its columns is what is signed.
 *
 * It remembers the id of each item, some 100 bytes.
 */
export class LogChecker {
  readonly #processId: ProcessId
  readonly #scheduler: string
  readonly #seen = new Set<ItemId>()
  #nonce: number
  #before: LogEntry | undefined
  #crons: CronChecker | undefined

  /** @param start - What comes before the first entry; undefined when that is nonce 0, and only then. */
  constructor({ processId, scheduler }: Pick<LogSummary, 'processId' | 'scheduler'>, start?: UncheckedStart) {
    this.#processId = processId
    this.#scheduler = scheduler
    this.#nonce = start === undefined ? 0 : start.before.nonce + 1
    this.#before = start?.before
    this.#crons = start && new CronChecker(start.genesis, start.before)
  }

  /** @throws {ArchiveError} `ARCHIVE_DIFFERS` with all that is wrong with it. */
  async check(given: HistoryEntry): Promise<CheckedEntry> {
    const processId = this.#processId
    const nonce = this.#nonce
    const differences: Difference[] = []
    const expect = (what: string, expected: unknown, got: unknown): void => {
      if (expected !== got) differences.push({ what, expected: String(expected), got: String(got) })
    }
    const assignment = attempt('assignment', differences, () => parseAssignment(given.assignment))
    const item = attempt('item', differences, () => parseDataItem(given.item))
    if (assignment !== undefined) {
      await checkSignature('signature of the assignment', assignment.item, differences)
      this.#checkPlace(assignment, expect)
    }
    if (item !== undefined) {
      await checkSignature('signature of the item', item, differences)
      expect('item', nonce === 0 ? processId : assignment?.messageId, item.id)
      if (this.#seen.has(item.id)) differences.push({ what: 'item', expected: 'a new one', got: `${item.id} again` })
      this.#seen.add(item.id)
    }
    if (differences.length > 0 || assignment === undefined || item === undefined) {
      throw new ArchiveError({ code: 'ARCHIVE_DIFFERS', processId, nonce, differences })
    }
    const entry = toEntry(assignment, item)
    checkRow(entry, given.row, expect)
    if (this.#before === undefined) this.#crons = attempt('crons', differences, () => new CronChecker(entry, entry))
    else this.#crons?.check(entry, item, this.#before.timestampMs, expect)
    if (differences.length > 0) throw new ArchiveError({ code: 'ARCHIVE_DIFFERS', processId, nonce, differences })
    this.#before = entry
    this.#nonce = nonce + 1
    return { entry, given }
  }

  #checkPlace(assignment: ParsedAssignment, expect: (what: string, expected: unknown, got: unknown) => void): void {
    const before = this.#before
    expect('scheduler', this.#scheduler, assignment.item.ownerAddress)
    expect('process', this.#processId, assignment.processId)
    expect('nonce', this.#nonce, assignment.nonce)
    expect('message of the assignment', this.#nonce > 0, assignment.messageId !== undefined)
    const chain =
      before === undefined ? firstHashChain(this.#processId) : nextHashChain(before.assignmentId, before.hashChain)
    expect('hash chain', chain, assignment.hashChain)
    if (before !== undefined && assignment.timestampMs <= before.timestampMs) {
      expect('timestamp', `above ${before.timestampMs}`, assignment.timestampMs)
    }
  }
}

function attempt<T>(what: string, differences: Difference[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    differences.push({ what, expected: `a well-formed ${what}`, got: messageOf(error) })
    return undefined
  }
}

async function checkSignature(what: string, item: DataItem, differences: Difference[]): Promise<void> {
  try {
    await verifyDataItem(item)
  } catch (error) {
    differences.push({ what, expected: `that of ${item.ownerAddress}`, got: messageOf(error) })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What a log has of an entry follows from the two items, but for what caused it, which a replay does not need. */
function toEntry(assignment: ParsedAssignment, item: DataItem): LogEntry {
  const { processId, nonce, timestampMs, blockHeight, hashChain } = assignment
  return {
    ...{ processId, nonce, timestampMs, blockHeight, hashChain },
    kind: kindOf(assignment, item),
    itemId: item.id,
    item: item.bytes,
    assignmentId: assignment.id,
    assignment: assignment.bytes,
    cause: undefined,
    chain: { processId, nonce, depth: 0 },
  }
}

/**
 * A message of a process's own that was assigned to it without leaving anything out cannot be told from one that was
 * sent: they are evaluated alike.
 */
export function kindOf(
  { nonce, processId, exclude }: Pick<ParsedAssignment, 'nonce' | 'processId' | 'exclude'>,
  item: DataItem,
): EntryKind {
  if (nonce === 0) return 'process'
  return item.target === processId && exclude.length === 0 ? 'message' : 'assignment'
}

/** What a store says of an entry beside the signed items. */
const columns = ['processId', 'nonce', 'itemId', 'assignmentId', 'timestampMs', 'blockHeight', 'hashChain'] as const

function checkRow(
  entry: LogEntry,
  row: LogEntry | undefined,
  expect: (what: string, expected: unknown, got: unknown) => void,
): void {
  if (row === undefined) return
  for (const column of columns) expect(`${column} in the store`, entry[column], row[column])
  if (entry.kind !== 'message' || row.kind !== 'assignment') expect('kind in the store', entry.kind, row.kind)
}
