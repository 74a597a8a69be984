import { createDataItem, parseDataItem, verifyDataItem } from '../protocol/data-item.ts'
import type { DataItem, Signer, Tag } from '../protocol/types.ts'
import { type Fields, readCanonicalJson, writeCanonicalJson } from './canonical-json.ts'
import { ArchiveError } from './errors.ts'
import type { HistoryPoint, ReplayedLog } from './replay.ts'

/**
 * Certificates: what a node says that a process was at a moment of its history, signed, in about one kilobyte.
 *
 * One is a data item whose data is canonical JSON, so its signature and its id are those of any item, and it can be
 * uploaded like one. docs/proof.md says what each field is, and what a certificate proves.
 *
 * @module
 */

const formatVersion = 1
/** The last moment that a date can stand for. */
const timestampMsMax = 8_640_000_000_000_000

const shape = {
  format: 'count',
  process: 'text',
  module: 'text',
  moduleHash: 'text',
  engine: 'text',
  scheduler: 'text',
  nonce: 'count',
  assignment: 'text',
  hashChain: 'text',
  stateHash: 'text',
  resultHash: 'text',
  resultChain: 'text',
  node: 'text',
  timestampMs: 'count',
} as const

/** All hashes are SHA-256, lower-case hex; ids, addresses and the hash chain value are as everywhere. */
export type Certificate = Fields<typeof shape>

/** The fields that a history proves or refutes; the others are who says it and when. */
type Claims = Omit<Certificate, 'node' | 'timestampMs'>

/** Signs what a replay has found. */
export function createCertificate(
  log: ReplayedLog,
  point: HistoryPoint,
  signer: Signer,
  timestampMs: number,
): DataItem {
  const certificate = { ...claimsOf(log, point), node: signer.address, timestampMs }
  return createDataItem({ tags: tagsOf(certificate), data: writeCanonicalJson(certificate) }, signer)
}

/** Found by these at a gateway; the data says the same again. */
function tagsOf({ format, process, nonce }: Pick<Certificate, 'format' | 'process' | 'nonce'>): readonly Tag[] {
  return [
    { name: 'Content-Type', value: 'application/json' },
    { name: 'Type', value: 'Loom-Certificate' },
    { name: 'Format', value: String(format) },
    { name: 'Process', value: process },
    { name: 'Nonce', value: String(nonce) },
  ]
}

function claimsOf({ summary, moduleHash }: ReplayedLog, point: HistoryPoint): Claims {
  const { processId, moduleId, engine, scheduler } = summary
  const { nonce, assignmentId, hashChain, stateHash, resultHash, resultChain } = point
  return {
    format: formatVersion,
    ...{ process: processId, module: moduleId, moduleHash, engine, scheduler },
    ...{ nonce, assignment: assignmentId, hashChain, stateHash, resultHash, resultChain },
  }
}

/**
 * Reads a certificate and checks that its node has signed it.
 *
 * @throws {ArchiveError} `ARCHIVE_CERTIFICATE_INVALID`.
 */
export async function readCertificate(bytes: Uint8Array): Promise<Certificate> {
  const item = await readSigned(bytes)
  const certificate = readCanonicalJson(item.data, shape)
  if (certificate === undefined) throw invalid('its data is not that of a certificate')
  if (certificate.format !== formatVersion) {
    throw invalid(`it has format ${certificate.format}, and this Loom knows ${formatVersion}`)
  }
  if (certificate.timestampMs > timestampMsMax) throw invalid(`its time ${certificate.timestampMs} is none`)
  if (certificate.node !== item.ownerAddress) {
    throw invalid(`it is signed by ${item.ownerAddress}, and says that it is of ${certificate.node}`)
  }
  if (JSON.stringify(item.tags) !== JSON.stringify(tagsOf(certificate)))
    throw invalid('its tags do not go with its data')
  return certificate
}

async function readSigned(bytes: Uint8Array): Promise<DataItem> {
  try {
    const item = parseDataItem(bytes)
    await verifyDataItem(item)
    return item
  } catch (cause) {
    throw new ArchiveError({ code: 'ARCHIVE_CERTIFICATE_INVALID', problem: String(cause) }, { cause })
  }
}

/** @throws {ArchiveError} `ARCHIVE_CERTIFICATE_DIFFERS` with the first claim that the history does not bear out. */
export function checkCertificate(certificate: Certificate, log: ReplayedLog): void {
  const { nonce } = certificate
  const point = log.points.get(nonce)
  const found: Partial<Claims> = point === undefined ? { process: log.summary.processId } : claimsOf(log, point)
  for (const [field, value] of Object.entries(found)) {
    const certified = certificate[field as keyof Claims]
    if (certified !== value) throw differs(field, certified, value)
  }
  if (point === undefined) throw differs('nonce', nonce, `0 to ${log.summary.lastNonce}`)
}

function differs(field: string, certified: unknown, found: unknown): ArchiveError {
  const info = { field, certified: String(certified), found: String(found) }
  return new ArchiveError({ code: 'ARCHIVE_CERTIFICATE_DIFFERS', ...info })
}

function invalid(problem: string): ArchiveError {
  return new ArchiveError({ code: 'ARCHIVE_CERTIFICATE_INVALID', problem })
}
