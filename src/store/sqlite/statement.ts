import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

/** A prepared statement whose rows have the given shape. The shape is a promise of the SQL text beside it. */
export interface Statement<Row> {
  get(...values: SQLInputValue[]): Row | undefined
  all(...values: SQLInputValue[]): Row[]
  /** Rows one by one; breaking off ends the read. */
  iterate(...values: SQLInputValue[]): Iterable<Row>
  run(...values: SQLInputValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint }
}

/** Prepares once; keep the answer. This is the only place where rows get their type. */
export function prepare<Row = never>(database: DatabaseSync, sql: string): Statement<Row> {
  return database.prepare(sql) as unknown as Statement<Row>
}
