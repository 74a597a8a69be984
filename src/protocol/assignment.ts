/**
 * Assignments: the signed items that give a message its place in the log of a process. Spec: wire protocol 6.4.
 *
 * @module
 */
import { createDataItem, parseDataItem } from './data-item.ts'
import { ProtocolError } from './errors.ts'
import { firstHashChain, nextHashChain } from './hash-chain.ts'
import { type ItemId, isItemId, type ProcessId } from './ids.ts'
import type { DataItem, Signer, Tag } from './types.ts'

/** Digits of a block height in its tag, and so its bound: 10^12 − 1. */
const blockHeightDigits = 12
const blockHeightMax = 10 ** blockHeightDigits - 1

/** The tags of the protocol. All but `Exclude` stand at most once. */
const reservedNames: ReadonlySet<string> = new Set([
  'Process',
  'Epoch',
  'Nonce',
  'Hash-Chain',
  'Block-Height',
  'Timestamp',
  'Data-Protocol',
  'Type',
  'Variant',
  'Message',
  'Exclude',
])

/** What a new assignment is made of. */
export interface AssignmentDraft {
  readonly processId: ProcessId
  readonly nonce: number
  /** Chain value and id of the assignment before; both undefined on the first one, and only there. */
  readonly previousHashChain: string | undefined
  readonly previousAssignmentId: ItemId | undefined
  /** Milliseconds since epoch; above that of the assignment before (the caller sees to it). */
  readonly timestampMs: number
  /** 0 to 999,999,999,999. */
  readonly blockHeight: number
  /** The assigned item; undefined when the process itself is assigned. */
  readonly messageId: ItemId | undefined
  /** Names of fields that the process is not to see. */
  readonly exclude?: readonly string[] | undefined
  /** Put after the tags of the protocol, whose names they must not have. */
  readonly extraTags?: readonly Tag[] | undefined
}

/** A signed assignment. Has the shape that the store keeps. */
export interface SignedAssignment {
  readonly id: ItemId
  readonly nonce: number
  readonly timestampMs: number
  readonly blockHeight: number
  /** 43 characters of base64url. */
  readonly hashChain: string
  /** The signed item. */
  readonly bytes: Uint8Array
}

/** An assignment read from its item. */
export interface ParsedAssignment extends SignedAssignment {
  readonly processId: ProcessId
  readonly messageId: ItemId | undefined
  readonly exclude: readonly string[]
  /** Tags that the protocol does not name, in order. */
  readonly extraTags: readonly Tag[]
  readonly item: DataItem
}

/**
 * Builds and signs an assignment. It has no target, no anchor and no data, so with a deterministic signer the same draft
 * gives the same id.
 *
 * @throws {ProtocolError} `PROTOCOL_ASSIGNMENT_INVALID` for numbers out of range, a first entry with a predecessor, or
 *   extra tags with a name of the protocol; and what {@link createDataItem} throws.
 */
export function createAssignment(draft: AssignmentDraft, signer: Signer): SignedAssignment {
  const { processId, nonce, timestampMs, blockHeight, messageId, exclude = [], extraTags = [] } = draft
  checkInteger('nonce', nonce, Number.MAX_SAFE_INTEGER)
  checkInteger('timestamp', timestampMs, Number.MAX_SAFE_INTEGER)
  checkInteger('block height', blockHeight, blockHeightMax)
  const reserved = extraTags.find(({ name }) => reservedNames.has(name))
  if (reserved !== undefined) throw invalid('extra tag', 'has a name of the protocol', reserved.name)

  const hashChain = hashChainOf(draft)
  const tags: Tag[] = [
    { name: 'Process', value: processId },
    { name: 'Epoch', value: '0' },
    { name: 'Nonce', value: nonce.toString() },
    { name: 'Hash-Chain', value: hashChain },
    { name: 'Block-Height', value: blockHeight.toString().padStart(blockHeightDigits, '0') },
    { name: 'Timestamp', value: timestampMs.toString() },
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Assignment' },
    { name: 'Variant', value: 'ao.TN.1' },
  ]
  if (messageId !== undefined) tags.push({ name: 'Message', value: messageId })
  for (const value of exclude) tags.push({ name: 'Exclude', value })
  tags.push(...extraTags)
  const { id, bytes } = createDataItem({ tags }, signer)
  return { id, nonce, timestampMs, blockHeight, hashChain, bytes }
}

/**
 * Reads an assignment, our own or a foreign scheduler's. Neither its signature nor its place in the chain is checked:
 * verify `item`, and compare `hashChain` with {@link nextHashChain}.
 *
 * @throws {ProtocolError} `PROTOCOL_ASSIGNMENT_INVALID`, and what {@link parseDataItem} throws.
 */
export function parseAssignment(bytes: Uint8Array): ParsedAssignment {
  const item = parseDataItem(bytes)
  const fields = new Map<string, string>()
  const exclude: string[] = []
  const extraTags: Tag[] = []
  for (const tag of item.tags) {
    if (tag.name === 'Exclude') exclude.push(tag.value)
    else if (!reservedNames.has(tag.name)) extraTags.push(tag)
    else if (fields.has(tag.name)) throw invalid(tag.name, 'stands twice', tag.value)
    else fields.set(tag.name, tag.value)
  }

  const type = fields.get('Type')
  if (type !== 'Assignment') throw invalid('Type', 'is not "Assignment"', type)
  const messageId = fields.has('Message') ? idField(fields, 'Message') : undefined
  return {
    id: item.id,
    processId: idField(fields, 'Process') as ProcessId,
    nonce: integerField(fields, 'Nonce'),
    timestampMs: integerField(fields, 'Timestamp'),
    blockHeight: integerField(fields, 'Block-Height'),
    hashChain: idField(fields, 'Hash-Chain'),
    messageId,
    exclude,
    extraTags,
    bytes: item.bytes,
    item,
  }
}

function hashChainOf({ processId, nonce, previousAssignmentId, previousHashChain }: AssignmentDraft): string {
  if (previousAssignmentId === undefined || previousHashChain === undefined) {
    if (nonce > 0) throw invalid('hash chain', 'needs the id and chain value of the assignment before', undefined)
    return firstHashChain(processId)
  }
  if (nonce === 0) throw invalid('hash chain', 'of nonce 0 has no assignment before it', previousAssignmentId)
  return nextHashChain(previousAssignmentId, previousHashChain)
}

function checkInteger(field: string, value: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return
  throw invalid(field, `is not a whole number from 0 to ${max}`, value.toString())
}

/** An id, or a chain value, which has the same form. */
function idField(fields: ReadonlyMap<string, string>, name: string): ItemId {
  const value = fields.get(name)
  if (value !== undefined && isItemId(value)) return value
  throw invalid(name, 'is not 43 characters of base64url', value)
}

function integerField(fields: ReadonlyMap<string, string>, name: string): number {
  const value = fields.get(name)
  if (value !== undefined && /^\d{1,16}$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value)
  throw invalid(name, 'is not a decimal number', value)
}

function invalid(field: string, problem: string, given: string | undefined): ProtocolError {
  return new ProtocolError({ code: 'PROTOCOL_ASSIGNMENT_INVALID', field, problem, given: given?.slice(0, 80) })
}
