import type { DatabaseSync } from 'node:sqlite'
import type { ProcessId } from '../../protocol/ids.ts'
import { type PackedId, packId, unpackItemId } from './row-codec.ts'
import { prepare, type Statement } from './statement.ts'

/** A row of `processes`, changed in memory and written once per transaction however many entries it got. */
export interface ProcessRow {
  readonly seq: number
  next: number
  evaluated: number
  epoch: number
}

const cacheCountMax = 20_000

/** The rows of `processes`, as the writer thread, their only writer, knows them. */
export class WriterProcesses {
  readonly #known = new Map<ProcessId, ProcessRow>()
  readonly #changed = new Set<ProcessRow>()
  readonly #select: Statement<ProcessRow>
  readonly #insert: Statement<never>
  readonly #update: Statement<never>
  readonly #withWork: Statement<{ readonly id: PackedId }>
  readonly #monitor: Statement<never>
  readonly #unmonitor: Statement<never>

  constructor(database: DatabaseSync) {
    this.#select = prepare(database, 'SELECT seq, next, evaluated, epoch FROM processes WHERE id = ?')
    this.#insert = prepare(database, 'INSERT INTO processes (id, next, evaluated, epoch) VALUES (?, 0, 0, 0)')
    this.#update = prepare(database, 'UPDATE processes SET next = ?, evaluated = ?, epoch = ? WHERE seq = ?')
    this.#withWork = prepare(database, 'SELECT id FROM processes WHERE evaluated < next ORDER BY seq')
    this.#monitor = prepare(database, 'INSERT OR IGNORE INTO monitors (process) VALUES (?)')
    this.#unmonitor = prepare(database, 'DELETE FROM monitors WHERE process = ?')
  }

  get(id: ProcessId): ProcessRow | undefined {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const columns = this.#select.get(packId(id))
    if (columns === undefined) return undefined
    const { seq, next, evaluated, epoch } = columns
    const row: ProcessRow = { seq, next, evaluated, epoch }
    this.#known.set(id, row)
    return row
  }

  create(id: ProcessId): ProcessRow {
    const seq = Number(this.#insert.run(packId(id)).lastInsertRowid)
    const row = { seq, next: 0, evaluated: 0, epoch: 0 }
    this.#known.set(id, row)
    return row
  }

  changed(row: ProcessRow): void {
    this.#changed.add(row)
  }

  setMonitored(id: ProcessId, isMonitored: boolean): void {
    const row = this.get(id)
    if (row !== undefined) (isMonitored ? this.#monitor : this.#unmonitor).run(row.seq)
  }

  /** Processes with entries that have no result, oldest first. Breaking off ends the read. */
  *withWork(): Generator<ProcessId> {
    this.flush()
    for (const { id } of this.#withWork.iterate()) yield unpackItemId<ProcessId>(id)
  }

  /** Writes what changed. Part of every transaction, before its commit. */
  flush(): void {
    for (const { seq, next, evaluated, epoch } of this.#changed) this.#update.run(next, evaluated, epoch, seq)
    this.#changed.clear()
  }

  /** After a commit: keeps the memory bounded. */
  trim(): void {
    if (this.#known.size > cacheCountMax) this.#known.clear()
  }

  /** After a rollback: what is known may never have been written. */
  forget(): void {
    this.#known.clear()
    this.#changed.clear()
  }
}
