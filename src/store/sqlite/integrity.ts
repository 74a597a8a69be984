import { closeSync, openSync, readSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../errors.ts'
import { fileError } from './file-errors.ts'
import { type PackedId, toHex, unpackId } from './row-codec.ts'
import { prepare } from './statement.ts'

/**
 * Reads the whole file and checks its structure, not what it says. Time grows with the file: see docs/store.md. No
 * connection of this process may have it open: see `owner-lock.ts`.
 *
 * @throws {StoreError} `STORE_CORRUPT`.
 */
export function checkStructure(path: string): void {
  readAhead(path)
  const database = new DatabaseSync(path)
  try {
    const [first] = database.prepare('PRAGMA quick_check(1)').all()
    const answer = String(Object.values(first ?? {})[0])
    if (answer !== 'ok') throw new StoreError({ code: 'STORE_CORRUPT', path, problem: answer })
  } catch (cause) {
    throw fileError(cause, path)
  } finally {
    database.close()
  }
}

const readAheadBytes = 1_048_576

/** Has the system read the file from front to end: after a power cut that is several times faster than page by page. */
function readAhead(path: string): void {
  const buffer = Buffer.allocUnsafe(readAheadBytes)
  const file = openSync(path, 'r')
  try {
    while (readSync(file, buffer) > 0);
  } finally {
    closeSync(file)
  }
}

interface Files {
  readonly mainPath: string
  /** Connections to both, of this version of the schema. */
  readonly main: DatabaseSync
  readonly pages: DatabaseSync
}

interface ProcessCounts {
  readonly id: PackedId
  readonly next: number
  readonly evaluated: number
  readonly entries: number
  readonly last_entry: number
  readonly results: number
  readonly last_result: number
}

interface CheckpointRow {
  readonly id: PackedId
  readonly nonce: number
  readonly evaluated: number
  readonly manifest: Uint8Array
}

/**
 * Checks what must hold between rows and can be read off the indexes: each log is gapless and ends where its count says,
 * so do the results, counts of the outbox are those of its rows, one row of each pair is first, checkpoints are of
 * evaluated entries and find their manifests.
 *
 * @throws {StoreError} `STORE_CORRUPT` with the first that does not.
 */
export function checkInvariants(files: Files): void {
  const problem = logProblem(files.main) ?? outboxProblem(files.main) ?? checkpointProblem(files)
  if (problem !== undefined) throw new StoreError({ code: 'STORE_CORRUPT', path: files.mainPath, problem })
}

function logProblem(main: DatabaseSync): string | undefined {
  // Nonces are unique and begin with 0, so a count and a last nonce that fit leave no room for a gap.
  const bad = prepare<ProcessCounts>(
    main,
    `WITH
       log_counts AS (SELECT process, count(*) AS entries, max(nonce) AS last_entry FROM log GROUP BY process),
       result_counts AS (SELECT process, count(*) AS results, max(nonce) AS last_result FROM results GROUP BY process)
     SELECT * FROM (
       SELECT p.id, p.next, p.evaluated, ifnull(entries, 0) AS entries, ifnull(last_entry, -1) AS last_entry,
         ifnull(results, 0) AS results, ifnull(last_result, -1) AS last_result
       FROM processes p LEFT JOIN log_counts l ON l.process = p.seq LEFT JOIN result_counts r ON r.process = p.seq
     )
     WHERE entries <> next OR last_entry <> next - 1 OR results <> evaluated OR last_result <> evaluated - 1
       OR evaluated > next
     LIMIT 1`,
  ).get()
  if (bad !== undefined) {
    const { id, next, evaluated, entries, last_entry, results, last_result } = bad
    return (
      `process ${unpackId(id)} should have ${next} entries and ${evaluated} results; ` +
      `there are ${entries} entries up to nonce ${last_entry} and ${results} results up to nonce ${last_result}`
    )
  }
  for (const [table, count] of [
    ['log', 'next'],
    ['results', 'evaluated'],
  ] as const) {
    const sums = prepare<{ readonly rows: number; readonly known: number }>(
      main,
      `SELECT (SELECT count(*) FROM ${table}) AS rows, (SELECT ifnull(sum(${count}), 0) FROM processes) AS known`,
    ).get()
    if (sums?.rows !== sums?.known) return `${table} has rows of processes that do not exist`
  }
  return undefined
}

function outboxProblem(main: DatabaseSync): string | undefined {
  const counts = prepare<Record<'pending' | 'dead' | 'delivered' | 'rows' | 'waiting' | 'died', number>>(
    main,
    `SELECT pending, dead, delivered, (SELECT count(*) FROM outbox) AS rows,
       (SELECT count(*) FROM outbox WHERE state < 2) AS waiting, (SELECT count(*) FROM outbox WHERE state = 3) AS died
     FROM outbox_counts`,
  ).get()
  if (counts === undefined) return 'the counts of the outbox are missing'
  const { pending, dead, delivered, rows, waiting, died } = counts
  if (pending !== waiting || dead !== died || delivered !== rows - waiting - died) {
    return (
      `the outbox should have ${pending} pending, ${dead} dead and ${delivered} delivered entries; ` +
      `there are ${waiting}, ${died} and ${rows - waiting - died}`
    )
  }
  const misplaced = prepare<{ readonly id: PackedId; readonly nonce: number; readonly position: number }>(
    main,
    `SELECT p.id, o.nonce, o.position FROM (
       SELECT process, nonce, position, state,
         row_number() OVER (PARTITION BY process, target ORDER BY nonce, position) AS place
       FROM outbox WHERE state < 2
     ) o JOIN processes p ON p.seq = o.process WHERE (place = 1) <> (state = 0) LIMIT 1`,
  ).get()
  if (misplaced === undefined) return undefined
  return `outbox entry ${misplaced.nonce}.${misplaced.position} of process ${unpackId(misplaced.id)} is out of order`
}

function checkpointProblem({ main, pages }: Files): string | undefined {
  const hasPage = prepare(pages, 'SELECT 1 FROM pages WHERE hash = ?')
  const checkpoints = prepare<CheckpointRow>(
    main,
    'SELECT p.id, c.nonce, p.evaluated, c.manifest FROM checkpoints c JOIN processes p ON p.seq = c.process',
  )
  for (const { id, nonce, evaluated, manifest } of checkpoints.iterate()) {
    const name = `the checkpoint of process ${unpackId(id)} at nonce ${nonce}`
    if (nonce >= evaluated) return `${name} is of an entry without result`
    if (hasPage.get(manifest) === undefined) return `${name} names the page ${toHex(manifest)}, which is not stored`
  }
  return undefined
}
