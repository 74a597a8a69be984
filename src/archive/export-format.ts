import { isItemId, type ProcessId } from '../protocol/ids.ts'
import { readCanonicalJson, writeCanonicalJson } from './canonical-json.ts'
import {
  type ExportRecord,
  formatInvalid,
  magic,
  type RecordKind,
  RecordWriter,
  readRecords,
  recordKinds,
} from './export-records.ts'
import type { History, HistoryEntry, HistoryPart, HistoryResult, LogStart, LogSummary } from './history.ts'
import { sizeOf } from './history-source.ts'

/**
 * Histories as files.
 *
 * ```
 * export := ( header module bootItem? ( assignment item result )* )+
 * ```
 *
 * One log after another, in the order of {@link History}; all entries have results. Nothing in it needs to be believed:
 * each byte is signed, or follows from what is signed. docs/proof.md has it to the byte.
 *
 * @module
 */

const headerShape = {
  assignment: 'text',
  bootItem: 'optional text',
  engine: 'text',
  hashChain: 'text',
  lastNonce: 'count',
  module: 'text',
  process: 'text',
  scheduler: 'text',
} as const

/** Failed or not, gas used; before the JSON. */
const resultHeadBytes = 1 + 8
const batchEntriesMax = 64
const batchBytesMax = 1_048_576

/** @param history - All of its entries have results. */
export async function* encodeHistory(history: History): AsyncGenerator<Buffer> {
  const writer = new RecordWriter()
  yield magic
  for await (const part of history) yield writer.write(recordsOf(part))
  yield writer.seal()
}

function recordsOf(part: HistoryPart): (readonly [RecordKind, Uint8Array])[] {
  if (part.type === 'log') {
    const { summary, module, bootItem } = part
    const records: [RecordKind, Uint8Array][] = [
      ['header', writeHeader(summary)],
      ['module', module],
    ]
    return bootItem === undefined ? records : [...records, ['bootItem', bootItem]]
  }
  return part.entries.flatMap(({ assignment, item, result }): [RecordKind, Uint8Array][] => {
    if (result === undefined) throw new TypeError('Entries of an export have results.')
    return [
      ['assignment', assignment],
      ['item', item],
      ['result', encodeResult(result)],
    ]
  })
}

function writeHeader(summary: LogSummary): Uint8Array {
  const { processId: process, moduleId: module, bootItemId: bootItem, assignmentId: assignment, ...same } = summary
  return Buffer.from(writeCanonicalJson({ ...same, process, module, bootItem, assignment }))
}

/** A result as bytes: whether it failed (0 or 1), its gas (64 bits, big-endian), and its JSON. Hashes are taken of these. */
export function encodeResult({ failed, gasUsed, json }: HistoryResult): Buffer {
  const head = Buffer.alloc(resultHeadBytes)
  head.writeUInt8(failed ? 1 : 0)
  head.writeBigUInt64BE(BigInt(gasUsed), 1)
  return Buffer.concat([head, Buffer.from(json)])
}

function decodeResult({ payload, offset }: ExportRecord): HistoryResult {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const failed = bytes[0]
  if (bytes.length < resultHeadBytes || failed === undefined || failed > 1) {
    throw formatInvalid('a result does not begin like one', offset)
  }
  const json = bytes.toString('utf8', resultHeadBytes)
  const result = { failed: failed === 1, gasUsed: Number(bytes.readBigUInt64BE(1)), json }
  // Bytes that are not UTF-8, and gas beyond what numbers hold, have no form that they can be compared in.
  if (!encodeResult(result).equals(bytes)) throw formatInvalid('a result is not text', offset)
  return result
}

/**
 * Reads an export. Only its form is checked, and its seal at the end.
 *
 * @throws {ArchiveError} `ARCHIVE_FORMAT_INVALID`, `ARCHIVE_VERSION_UNKNOWN`.
 */
export async function* decodeHistory(chunks: AsyncIterable<Uint8Array>): History {
  const records = readRecords(chunks)
  let offset: number = magic.length
  async function take(kind: RecordKind): Promise<ExportRecord> {
    const { value, done } = await records.next()
    if (done === true) throw formatInvalid(`it ends where a record of kind ${recordKinds[kind]} should be`, offset)
    offset = value.offset
    if (value.kind !== kind) {
      throw formatInvalid(`a record of kind ${recordKinds[value.kind]} is where ${recordKinds[kind]} should be`, offset)
    }
    return value
  }
  try {
    let header = await take('header')
    for (;;) {
      const start = await readStart(header, take)
      yield start
      yield* readEntries(start.summary.lastNonce + 1, take)
      const next = await records.next()
      if (next.done === true) return
      if (next.value.kind !== 'header') {
        throw formatInvalid('the log goes on after what its header says is the last entry', next.value.offset)
      }
      header = next.value
    }
  } finally {
    await records.return(undefined)
  }
}

type Take = (kind: RecordKind) => Promise<ExportRecord>

async function readStart({ payload, offset }: ExportRecord, take: Take): Promise<LogStart> {
  const header = readCanonicalJson(payload, headerShape)
  if (header === undefined || !isItemId(header.process)) {
    throw formatInvalid('a header is not as this version writes it', offset)
  }
  const { process, module: moduleId, bootItem: bootItemId, assignment: assignmentId, ...same } = header
  const summary = { ...same, processId: process as ProcessId, moduleId, bootItemId, assignmentId }
  return {
    ...{ type: 'log', summary },
    module: (await take('module')).payload,
    bootItem: bootItemId === undefined ? undefined : (await take('bootItem')).payload,
    evaluated: header.lastNonce + 1,
  }
}

async function* readEntries(count: number, take: Take): History {
  let entries: HistoryEntry[] = []
  let sizeBytes = 0
  for (let nonce = 0; nonce < count; nonce++) {
    const [assignment, item] = [(await take('assignment')).payload, (await take('item')).payload]
    const entry = { assignment, item, result: decodeResult(await take('result')) }
    entries.push(entry)
    sizeBytes += sizeOf(entry)
    if (entries.length < batchEntriesMax && sizeBytes < batchBytesMax) continue
    yield { type: 'entries', entries }
    entries = []
    sizeBytes = 0
  }
  if (entries.length > 0) yield { type: 'entries', entries }
}
