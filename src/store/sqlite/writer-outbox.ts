import type { DatabaseSync } from 'node:sqlite'
import type { ItemId, ProcessId } from '../../protocol/ids.ts'
import type { ClaimedOutboxEntry, OutboxEntry, OutboxSettlement } from '../types.ts'
import { type PackedId, packId, unpackId, unpackItemId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'
import { OutboxClaims } from './writer-claims.ts'
import type { WriterProcesses } from './writer-processes.ts'
import type { CommitRow, Slice, WriterCalls } from './writer-protocol.ts'

/** `outbox.state`. The indexes of the schema name these numbers. */
const rowState = { first: 0, behind: 1, delivered: 2, dead: 3 } as const

interface ClaimColumns {
  readonly seq: number
  readonly source: PackedId
  readonly nonce: number
  readonly position: number
  readonly kind: OutboxEntry['kind']
  readonly target: PackedId
  readonly item_id: PackedId
  readonly detail: string
  readonly tries: number
  readonly item: Uint8Array
}

/** A commit claims a row only when at most this many rows of its (source, target) wait: the look at them is bounded. */
const claimedBehindMax = 32

type Counts = Record<'pending' | 'delivered' | 'dead', number>

interface Place {
  readonly seq: number
  readonly state: number
  readonly target: PackedId
}

/**
 * Writes outbox rows (I3). Invariant: of the pending rows of a (source, target), the first in order has state `first`,
 * the others `behind`; only `first` rows are handed out.
 */
export class WriterOutbox {
  readonly #processes: WriterProcesses
  readonly #claims = new OutboxClaims()
  readonly #database: DatabaseSync
  readonly #insert: Statement<never>
  readonly #pairHead: Statement<{ readonly seq: number; readonly state: number }>
  readonly #pair: Statement<{ readonly seq: number }>
  readonly #find: Statement<Place>
  readonly #due: Statement<{ readonly seq: number; readonly due_ms: number }>
  readonly #read: Statement<ClaimColumns>
  readonly #setState: Statement<never>
  readonly #retry: Statement<never>
  readonly #deliver: Statement<never>
  readonly #kill: Statement<never>
  readonly #revive: Statement<never>
  readonly #saveCounts: Statement<never>
  #counts: Counts = { pending: 0, delivered: 0, dead: 0 }
  #countsChanged = false

  constructor(database: DatabaseSync, processes: WriterProcesses) {
    this.#database = database
    this.#processes = processes
    this.#insert = prepare(
      database,
      `INSERT INTO outbox (process, nonce, position, kind, target, item_id, detail, state, tries, due_ms, reason, item)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '', ?)`,
    )
    const pair = 'FROM outbox WHERE process = ? AND target = ? AND state < 2 ORDER BY nonce, position'
    this.#pairHead = prepare(database, `SELECT seq, state ${pair} LIMIT 1`)
    this.#pair = prepare(database, `SELECT seq ${pair} LIMIT ${claimedBehindMax + 1}`)
    this.#find = prepare(
      database,
      'SELECT seq, state, target FROM outbox WHERE process = ? AND nonce = ? AND position = ?',
    )
    this.#due = prepare(database, 'SELECT seq, due_ms FROM outbox WHERE state = 0 ORDER BY due_ms, seq')
    this.#read = prepare(
      database,
      `SELECT o.seq, p.id AS source, o.nonce, o.position, o.kind, o.target, o.item_id, o.detail, o.tries, o.item
       FROM outbox o JOIN processes p ON p.seq = o.process WHERE o.seq = ?`,
    )
    this.#setState = prepare(database, 'UPDATE outbox SET state = ? WHERE seq = ?')
    this.#retry = prepare(database, 'UPDATE outbox SET tries = tries + 1, due_ms = ?, reason = ? WHERE seq = ?')
    this.#deliver = prepare(database, `UPDATE outbox SET state = ${rowState.delivered}, item = x'' WHERE seq = ?`)
    this.#kill = prepare(database, `UPDATE outbox SET state = ${rowState.dead}, reason = ? WHERE seq = ?`)
    this.#revive = prepare(
      database,
      `UPDATE outbox SET state = ${rowState.behind}, tries = 0, due_ms = ? WHERE seq = ?`,
    )
    this.#saveCounts = prepare(database, 'UPDATE outbox_counts SET pending = ?, delivered = ?, dead = ?')
    this.forget()
  }

  /** @returns indexes of the entries that the request's claim covers now. */
  add(process: number, { outbox, claim }: CommitRow, bytes: (slice: Slice) => Uint8Array, nowMs: number): number[] {
    const claimed: number[] = []
    outbox.forEach(({ cause, kind, target, itemId, detail, item }, index) => {
      const packedTarget = packId(target)
      const blocked = this.#pairHead.get(process, packedTarget) !== undefined
      const free = claim !== undefined && (!blocked || this.#allClaimed(process, packedTarget, claim.workerId, nowMs))
      const { nonce, index: position } = cause
      const state = blocked ? rowState.behind : rowState.first
      const id = packId(itemId)
      const place = [process, nonce, position, kind, packedTarget, id, detail, state, nowMs, bytes(item)] as const
      const seq = Number(this.#insert.run(...place).lastInsertRowid)
      this.#count('pending', 1)
      if (!free) return
      this.#claims.set(seq, { workerId: claim.workerId, untilMs: nowMs + claim.ttlMs })
      claimed.push(index)
    })
    return claimed
  }

  claim({ workerId, max, ttlMs, nowMs }: WriterCalls['claim']['request']): readonly ClaimedOutboxEntry[] {
    const seqs: number[] = []
    for (const { seq, due_ms } of this.#due.iterate()) {
      if (due_ms > nowMs || seqs.length >= max) break
      if (this.#claims.holder(seq, nowMs) === undefined) seqs.push(seq)
    }
    return seqs.flatMap((seq) => {
      this.#claims.set(seq, { workerId, untilMs: nowMs + ttlMs })
      return this.#read.all(seq).map(toClaimed)
    })
  }

  settle({ cause, outcome }: OutboxSettlement): void {
    const process = this.#processes.get(cause.processId)
    const row = process && this.#find.get(process.seq, cause.nonce, cause.index)
    if (process === undefined || row === undefined || row.state >= rowState.delivered) return
    this.#claims.delete(row.seq)
    if (outcome.state === 'retry') {
      this.#retry.run(outcome.atMs, outcome.reason, row.seq)
      return
    }
    if (outcome.state === 'dead') this.#kill.run(outcome.reason, row.seq)
    else this.#deliver.run(row.seq)
    this.#count('pending', -1)
    this.#count(outcome.state, 1)
    const next = this.#pairHead.get(process.seq, row.target)
    if (next?.state === rowState.behind) this.#setState.run(rowState.first, next.seq)
  }

  /**
   * Makes dead rows pending again, each in its place of its (source, target). A row that another comes before is no
   * longer first, also if it is claimed: its claim stands, so it is settled as if nothing had happened.
   *
   * @returns how many were dead.
   */
  revive({ causes, nowMs }: WriterCalls['revive']['request']): number {
    let revived = 0
    for (const { processId, nonce, index } of causes) {
      const process = this.#processes.get(processId)
      const row = process && this.#find.get(process.seq, nonce, index)
      if (process === undefined || row?.state !== rowState.dead) continue
      const before = this.#pairHead.get(process.seq, row.target)
      this.#revive.run(nowMs, row.seq)
      const after = this.#pairHead.get(process.seq, row.target)
      if (after !== undefined && after.seq !== before?.seq) {
        this.#setState.run(rowState.first, after.seq)
        if (before !== undefined) this.#setState.run(rowState.behind, before.seq)
      }
      this.#count('dead', -1)
      this.#count('pending', 1)
      revived += 1
    }
    return revived
  }

  status(nowMs: number): WriterCalls['status']['answer'] {
    for (const { seq, due_ms } of this.#due.iterate()) {
      if (this.#claims.holder(seq, nowMs) === undefined) return { ...this.#counts, dueAtMs: due_ms }
    }
    return { ...this.#counts, dueAtMs: undefined }
  }

  /** Part of every transaction, before its commit. */
  flush(): void {
    const { pending, delivered, dead } = this.#counts
    if (this.#countsChanged) this.#saveCounts.run(pending, delivered, dead)
    this.#countsChanged = false
  }

  /** At the start and after a rollback: claims are void, counts are those of the database. */
  forget(): void {
    this.#claims.clear()
    const counts = prepare<Counts>(this.#database, 'SELECT pending, delivered, dead FROM outbox_counts')
    this.#counts = { pending: 0, delivered: 0, dead: 0, ...counts.get() }
    this.#countsChanged = false
  }

  #allClaimed(process: number, target: PackedId, workerId: string, nowMs: number): boolean {
    const waiting = this.#pair.all(process, target)
    return (
      waiting.length <= claimedBehindMax && waiting.every(({ seq }) => this.#claims.holder(seq, nowMs) === workerId)
    )
  }

  #count(state: keyof Counts, by: number): void {
    this.#counts[state] += by
    this.#countsChanged = true
  }
}

function toClaimed(row: ClaimColumns): ClaimedOutboxEntry {
  const { nonce, position: index, kind, detail, tries, item } = row
  const cause = { processId: unpackItemId<ProcessId>(row.source), nonce, index }
  const target = unpackId(row.target)
  return { cause, kind, target, itemId: unpackItemId<ItemId>(row.item_id), item, detail, tries }
}
