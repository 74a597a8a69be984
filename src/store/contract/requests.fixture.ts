import { createHash } from 'node:crypto'
import type { Address, ItemId, ProcessId } from '../../protocol/ids.ts'
import type { DataItem, Tag } from '../../protocol/types.ts'
import type { AppendRequest, Assignment, Cause, CommitRequest, Head, Lease, OutboxEntry, Page } from '../types.ts'

/** An id that follows from a name: the same name gives the same id in every run. */
export function idOf(name: string): ItemId {
  return createHash('sha256').update(name).digest('base64url') as ItemId
}

export function processOf(name: string): ProcessId {
  return idOf(`process ${name}`) as ProcessId
}

export interface ItemParts {
  readonly tags?: readonly Tag[]
  readonly target?: string | undefined
  readonly owner?: string
  readonly sizeBytes?: number
}

/** An item with nothing real but its fields: the store never looks into bytes. */
export function itemOf(name: string, { tags = [], target, owner = 'owner', sizeBytes = 64 }: ItemParts = {}): DataItem {
  const bytes = new Uint8Array(sizeBytes).fill(7)
  bytes.set(createHash('sha256').update(`bytes ${name}`).digest().subarray(0, sizeBytes))
  return {
    id: idOf(name),
    signatureType: 2,
    signature: new Uint8Array(64),
    owner: new Uint8Array(32),
    ownerAddress: idOf(owner) as string as Address,
    target,
    anchor: undefined,
    tags,
    data: new Uint8Array(0),
    bytes,
  }
}

/** The hash chain value that follows `last` when the item is appended. */
export function chainAfter(last: string | undefined, itemId: string): string {
  return createHash('sha256')
    .update(`${last ?? ''}/${itemId}`)
    .digest('base64url')
}

/** An `assign` that keeps I1: next nonce, later time, chained hash. Height 100 + nonce, time 1,000 + 10 × nonce. */
export function assignFor(processId: ProcessId, itemId: ItemId): (head: Head) => Assignment {
  return (head) => ({
    id: idOf(`assignment ${processId} ${head.next} ${itemId}`),
    nonce: head.next,
    timestampMs: 1_000 + 10 * head.next,
    blockHeight: 100 + head.next,
    hashChain: chainAfter(head.hashChain, itemId),
    bytes: new TextEncoder().encode(`assignment ${head.next} of ${processId}`),
  })
}

/** A page of text. */
export function pageOf(text: string): Page {
  const bytes = Buffer.from(text)
  return { hash: createHash('sha256').update(bytes).digest('hex'), bytes }
}

export interface AppendParts extends ItemParts {
  readonly kind?: AppendRequest['kind']
  readonly cause?: Cause | undefined
  readonly expect?: AppendRequest['expect']
  readonly assign?: AppendRequest['assign']
}

export function appendOf(processId: ProcessId, name: string, parts: AppendParts = {}): AppendRequest {
  const { kind = 'message', cause, expect, assign } = parts
  const item = itemOf(name, parts)
  return { processId, kind, item, cause, expect, assign: assign ?? assignFor(processId, item.id) }
}

/** The entry at nonce 0. */
export function spawnOf(processId: ProcessId, parts: ItemParts = {}): AppendRequest {
  return appendOf(processId, `spawn ${processId}`, { ...parts, kind: 'process' })
}

/** Outbox entries of one evaluation, one for each target. */
export function outboxOf(processId: ProcessId, nonce: number, targets: readonly string[]): readonly OutboxEntry[] {
  return targets.map((target, index) => {
    const { id: itemId, bytes: item } = itemOf(`sent ${processId} ${nonce} ${index}`)
    const detail = JSON.stringify({ index })
    return { cause: { processId, nonce, index }, kind: 'message', target, itemId, item, detail }
  })
}

export interface CommitParts extends Pick<CommitRequest, 'items' | 'claim'> {
  readonly targets?: readonly string[]
  readonly failed?: boolean
}

export function commitOf(lease: Lease, nonce: number, parts: CommitParts = {}): CommitRequest {
  const { targets = [], failed = false, items, claim } = parts
  const { processId } = lease
  const result = { processId, nonce, json: JSON.stringify({ Output: `${nonce} ✓` }), failed, gasUsed: 1_000 + nonce }
  return { lease, result, outbox: outboxOf(processId, nonce, targets), items, claim }
}
