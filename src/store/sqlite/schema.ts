import { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../errors.ts'
import type { StoreLog } from '../types.ts'
import { createPrivateFile } from './owner-lock.ts'

/** `PRAGMA application_id`: "Loom" in ASCII. */
const applicationId = 0x4c6f6f6d

/**
 * The main file: element `n` of the list leads from version `n` to `n + 1`, and a new file goes through all of them.
 * What a released element says is never changed: a change of a table is a new element.
 *
 * An id column without a type holds 32 bytes for an id of 43 characters, and text for anything else (`packId`). Sequence
 * numbers grow in the order of storing, and are never used again; `process` and `chain_process` are those of processes.
 *
 * - `processes`: `next` and `evaluated` are counts; `epoch` is the fence of the last lease. Holders of leases and of
 *   outbox claims live in the writer's memory: they end with it.
 * - `log`: what stands at each nonce; the bytes of the item are in `items`. The root of a chain has no `chain_…` values.
 * - `chains`: how many entries a chain has, if it has more than its root.
 * - `item_terms`: for each item, a hash of every tag, of its owner and of its target; see `terms.ts`.
 * - `block_times`: the first and the last time of the items of 256 heights.
 * - `bundled_items`: what an item was unpacked from. Not a column of `items`, where it would stand behind the bytes.
 * - `monitors`: processes whose crons push.
 * - `outbox.state`: 0 first of its (source, target), 1 behind another, 2 delivered, 3 dead. The pair is
 *   (`process`, `target`), its order (`nonce`, `position`). A delivered row has given up its bytes.
 */
const mainSteps: readonly string[] = [
  `
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
`,
  // Chains: what version 1 has is found by going from the roots, entries without a known cause, to what they caused.
  `
  ALTER TABLE log ADD COLUMN chain_process INTEGER;
  ALTER TABLE log ADD COLUMN chain_nonce INTEGER;
  ALTER TABLE log ADD COLUMN chain_depth INTEGER;
  CREATE INDEX caused ON log (cause_process, cause_nonce) WHERE cause_process IS NOT NULL;
  CREATE TEMP TABLE place (seq INTEGER PRIMARY KEY, root_process INTEGER, root_nonce INTEGER, depth INTEGER);
  WITH RECURSIVE place_of (seq, process, nonce, root_process, root_nonce, depth) AS (
    SELECT l.seq, l.process, l.nonce, l.process, l.nonce, 0 FROM log l
    WHERE NOT EXISTS (
      SELECT 1 FROM processes p JOIN log above ON above.process = p.seq AND above.nonce = l.cause_nonce
      WHERE p.id = l.cause_process
    )
    UNION ALL
    SELECT l.seq, l.process, l.nonce, above.root_process, above.root_nonce, above.depth + 1
    FROM place_of above JOIN processes p ON p.seq = above.process
      JOIN log l ON l.cause_process = p.id AND l.cause_nonce = above.nonce
  )
  INSERT INTO place SELECT seq, root_process, root_nonce, depth FROM place_of WHERE depth > 0;
  UPDATE log SET chain_process = root_process, chain_nonce = root_nonce, chain_depth = depth
    FROM place WHERE place.seq = log.seq;
  DROP TABLE place;
  DROP INDEX caused;
  CREATE TABLE chains (
    process INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (process, nonce)
  ) WITHOUT ROWID;
  INSERT INTO chains SELECT chain_process, chain_nonce, 1 + count(*) FROM log WHERE chain_process IS NOT NULL
    GROUP BY chain_process, chain_nonce;

  CREATE TABLE checkpoints (
    process INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    PRIMARY KEY (process, nonce)
  ) WITHOUT ROWID;
  INSERT INTO checkpoints SELECT seq, checkpoint_nonce, unhex(checkpoint_manifest) FROM processes
    WHERE length(unhex(checkpoint_manifest)) = 32;
  ALTER TABLE processes DROP COLUMN checkpoint_nonce;
  ALTER TABLE processes DROP COLUMN checkpoint_manifest;

  CREATE INDEX outbox_dead ON outbox (process, target, nonce, position) WHERE state = 3;
  `,
  // Items are found in the order of their blocks: a term lists positions (item-position.ts), and 0 is that of every item.
  `
  CREATE TEMP TABLE place (seq INTEGER PRIMARY KEY, position INTEGER NOT NULL);
  INSERT INTO place SELECT seq, min(max(block_height, 0), 8388607) * 1073741824 + seq FROM items;
  CREATE TABLE item_terms (
    term INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (term, position)
  ) WITHOUT ROWID;
  INSERT INTO item_terms SELECT 0, position FROM place ORDER BY position;
  INSERT INTO item_terms SELECT t.term, p.position FROM terms t JOIN place p ON p.seq = t.item
    ORDER BY t.term, p.position;
  DROP TABLE place;
  DROP TABLE terms;
  DROP INDEX items_by_height;

  CREATE TABLE block_times (
    block_group INTEGER PRIMARY KEY,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
  );
  INSERT INTO block_times SELECT max(block_height, 0) / 256, min(timestamp_ms), max(timestamp_ms) FROM items GROUP BY 1;

  CREATE TABLE bundled_items (
    item INTEGER PRIMARY KEY,
    bundle NOT NULL
  );
  `,
  'CREATE TABLE monitors (process INTEGER PRIMARY KEY);',
]

/**
 * The second file: snapshot pages, written once, by the SHA-256 of their bytes. `page_times` says when a page was put
 * last; without a row it was long ago. Beside the pages, since a row of it is rewritten each time.
 */
const pageSteps: readonly string[] = [
  `
  CREATE TABLE pages (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    bytes BLOB NOT NULL
  );
  `,
  `
  CREATE TABLE page_times (
    page INTEGER PRIMARY KEY,
    put_ms INTEGER NOT NULL
  );
  CREATE TABLE page_counts (
    pages INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  );
  INSERT INTO page_counts SELECT count(*), coalesce(sum(length(bytes)), 0) FROM pages;
  `,
]

const databases = {
  main: { steps: mainSteps, pageSize: 8_192 },
  pages: { steps: pageSteps, pageSize: 8_192 },
} as const

export type DatabaseName = keyof typeof databases

export interface SchemaVersion {
  /** 0 for an empty file. */
  readonly found: number
  /** That of this program, which is never below `found`. */
  readonly known: number
}

/** @throws {StoreError} `STORE_SCHEMA_UNKNOWN` for a newer version, or for a database that is not Loom's. */
export function readVersion(database: DatabaseSync, path: string, name: DatabaseName): SchemaVersion {
  const empty = pragma(database, 'schema_version') === 0
  const found = pragma(database, 'user_version')
  const known = databases[name].steps.length
  const foreign = !empty && pragma(database, 'application_id') !== applicationId
  if (found > known || foreign) throw new StoreError({ code: 'STORE_SCHEMA_UNKNOWN', path, found, known, foreign })
  return { found, known }
}

/**
 * Creates the file (mode 0600, and so SQLite's files beside it) with its tables, or brings one of an older version up to
 * this one. All steps are one transaction: a crash leaves the old version.
 *
 * @throws {StoreError} `STORE_SCHEMA_UNKNOWN` for a newer version, or for a database that is not Loom's.
 */
export function prepareDatabase(path: string, name: DatabaseName, log: StoreLog | undefined): void {
  const { steps, pageSize } = databases[name]
  createPrivateFile(path)
  const database = new DatabaseSync(path)
  try {
    const { found, known } = readVersion(database, path, name)
    if (found === known) return
    if (found === 0) database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL`)
    else log?.info({ path, found, known }, 'bringing the database to this version')
    const marks = `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${known};`
    database.exec(`PRAGMA synchronous = FULL; BEGIN IMMEDIATE; ${steps.slice(found).join('')} ${marks} COMMIT`)
  } finally {
    database.close()
  }
}

/** The number that a pragma without argument answers. */
export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}
