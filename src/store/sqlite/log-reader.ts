import type { DatabaseSync } from 'node:sqlite'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import { emptyHead } from '../checks.ts'
import type { Cause, ChainPlace, ChainRoot, EntryKind, Head, LogEntry } from '../types.ts'
import type { PlannerReads } from './append-planner.ts'
import { type PackedId, packId, toHex, unpackId, unpackItemId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'

interface HeadColumns {
  readonly next: number
  readonly evaluated: number
  readonly checkpoint_nonce: number | null
  readonly manifest: Uint8Array | null
  readonly hash_chain: PackedId
  readonly assignment_id: PackedId
  readonly timestamp_ms: number
}

interface ChainColumns {
  /** Null when the entry is the root of a chain of its own, as are the other two. */
  readonly chain_process: PackedId | null
  readonly chain_nonce: number | null
  readonly chain_depth: number | null
}

interface EntryColumns extends ChainColumns {
  readonly nonce: number
  readonly kind: EntryKind
  readonly item_id: PackedId
  readonly item: Uint8Array
  readonly assignment_id: PackedId
  readonly assignment: Uint8Array
  readonly timestamp_ms: number
  readonly block_height: number
  readonly hash_chain: PackedId
  readonly cause_process: PackedId | null
  readonly cause_nonce: number | null
  readonly cause_index: number | null
}

const entryColumns = `l.nonce, l.kind, i.id AS item_id, i.bytes AS item, l.assignment_id, l.assignment, l.timestamp_ms,
  l.block_height, l.hash_chain, l.cause_process, l.cause_nonce, l.cause_index, r.id AS chain_process, l.chain_nonce,
  l.chain_depth`
const chainProcess = 'LEFT JOIN processes r ON r.seq = l.chain_process'
const ofProcess = 'process = (SELECT seq FROM processes WHERE id = ?)'

/** Reads logs: committed entries, a gapless prefix. */
export class LogReader implements PlannerReads {
  readonly #head: Statement<HeadColumns>
  readonly #range: Statement<EntryColumns>
  readonly #byItem: Statement<EntryColumns>
  readonly #byCause: Statement<EntryColumns>
  readonly #chain: Statement<ChainColumns>
  readonly #chainEntries: Statement<{ readonly entries: number }>
  readonly #nonceByItem: Statement<{ readonly nonce: number }>
  readonly #nonceByAssignment: Statement<{ readonly nonce: number }>
  readonly #time: Statement<{ readonly timestamp_ms: number }>

  constructor(database: DatabaseSync) {
    this.#head = prepare(
      database,
      `SELECT p.next, p.evaluated, c.nonce AS checkpoint_nonce, c.manifest, l.hash_chain, l.assignment_id,
         l.timestamp_ms
       FROM processes p JOIN log l ON l.process = p.seq AND l.nonce = p.next - 1
       LEFT JOIN checkpoints c ON c.process = p.seq
         AND c.nonce = (SELECT max(nonce) FROM checkpoints WHERE process = p.seq)
       WHERE p.id = ?`,
    )
    this.#range = prepare(
      database,
      `SELECT ${entryColumns} FROM log l JOIN items i ON i.seq = l.item ${chainProcess}
       WHERE l.${ofProcess} AND l.nonce >= ? AND l.nonce <= ? ORDER BY l.nonce LIMIT ?`,
    )
    // CROSS JOIN: begin with the item. Most items that are looked for are new, and then this ends at once.
    this.#byItem = prepare(
      database,
      `SELECT ${entryColumns} FROM items i CROSS JOIN log l ON l.item = i.seq ${chainProcess}
       WHERE i.id = ? AND l.${ofProcess}`,
    )
    this.#byCause = prepare(
      database,
      `SELECT ${entryColumns} FROM log l JOIN items i ON i.seq = l.item ${chainProcess}
       WHERE l.${ofProcess} AND l.cause_process = ? AND l.cause_nonce = ? AND l.cause_index = ?`,
    )
    this.#chain = prepare(
      database,
      `SELECT r.id AS chain_process, l.chain_nonce, l.chain_depth FROM log l ${chainProcess}
       WHERE l.${ofProcess} AND l.nonce = ?`,
    )
    this.#chainEntries = prepare(database, `SELECT entries FROM chains WHERE ${ofProcess} AND nonce = ?`)
    this.#nonceByItem = prepare(
      database,
      `SELECT nonce FROM log WHERE ${ofProcess} AND item = (SELECT seq FROM items WHERE id = ?)`,
    )
    this.#nonceByAssignment = prepare(database, `SELECT nonce FROM log WHERE ${ofProcess} AND assignment_id = ?`)
    this.#time = prepare(database, `SELECT timestamp_ms FROM log WHERE ${ofProcess} AND nonce = ?`)
  }

  head(processId: ProcessId): Head {
    const row = this.#head.get(packId(processId))
    if (row === undefined) return emptyHead
    const { next, evaluated, checkpoint_nonce: nonce, manifest, timestamp_ms: timestampMs } = row
    const checkpoint = nonce === null || manifest === null ? undefined : { nonce, manifest: toHex(manifest) }
    const assignmentId = unpackItemId<ItemId>(row.assignment_id)
    return { next, hashChain: unpackId(row.hash_chain), assignmentId, timestampMs, evaluated, checkpoint }
  }

  range(processId: ProcessId, from: number, to: number, limit: number): readonly LogEntry[] {
    return this.#range.all(packId(processId), from, to, limit).map((row) => toEntry(processId, row))
  }

  /** Timestamps grow with the nonce, so the first entry is found by halving. */
  rangeByTime(processId: ProcessId, fromMs: number, toMs: number, limit: number): readonly LogEntry[] {
    const first = this.#firstAbove(processId, fromMs)
    const past = this.#firstAbove(processId, toMs)
    return past <= first ? [] : this.range(processId, first, past - 1, limit)
  }

  entryByItem(processId: ProcessId, itemId: ItemId): LogEntry | undefined {
    const row = this.#byItem.get(packId(itemId), packId(processId))
    return row && toEntry(processId, row)
  }

  entryByCause(processId: ProcessId, cause: Cause): LogEntry | undefined {
    const row = this.#byCause.get(packId(processId), packId(cause.processId), cause.nonce, cause.index)
    return row && toEntry(processId, row)
  }

  chainOf(processId: ProcessId, nonce: number): ChainPlace | undefined {
    const row = this.#chain.get(packId(processId), nonce)
    return row && toChain(row, { processId, nonce })
  }

  chainEntries({ processId, nonce }: ChainRoot): number {
    const counted = this.#chainEntries.get(packId(processId), nonce)
    // A root without followers is not counted anywhere.
    return counted?.entries ?? (this.chainOf(processId, nonce)?.depth === 0 ? 1 : 0)
  }

  nonceOf(processId: ProcessId, id: ItemId): number | undefined {
    const [process, wanted] = [packId(processId), packId(id)]
    return (this.#nonceByItem.get(process, wanted) ?? this.#nonceByAssignment.get(process, wanted))?.nonce
  }

  #firstAbove(processId: ProcessId, timeMs: number): number {
    const process = packId(processId)
    let low = 0
    let high = this.head(processId).next
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.#time.get(process, middle)?.timestamp_ms ?? 0) > timeMs) high = middle
      else low = middle + 1
    }
    return low
  }
}

function toEntry(processId: ProcessId, row: EntryColumns): LogEntry {
  const { nonce, kind, item, assignment, cause_process, cause_nonce, cause_index } = row
  const cause =
    cause_process === null || cause_nonce === null || cause_index === null
      ? undefined
      : { processId: unpackItemId<ProcessId>(cause_process), nonce: cause_nonce, index: cause_index }
  return {
    processId,
    nonce,
    kind,
    itemId: unpackItemId<ItemId>(row.item_id),
    item,
    assignmentId: unpackItemId<ItemId>(row.assignment_id),
    assignment,
    timestampMs: row.timestamp_ms,
    blockHeight: row.block_height,
    hashChain: unpackId(row.hash_chain),
    cause,
    chain: toChain(row, { processId, nonce }),
  }
}

function toChain({ chain_process, chain_nonce, chain_depth }: ChainColumns, self: ChainRoot): ChainPlace {
  if (chain_process === null || chain_nonce === null || chain_depth === null) return { ...self, depth: 0 }
  return { processId: unpackItemId<ProcessId>(chain_process), nonce: chain_nonce, depth: chain_depth }
}
