import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { type AssignmentDraft, createAssignment } from '../protocol/assignment.ts'
import { createDataItem, parseDataItem } from '../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../protocol/ids.ts'
import {
  alice,
  exportBytes,
  type PlainRecord,
  sealExport,
  sharedDirectory,
  splitExport,
  streamOf,
  type Workbench,
  withStore,
} from './archive.fixture.ts'
import { writeCanonicalJson } from './canonical-json.ts'
import { createCertificate, readCertificate } from './certificate.ts'
import { decodeHistory } from './export-format.ts'
import { replayHistory } from './replay.ts'
import { type VerifiedHistory, verifyExport } from './verification.ts'

const id = 'A'.repeat(43)
const copyDirectory = sharedDirectory()
let bench: Workbench
let processId: ProcessId
/** Of the first process up to the entry before the one that takes long, and of its fork. */
let history: Buffer
let forkHistory: Buffer
beforeEach(async () => {
  bench = copyDirectory()
  processId = bench.processId
  if (history !== undefined) return
  await withStore(bench.path, async (store) => {
    history = await exportBytes(store, processId, bench.lightNonce)
    forkHistory = await exportBytes(store, bench.forkId)
  })
})

async function verify(bytes: Uint8Array, certificate?: Uint8Array): Promise<VerifiedHistory> {
  const given = certificate && (await readCertificate(certificate))
  return verifyExport(streamOf(bytes), given, { thread: bench.thread })
}

/** A certificate of the light history. */
async function certify(at: number, signer = bench.signer, timestampMs = 1_700_000_000_000): Promise<Buffer> {
  const stops = new Set([at])
  const replaying = replayHistory(decodeHistory(streamOf(history)), {
    thread: bench.thread,
    comparisonOf: async () => ({ stops }),
  })
  const [log] = await replaying
  const point = log?.points.get(at)
  if (log === undefined || point === undefined) throw new Error('There is no such entry.')
  return Buffer.from(createCertificate(log, point, signer, timestampMs).bytes)
}

const archiveError = { code: expect.stringMatching(/^ARCHIVE_/) }

describe('an export', () => {
  test('gives the state that the node had, on its own', async () => {
    const { log, point } = await verify(history)
    expect(point.nonce).toBe(bench.lightNonce)
    expect(log).toMatchObject({ comparedCount: bench.lightNonce + 1, failedCount: 1 })
    const whole = await withStore(bench.path, (store) => exportBytes(store, bench.peerId))
    expect((await verify(whole)).point.stateHash).toBe(bench.stateHashes.get(bench.peerId))
  })

  test('of a fork has what it was forked from', async () => {
    const { log, point, proven } = await verify(forkHistory)
    expect(log.origin).toEqual({ processId, nonce: bench.forkNonce })
    expect(point.stateHash).toBe(bench.stateHashes.get(bench.forkId))
    expect(proven.join()).toContain(`forked from ${processId}`)
    // Not without it, and not with more of it.
    const records = splitExport(forkHistory).slice(0, -1)
    const own = records.findLastIndex(({ kind }) => kind === 'H')
    const differs = { code: 'ARCHIVE_DIFFERS', info: { nonce: 0 } }
    await expect(verify(sealExport(records.slice(own)))).rejects.toMatchObject(differs)
    const longer = splitExport(history).slice(0, -1)
    await expect(verify(sealExport([...longer, ...records.slice(own)]))).rejects.toMatchObject(differs)
    await expect(verify(sealExport([...longer, ...longer]))).rejects.toMatchObject(differs)
  })

  test('says what is not proven', async () => {
    const { notProven } = await verify(history)
    expect(notProven.join('\n')).toMatch(
      /left none out[\s\S]*no other log[\s\S]*"SCHEDULER_ADDRESS"[\s\S]*"MODULE_TX_ID"/,
    )
  })
})

/** A record, and a byte of it: records are drawn first, because the module is larger than all the others together. */
const place = fc.record({ record: fc.nat(), byte: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) })

function flip(bytes: Buffer, { byte, bit }: { readonly byte: number; readonly bit: number }): Buffer {
  const flipped = Buffer.from(bytes)
  const index = byte % bytes.length
  flipped[index] = (flipped[index] ?? 0) ^ (1 << bit)
  return flipped
}

describe('tampering is found', () => {
  test('with any bit of an export', async () => {
    await fc.assert(
      fc.asyncProperty(place, async (where) => {
        await expect(verify(flip(history, where))).rejects.toMatchObject(archiveError)
      }),
      { seed: 7, numRuns: 60 },
    )
  })

  test('with any bit of any record, by someone who seals the export again', async () => {
    const records = splitExport(history).slice(0, -1)
    await fc.assert(
      fc.asyncProperty(place, async (where) => {
        const index = where.record % records.length
        const changed = records.map((record, i) => {
          return i === index ? { ...record, payload: flip(record.payload, where) } : record
        })
        await expect(verify(sealExport(changed))).rejects.toMatchObject(archiveError)
      }),
      { seed: 8, numRuns: 150 },
    )
  })

  test('with records left out, doubled, exchanged or moved, by someone who seals the export again', async () => {
    const records = splitExport(history).slice(0, -1)
    const edit = fc.constantFrom<(list: PlainRecord[], a: number, b: number) => void>(
      (list, a) => list.splice(a, 1),
      (list, a) => list.splice(a, 0, list[a] as PlainRecord),
      (list, a, b) => list.splice(b, 0, ...list.splice(a, 1)),
      (list, a, b) => ([list[a], list[b]] = [list[b] as PlainRecord, list[a] as PlainRecord]),
      // Whole entries: what a scheduler would have liked to leave out.
      (list, a) => list.splice(a - (a % 3), 3),
      (list, a) => list.splice(a),
    )
    const same = sealExport(records)
    await fc.assert(
      fc.asyncProperty(edit, fc.nat(), fc.nat(), async (change, a, b) => {
        const changed = [...records]
        change(changed, a % records.length, b % records.length)
        const bytes = sealExport(changed)
        fc.pre(!bytes.equals(same))
        await expect(verify(bytes)).rejects.toMatchObject(archiveError)
      }),
      { seed: 9, numRuns: 80 },
    )
  })

  test('with each field of a header', async () => {
    const [header, ...rest] = splitExport(history).slice(0, -1) as [PlainRecord, ...PlainRecord[]]
    const fields = JSON.parse(header.payload.toString()) as Record<string, string | number>
    for (const [name, value] of Object.entries(fields)) {
      for (const other of typeof value === 'number' ? [value - 1, value + 1, 0] : [id, '', `${value} `]) {
        const payload = Buffer.from(writeCanonicalJson({ ...fields, [name]: other }))
        await expect(verify(sealExport([{ kind: 'H', payload }, ...rest])), `${name} ${other}`).rejects.toMatchObject(
          archiveError,
        )
      }
    }
    const payload = Buffer.from(writeCanonicalJson({ ...fields, more: 'x' }))
    await expect(verify(sealExport([{ kind: 'H', payload }, ...rest]))).rejects.toMatchObject(archiveError)
  })

  test('an engine that is not this one is named', async () => {
    const [header, ...rest] = splitExport(history).slice(0, -1) as [PlainRecord, ...PlainRecord[]]
    const payload = Buffer.from(header.payload.toString().replace('"lua-5.3.6/', '"lua-5.4.0/'))
    await expect(verify(sealExport([{ kind: 'H', payload }, ...rest]))).rejects.toMatchObject({
      code: 'ARCHIVE_ENGINE_OTHER',
      info: { made: expect.stringContaining('lua-5.4.0/') },
    })
  })

  test('the first entry that differs is named', async () => {
    const records = splitExport(history).slice(0, -1)
    const results = records.flatMap(({ kind }, index) => (kind === 'R' ? [index] : []))
    for (const nonce of [9, 4]) {
      const index = results[nonce] ?? 0
      const record = records[index] as PlainRecord
      records[index] = {
        ...record,
        payload: Buffer.from(record.payload.toString('latin1').replace('Gas', 'gas'), 'latin1'),
      }
    }
    await expect(verify(sealExport(records))).rejects.toMatchObject({
      code: 'ARCHIVE_DIFFERS',
      info: { processId, nonce: 4, differences: [{ what: 'result' }] },
    })
  })
})

describe('a scheduler that breaks the rules is found out', () => {
  /** The log of the peer up to nonce 2, the last assignment signed again by its scheduler with something changed. */
  async function broken(
    change: (draft: AssignmentDraft, items: readonly ItemId[]) => AssignmentDraft,
  ): Promise<Buffer> {
    const [first, second, third] = await withStore(bench.path, (store) => store.readLog(bench.peerId, 0, 2))
    if (first === undefined || second === undefined || third === undefined) throw new Error('The log is too short.')
    const whole = await withStore(bench.path, (store) => exportBytes(store, bench.peerId, 2))
    const draft: AssignmentDraft = {
      ...{ processId: bench.peerId, nonce: 2, timestampMs: third.timestampMs, blockHeight: third.blockHeight },
      previousHashChain: second.hashChain,
      previousAssignmentId: second.assignmentId,
      messageId: third.itemId,
    }
    const { bytes, id, hashChain } = createAssignment(change(draft, [first.itemId, second.itemId]), bench.signer)
    const records = splitExport(whole).slice(0, -1)
    const header = JSON.parse(records[0]?.payload.toString() ?? '') as Record<string, string | number>
    const payload = Buffer.from(writeCanonicalJson({ ...header, assignment: id, hashChain }))
    const last = records.findLastIndex(({ kind }) => kind === 'A')
    const { messageId } = change(draft, [first.itemId, second.itemId])
    const item = messageId === second.itemId ? second.item : messageId === first.itemId ? first.item : third.item
    const changed = [
      { kind: 'H', payload },
      ...records.slice(1, last),
      { kind: 'A', payload: Buffer.from(bytes) },
      { kind: 'I', payload: Buffer.from(item) },
      ...records.slice(last + 2),
    ]
    return sealExport(changed)
  }

  test('and one that does not is not', async () => {
    expect((await verify(await broken((draft) => draft))).point.nonce).toBe(2)
  })

  test.each<readonly [string, (draft: AssignmentDraft, items: readonly ItemId[]) => AssignmentDraft, string]>([
    ['leaves out a nonce', (draft) => ({ ...draft, nonce: 3 }), 'nonce'],
    ['goes back in time', (draft) => ({ ...draft, timestampMs: draft.timestampMs - 10_000_000 }), 'timestamp'],
    ['takes an item twice', (draft, [, second]) => ({ ...draft, messageId: second }), 'item'],
    ['takes the process twice', (draft, [first]) => ({ ...draft, messageId: first }), 'item'],
    ['takes no item', (draft) => ({ ...draft, messageId: undefined }), 'message of the assignment'],
    ['breaks the chain', (draft) => ({ ...draft, previousAssignmentId: id as ItemId }), 'hash chain'],
    ['means another process', (draft) => ({ ...draft, processId: id as ProcessId }), 'process'],
  ])('when it %s', async (_name, change, what) => {
    await expect(verify(await broken(change))).rejects.toMatchObject({
      code: 'ARCHIVE_DIFFERS',
      info: { nonce: 2, differences: expect.arrayContaining([expect.objectContaining({ what })]) },
    })
  })
})

describe('a certificate', () => {
  test('holds for the history that it is of, also when that went on', async () => {
    for (const at of [0, 4, bench.lightNonce]) {
      const { point } = await verify(history, await certify(at))
      expect(point.nonce).toBe(at)
    }
  })

  test('has little to it, and can be read as what it is', async () => {
    const bytes = await certify(4)
    expect(bytes.length).toBeLessThan(1_200)
    const item = parseDataItem(bytes)
    expect(item.ownerAddress).toBe(bench.nodeAddress)
    const fields = JSON.parse(Buffer.from(item.data).toString()) as Record<string, unknown>
    expect(Object.keys(fields)).toEqual(Object.keys(fields).toSorted())
    const { point, log } = await verify(history, bytes)
    expect(fields).toEqual({
      format: 1,
      process: processId,
      module: log.summary.moduleId,
      moduleHash: log.moduleHash,
      engine: log.summary.engine,
      scheduler: bench.nodeAddress,
      nonce: 4,
      assignment: point.assignmentId,
      hashChain: point.hashChain,
      stateHash: point.stateHash,
      resultHash: point.resultHash,
      resultChain: point.resultChain,
      node: bench.nodeAddress,
      timestampMs: 1_700_000_000_000,
    })
  })

  test('has the hashes of the results, as the export has them', async () => {
    const results = splitExport(history).filter(({ kind }) => kind === 'R')
    let chain = Buffer.alloc(32)
    for (const { payload } of results.slice(0, 5)) {
      chain = createHash('sha256').update(chain).update(createHash('sha256').update(payload).digest()).digest()
    }
    expect(await readCertificate(await certify(4))).toMatchObject({
      resultHash: createHash('sha256')
        .update(results[4]?.payload ?? '')
        .digest('hex'),
      resultChain: chain.toString('hex'),
    })
  })

  test('with any bit changed is none', async () => {
    const bytes = await certify(4)
    await fc.assert(
      fc.asyncProperty(place, async (where) => {
        await expect(readCertificate(flip(bytes, where))).rejects.toMatchObject({ code: 'ARCHIVE_CERTIFICATE_INVALID' })
      }),
      { seed: 10, numRuns: 300 },
    )
    await expect(readCertificate(bytes.subarray(0, 900))).rejects.toMatchObject(archiveError)
    await expect(readCertificate(Buffer.concat([bytes, Buffer.of(0)]))).rejects.toMatchObject(archiveError)
  })

  /** Signed in order by someone, who has changed the fields first. */
  async function forged(change: (fields: Record<string, string | number>) => void): Promise<Buffer> {
    const { data, tags } = parseDataItem(await certify(4, alice))
    const fields = JSON.parse(Buffer.from(data).toString()) as Record<string, string | number>
    change(fields)
    const other = tags.map((tag) => {
      const field = fields[tag.name.toLowerCase()]
      return { ...tag, value: ['Format', 'Process', 'Nonce'].includes(tag.name) ? String(field) : tag.value }
    })
    return Buffer.from(createDataItem({ tags: other, data: writeCanonicalJson(fields) }, alice).bytes)
  }

  test.each([
    'process',
    'module',
    'moduleHash',
    'engine',
    'scheduler',
    'nonce',
    'assignment',
    'hashChain',
    'stateHash',
    'resultHash',
    'resultChain',
  ])('with another %s does not hold, though it is signed', async (field) => {
    const bytes = await forged((fields) => {
      const value = fields[field] ?? ''
      fields[field] = typeof value === 'number' ? value + 1 : `${value.startsWith('B') ? 'C' : 'B'}${value.slice(1)}`
    })
    await expect(verify(history, bytes)).rejects.toMatchObject({ code: 'ARCHIVE_CERTIFICATE_DIFFERS' })
    expect((await verify(history, await forged(() => undefined))).point.nonce).toBe(4)
  })

  test.each([
    ['of another format', (fields: Record<string, string | number>) => ({ ...fields, format: 2 })],
    [
      'in the name of another node',
      (fields: Record<string, string | number>) => ({ ...fields, node: bench.nodeAddress }),
    ],
    ['at a time that is none', (fields: Record<string, string | number>) => ({ ...fields, timestampMs: 9e15 })],
    ['with a field more', (fields: Record<string, string | number>) => ({ ...fields, more: 'x' })],
  ])('%s is none', async (_name, change) => {
    const bytes = await forged((fields) => Object.assign(fields, change(fields)))
    await expect(readCertificate(bytes)).rejects.toMatchObject({ code: 'ARCHIVE_CERTIFICATE_INVALID' })
  })

  test('of a moment that the history has not does not hold for it', async () => {
    const later = await certify(bench.lightNonce)
    const shorter = await withStore(bench.path, (store) => exportBytes(store, processId, bench.lightNonce - 1))
    await expect(verify(shorter, later)).rejects.toMatchObject({
      code: 'ARCHIVE_CERTIFICATE_DIFFERS',
      info: { field: 'nonce', certified: String(bench.lightNonce) },
    })
    await expect(verify(forkHistory, later)).rejects.toMatchObject({ info: { field: 'process' } })
  })
})
