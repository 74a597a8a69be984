import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { loadNodeKey } from '../network/node-key.ts'
import { createAssignment, parseAssignment } from '../protocol/assignment.ts'
import { createDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import type { DataItem } from '../protocol/types.ts'
import { writeManifest } from '../store/manifest.ts'
import { toPage } from '../store/page-hash.ts'
import { packId } from '../store/sqlite/row-codec.ts'
import { addMessages, alice, sharedDirectory, type Workbench, withStore } from './archive.fixture.ts'
import type { ArchiveErrorInfo } from './errors.ts'
import { replayStored, type StoredReplay, type StoredReplayRequest } from './stored-replay.ts'

const copyDirectory = sharedDirectory()
let filled: Workbench
let processId: ProcessId
beforeEach(() => {
  filled = copyDirectory()
  processId = filled.processId
})

function replay(request: Partial<StoredReplayRequest> = {}): Promise<StoredReplay> {
  const { path, thread, signer } = filled
  return withStore(path, (store) => {
    return replayStored({ processId, verify: true, ...request }, { store, thread, nodeAddress: signer.address })
  })
}

/** What a replay finds; undefined when it finds nothing. */
async function finding(request: Partial<StoredReplayRequest> = {}) {
  const info: unknown = await replay(request).then(
    () => undefined,
    (error: { info: ArchiveErrorInfo }) => error.info,
  )
  const { code, nonce, differences } = info as Extract<ArchiveErrorInfo, { code: 'ARCHIVE_DIFFERS' }>
  expect(code).toBe('ARCHIVE_DIFFERS')
  return { nonce, whats: differences.map(({ what }) => what), differences }
}

/** Changes a database behind the store's back. `:process` is the row number of the process, `:nonce` as given. */
function tamper(
  sql: string,
  nonce?: number,
  file = 'loom.sqlite',
  values: Record<string, Uint8Array | string> = {},
): void {
  const database = new DatabaseSync(join(filled.path, file))
  const named: Record<string, Uint8Array | string | number> = { ...values }
  if (sql.includes(':process')) {
    const row = database.prepare('SELECT seq FROM processes WHERE id = ?').get(packId(processId))
    named[':process'] = Number(row?.seq)
  }
  if (nonce !== undefined) named[':nonce'] = nonce
  expect(database.prepare(sql).run(named).changes).toBeGreaterThan(0)
  database.close()
}

/** One byte of a value is another: of the middle byte the lowest bit. */
const flipped = (column: string): string => {
  const middle = `(length(${column}) / 2)`
  const byte = `hex(substr(${column}, ${middle}, 1))`
  const other = `unhex(substr(${byte}, 1, 1) || CASE substr(${byte}, 2) WHEN '0' THEN '1' ELSE '0' END)`
  return `CAST(substr(${column}, 1, ${middle} - 1) || ${other} || substr(${column}, ${middle} + 1) AS BLOB)`
}
const itemAt = 'seq = (SELECT item FROM log WHERE process = :process AND nonce = :nonce)'

describe('without a difference', () => {
  test('all of the process is what the log gives', async () => {
    const report = await replay()
    const count = report.summary.lastNonce + 1
    expect(report).toMatchObject({
      stateHash: filled.stateHashes.get(processId),
      evaluatedCount: count,
      comparedCount: count,
      failedCount: 1,
      outboxCompared: true,
      checkpoints: { comparedCount: 1, skipped: [] },
      unevaluatedCount: 0,
      summary: { scheduler: filled.nodeAddress },
    })
  })

  test('a fork is replayed from the state that it came from', async () => {
    const report = await replay({ processId: filled.forkId })
    expect(report.stateHash).toBe(filled.stateHashes.get(filled.forkId))
    expect(report.origin).toEqual({ processId, nonce: filled.forkNonce })
  })

  test('a part gives the same as the whole, from the log and from a snapshot', async () => {
    await addMessages(filled.path, processId, 3)
    const whole = await replay()
    const last = whole.summary.lastNonce
    const part = await replay({ from: last - 1 })
    const trusting = await replay({ from: last - 1, trustCheckpoints: true })
    expect([part.stateHash, trusting.stateHash]).toEqual([whole.stateHash, whole.stateHash])
    expect([part.comparedCount, trusting.comparedCount]).toEqual([2, 2])
    expect(part).toMatchObject({ checkpoint: undefined, evaluatedCount: last + 1 })
    expect(trusting).toMatchObject({ checkpoint: last - 3, evaluatedCount: 2 })
    const ended = await replay({ to: last - 3 })
    expect(ended.stateHash).toBe(filled.stateHashes.get(processId))
    expect((await replay({ verify: false })).stateHash).toBe(whole.stateHash)
  })

  test('a message of its own that was assigned to a process is as good as one that was sent to it', async () => {
    tamper("UPDATE log SET kind = 'assignment' WHERE process = :process AND nonce = :nonce", 4)
    expect(await replay()).toMatchObject({ verified: true })
  })

  test('entries without results are said to have none', async () => {
    const { lastNonce } = (await replay({ verify: false })).summary
    tamper('DELETE FROM results WHERE process = :process AND nonce = :nonce', lastNonce)
    tamper('UPDATE processes SET evaluated = :nonce WHERE seq = :process', lastNonce)
    tamper('DELETE FROM checkpoints WHERE process = :process AND nonce = :nonce', lastNonce)
    expect(await replay()).toMatchObject({ comparedCount: lastNonce, unevaluatedCount: 1 })
  })

  test('the state of another engine is left out and named', async () => {
    const [checkpoint] = await withStore(filled.path, (store) => store.listCheckpoints(processId))
    // An equal snapshot that says it is of another engine.
    const database = new DatabaseSync(join(filled.path, 'pages.sqlite'))
    const hash = Buffer.from(checkpoint?.manifest ?? '', 'hex')
    const { bytes } = database.prepare('SELECT bytes FROM pages WHERE hash = ?').get(hash) as { bytes: Uint8Array }
    const text = Buffer.from(bytes).toString('latin1').replace('"lua-5.3.6/', '"lua-0.0.0/')
    const page = toPage(Buffer.from(text, 'latin1'))
    database.prepare('INSERT INTO pages (hash, bytes) VALUES (?, ?)').run(Buffer.from(page.hash, 'hex'), page.bytes)
    database.close()
    tamper('UPDATE checkpoints SET manifest = unhex(:hash) WHERE process = :process', undefined, 'loom.sqlite', {
      ':hash': page.hash,
    })
    const { checkpoints } = await replay()
    expect(checkpoints).toEqual({ comparedCount: 0, skipped: [checkpoint?.nonce] })
  })
})

describe('the first difference is named', () => {
  test.each([
    ['the result', "UPDATE results SET json = replace(json, 'Output', 'Outpux')", ['result']],
    ['whether it failed', 'UPDATE results SET failed = 1 - failed', ['failure']],
    ['the gas', 'UPDATE results SET gas_used = gas_used + 1', ['gas']],
    ['the time', 'UPDATE log SET timestamp_ms = timestamp_ms + 1', ['timestampMs in the store']],
    ['the height', 'UPDATE log SET block_height = block_height + 1', ['blockHeight in the store']],
    ['the hash chain', 'UPDATE log SET hash_chain = randomblob(32)', ['hashChain in the store']],
    ['the id of the assignment', 'UPDATE log SET assignment_id = randomblob(32)', ['assignmentId in the store']],
    ['the kind', "UPDATE log SET kind = 'process'", ['kind in the store']],
  ])('when %s is another', async (_name, sql, whats) => {
    tamper(`${sql} WHERE process = :process AND nonce = :nonce`, 4)
    expect(await finding()).toMatchObject({ nonce: 4, whats })
  })

  test.each([
    ['an item', `UPDATE items SET bytes = ${flipped('bytes')} WHERE ${itemAt}`, /item/],
    [
      'an assignment',
      `UPDATE log SET assignment = ${flipped('assignment')} WHERE process = :process AND nonce = :nonce`,
      /assignment|hash chain/,
    ],
  ])('when one bit of %s is another', async (_name, sql, what) => {
    tamper(sql, 4)
    const { nonce, whats } = await finding()
    expect(nonce).toBe(4)
    expect(whats.join()).toMatch(what)
  })

  test('at entry 0 too', async () => {
    tamper(`UPDATE items SET bytes = ${flipped('bytes')} WHERE ${itemAt}`, 0)
    expect(await finding()).toMatchObject({ nonce: 0 })
  })

  test('when entry or result are gone', async () => {
    tamper('DELETE FROM results WHERE process = :process AND nonce = :nonce', 6)
    expect(await finding()).toMatchObject({ nonce: 6, differences: [{ what: 'result', got: 'none' }] })
    tamper('DELETE FROM log WHERE process = :process AND nonce = :nonce', 5)
    expect(await finding()).toMatchObject({ nonce: 5, whats: ['entry'] })
  })

  test('and not a later one', async () => {
    for (const nonce of [9, 3, 7]) {
      tamper('UPDATE results SET gas_used = gas_used + 1 WHERE process = :process AND nonce = :nonce', nonce)
    }
    expect((await finding()).nonce).toBe(3)
    expect((await finding({ from: 4 })).nonce).toBe(7)
    expect(await replay({ to: 2 })).toMatchObject({ comparedCount: 3 })
    // What is wrong with the log at 5 comes after what is wrong with the result at 3.
    tamper('DELETE FROM log WHERE process = :process AND nonce = :nonce', 5)
    expect((await finding()).nonce).toBe(3)
  })

  test('with what was expected and what is there', async () => {
    tamper(
      `UPDATE results SET json = replace(json, '"GasUsed":', '"GasUsed":1') WHERE process = :process AND nonce = :nonce`,
      4,
    )
    const [difference] = (await finding()).differences
    expect(difference?.got).toBe(difference?.expected.replace('"GasUsed":', '"GasUsed":1'))
  })

  test('when an assignment was signed again, by another or by the scheduler itself', async () => {
    const [before, entry] = await withStore(filled.path, (store) => store.readLog(processId, 3, 4))
    if (before === undefined || entry === undefined) throw new Error('The log is too short.')
    const draft = {
      ...{ processId, nonce: 4, timestampMs: entry.timestampMs, blockHeight: entry.blockHeight },
      messageId: entry.itemId,
      previousHashChain: before.hashChain,
      previousAssignmentId: before.assignmentId,
    }
    const replace = (assignment: ReturnType<typeof createAssignment>): void => {
      const sql =
        'UPDATE log SET assignment = :bytes, assignment_id = :id, timestamp_ms = :time, block_height = :height'
      const database = new DatabaseSync(join(filled.path, 'loom.sqlite'))
      const { seq } = database.prepare('SELECT seq FROM processes WHERE id = ?').get(packId(processId)) as {
        seq: number
      }
      database.prepare(`${sql} WHERE process = :process AND nonce = 4`).run({
        ':bytes': assignment.bytes,
        ':id': packId(assignment.id),
        ':time': assignment.timestampMs,
        ':height': assignment.blockHeight,
        ':process': seq,
      })
      database.close()
    }
    replace(createAssignment(draft, alice))
    expect(await finding()).toMatchObject({ nonce: 4, whats: ['scheduler'] })
    // The entry itself is in order, and the next one follows another.
    const own = createEd25519Signer(loadNodeKey(filled.path))
    const other = createAssignment({ ...draft, blockHeight: draft.blockHeight + 1 }, own)
    replace(other)
    expect(await finding()).toMatchObject({ nonce: 5, whats: ['hash chain'] })
    expect(parseAssignment(other.bytes).item.ownerAddress).toBe(filled.nodeAddress)
  })
})

describe('the outbox', () => {
  /** Nonce of the entry with this action. */
  async function nonceOf(action: string): Promise<number> {
    const log = await withStore(filled.path, (store) => store.readLog(processId, 0))
    const found = log.find(({ item }) =>
      Buffer.from(item).includes(`Action${String.fromCharCode(action.length * 2)}${action}`),
    )
    if (found === undefined) throw new Error(`Nobody sent ${action}.`)
    return found.nonce
  }
  const ofEntry = 'process = :process AND nonce = :nonce'
  const sentItem = `id = (SELECT item_id FROM outbox WHERE ${ofEntry} ORDER BY position LIMIT 1)`

  test.each([
    ['a message was changed on its way', 'Tell', `UPDATE items SET bytes = ${flipped('bytes')} WHERE ${sentItem}`],
    ['a message is gone', 'Tell', `DELETE FROM items WHERE ${sentItem}`],
    ['a spawn is gone', 'Breed', `DELETE FROM items WHERE ${sentItem}`],
    ['a dead entry has another item', 'Astray', `UPDATE outbox SET target = 'somebody' WHERE ${ofEntry}`],
    ['a dead entry is gone', 'Astray', `DELETE FROM outbox WHERE ${ofEntry}`],
    [
      'an entry waits that was not sent',
      'Add',
      `INSERT INTO outbox SELECT 1000000, process, :nonce, 9, kind, target, item_id, detail, 3, 0, 0, 'made up', item
       FROM outbox WHERE process = :process AND state = 3 LIMIT 1`,
    ],
    [
      'an assignment was not made',
      'Assign',
      `UPDATE log SET item = 1000000 + item WHERE seq IN (
       SELECT l.seq FROM log l JOIN items i ON i.seq = l.item JOIN outbox o ON o.item_id = i.id AND o.kind = 'assignment'
       WHERE o.process = :process AND o.nonce = :nonce AND l.process <> :process)`,
    ],
  ])('when %s', async (_name, action, sql) => {
    const nonce = await nonceOf(action)
    tamper(sql, nonce)
    const found = await finding({ to: nonce })
    expect(found.nonce).toBe(nonce)
    expect(found.whats.join()).toMatch(/outbox entry/)
  })

  test('when an item says that it was sent, signed by the node, and was not', async () => {
    const tags = [
      { name: 'From-Process', value: processId },
      { name: 'From-Outbox', value: '4.0' },
    ]
    const put = (item: DataItem): Promise<void> => {
      return withStore(filled.path, (store) => store.putItems([{ item, blockHeight: 0, timestampMs: 0 }]))
    }
    await put(createDataItem({ tags, data: 'x' }, alice))
    expect(await replay()).toMatchObject({ outboxCompared: true })
    const genuine = createDataItem({ tags, data: 'x' }, filled.signer)
    await put(genuine)
    expect(await finding()).toMatchObject({ nonce: 4, differences: [{ expected: 'none', got: genuine.id }] })
  })
})

describe('a snapshot', () => {
  const largest = '(SELECT rowid FROM pages WHERE length(bytes) = 2048 ORDER BY rowid LIMIT 1)'

  test.each([
    ['a page of it is damaged', `UPDATE pages SET bytes = zeroblob(2048) WHERE rowid = ${largest}`, 'snapshot'],
    ['a page of it is gone', `DELETE FROM pages WHERE rowid = ${largest}`, 'page of the snapshot'],
  ])('is not what the log gives when %s', async (_name, sql, what) => {
    tamper(sql, undefined, 'pages.sqlite')
    const { summary } = await replay({ verify: false })
    expect(await finding()).toMatchObject({ nonce: summary.lastNonce, whats: [what] })
  })

  test('of another moment is not taken for this one', async () => {
    tamper('UPDATE checkpoints SET nonce = :nonce WHERE process = :process', 6)
    expect(await finding()).toMatchObject({ nonce: 6, whats: ['state hash of the snapshot', 'pages of the snapshot'] })
  })

  test('that is none is not taken for one', async () => {
    const page = toPage(writeManifest({ header: Buffer.from('{"format":9,"segments":[]}'), manifests: [], pages: [] }))
    const database = new DatabaseSync(join(filled.path, 'pages.sqlite'))
    database.prepare('INSERT INTO pages (hash, bytes) VALUES (?, ?)').run(Buffer.from(page.hash, 'hex'), page.bytes)
    database.close()
    tamper('UPDATE checkpoints SET manifest = unhex(:hash) WHERE process = :process', undefined, 'loom.sqlite', {
      ':hash': page.hash,
    })
    expect((await finding()).whats).toEqual(['snapshot'])
  })
})

describe('refuses by name', () => {
  test.each([
    [{ processId: 'A'.repeat(43) as ProcessId }, 'ARCHIVE_PROCESS_UNKNOWN'],
    [{ to: 1_000 }, 'ARCHIVE_NONCE_INVALID'],
    [{ from: 5, to: 4 }, 'ARCHIVE_NONCE_INVALID'],
  ])('%j', async (request, code) => {
    await expect(replay(request)).rejects.toMatchObject({ code })
  })

  test('a module that is gone', async () => {
    tamper("DELETE FROM items WHERE tags LIKE '%loom-process%'")
    await expect(replay()).rejects.toMatchObject({ code: 'ARCHIVE_ITEM_MISSING', info: { role: 'module' } })
  })
})
