import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../errors.ts'
import { createPrivateFile } from './owner-lock.ts'

/** Version in `PRAGMA user_version` of both files. A change of a table below is a new version with a step up to it. */
export const schemaVersion = 1

/** `PRAGMA application_id`: "Loom" in ASCII. */
const applicationId = 0x4c6f6f6d

/**
 * The main file. An id column without a type holds 32 bytes for an id of 43 characters, and text for anything else
 * (`packId`). Sequence numbers grow in the order of storing, and are never used again.
 *
 * - `processes`: `next` and `evaluated` are counts; `epoch` is the fence of the last lease. Holders of leases and of
 *   outbox claims live in the writer's memory: they end with it.
 * - `log`: what stands at each nonce; the bytes of the item are in `items`.
 * - `terms`: for each item, a hash of every tag, of its owner and of its target; see `terms.ts`.
 * - `outbox.state`: 0 first of its (source, target), 1 behind another, 2 delivered, 3 dead. The pair is
 *   (`process`, `target`), its order (`nonce`, `position`). A delivered row has given up its bytes.
 */
const mainTables = `
  CREATE TABLE processes (
    seq INTEGER PRIMARY KEY,
    id NOT NULL UNIQUE,
    next INTEGER NOT NULL,
    evaluated INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    checkpoint_nonce INTEGER,
    checkpoint_manifest TEXT
  );
  CREATE INDEX processes_with_work ON processes (seq) WHERE evaluated < next;

  CREATE TABLE items (
    seq INTEGER PRIMARY KEY,
    id NOT NULL UNIQUE,
    owner NOT NULL,
    target,
    tags TEXT NOT NULL,
    block_height INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    bytes BLOB NOT NULL
  );
  CREATE INDEX items_by_height ON items (block_height, seq);

  CREATE TABLE terms (
    term INTEGER NOT NULL,
    item INTEGER NOT NULL,
    PRIMARY KEY (term, item)
  ) WITHOUT ROWID;

  CREATE TABLE log (
    seq INTEGER PRIMARY KEY,
    process INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    kind TEXT NOT NULL,
    item INTEGER NOT NULL,
    assignment_id NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    block_height INTEGER NOT NULL,
    hash_chain NOT NULL,
    cause_process,
    cause_nonce INTEGER,
    cause_index INTEGER,
    assignment BLOB NOT NULL,
    UNIQUE (process, nonce),
    UNIQUE (process, item),
    UNIQUE (process, assignment_id)
  );
  CREATE UNIQUE INDEX log_by_cause ON log (process, cause_process, cause_nonce, cause_index)
    WHERE cause_process IS NOT NULL;

  CREATE TABLE results (
    seq INTEGER PRIMARY KEY,
    process INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    gas_used REAL NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (process, nonce)
  );

  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    process INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    target NOT NULL,
    item_id NOT NULL,
    detail TEXT NOT NULL,
    state INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    item BLOB NOT NULL,
    UNIQUE (process, nonce, position)
  );
  CREATE INDEX outbox_pairs ON outbox (process, target, nonce, position) WHERE state < 2;
  CREATE INDEX outbox_due ON outbox (due_ms, seq) WHERE state = 0;

  CREATE TABLE outbox_counts (
    pending INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    dead INTEGER NOT NULL
  );
  INSERT INTO outbox_counts VALUES (0, 0, 0);
`

/** The second file: snapshot pages, written once, by the SHA-256 of their bytes. */
const pageTables = `
  CREATE TABLE pages (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
  );
`

const files = {
  main: { tables: mainTables, pageSize: 8_192 },
  pages: { tables: pageTables, pageSize: 8_192 },
} as const

/**
 * Creates the file (mode 0600, and so SQLite's files beside it) with its tables, or checks that it is one we know.
 *
 * @throws {StoreError} `STORE_SCHEMA_UNKNOWN` for a newer version, or for a database that is not Loom's.
 */
export function prepareDatabase(path: string, file: keyof typeof files): void {
  const { tables, pageSize } = files[file]
  createPrivateFile(path)
  const database = new DatabaseSync(path)
  try {
    const found = pragma(database, 'user_version')
    const empty = pragma(database, 'schema_version') === 0
    if (empty) {
      database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`)
      database.exec(
        `BEGIN; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}; COMMIT`,
      )
    } else if (found !== schemaVersion || pragma(database, 'application_id') !== applicationId) {
      throw new StoreError({ code: 'STORE_SCHEMA_UNKNOWN', path, found, known: schemaVersion })
    }
  } finally {
    database.close()
  }
}

/** The number that a pragma without argument answers. */
export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}
