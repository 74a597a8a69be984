import type { CommitRequest, LogEntry, NewItem } from '../types.ts'
import type { Fill } from './writer-client.ts'
import type { AppendRow, CommitRow, ItemRow, Slice } from './writer-protocol.ts'

type Put = (bytes: Uint8Array) => Slice

/** What a row costs beside its bytes: ids, tags, the objects around them. An estimate, for the limits of the queue. */
const rowBytes = 1_024

export function itemsSizeBytes(items: readonly NewItem[]): number {
  return items.reduce((sum, { item }) => sum + item.bytes.byteLength + rowBytes, 0)
}

export function commitsSizeBytes(requests: readonly CommitRequest[]): number {
  const ofOutbox = ({ outbox }: CommitRequest): number =>
    outbox.reduce((sum, { item, detail }) => sum + item.byteLength + detail.length + rowBytes, 0)
  const ofItems = ({ items }: CommitRequest): number => (items === undefined ? 0 : itemsSizeBytes(items))
  const ofRequest = (request: CommitRequest): number => {
    return request.result.json.length + ofOutbox(request) + ofItems(request) + rowBytes
  }
  return requests.reduce((sum, request) => sum + ofRequest(request), 0)
}

export function toItemRow({ item, blockHeight, timestampMs, bundledIn }: NewItem, put: Put): ItemRow {
  const { id, ownerAddress, target, tags, bytes } = item
  const place = { blockHeight, timestampMs, bundledIn }
  return { id, ownerAddress, target, tagsJson: JSON.stringify(tags), ...place, bytes: put(bytes) }
}

/** An entry that was planned, with the item it came from. */
export interface PlannedEntry {
  readonly entry: LogEntry
  readonly item: NewItem['item']
}

export function fillAppend(planned: readonly PlannedEntry[]): Fill<'append'> {
  return (batch) => {
    const put: Put = (bytes) => batch.put(bytes)
    return planned.map(({ entry, item }): AppendRow => {
      const { processId, nonce, kind, assignmentId, hashChain, cause, blockHeight, timestampMs } = entry
      const place = { processId, nonce, kind, item: toItemRow({ item, blockHeight, timestampMs }, put), assignmentId }
      const chain = entry.chain.depth === 0 ? undefined : entry.chain
      return { ...place, hashChain, cause, chain, assignment: put(entry.assignment) }
    })
  }
}

export function fillCommit(requests: readonly CommitRequest[], nowMs: number): Fill<'commit'> {
  return (batch) => ({
    nowMs,
    rows: requests.map(({ lease, result, outbox, items = [], claim }): CommitRow => {
      return {
        epoch: lease.epoch,
        result,
        outbox: outbox.map((entry) => ({ ...entry, item: batch.put(entry.item) })),
        items: items.map((item) => toItemRow(item, (bytes) => batch.put(bytes))),
        claim: claim && { workerId: claim.workerId, ttlMs: claim.ttlMs },
      }
    }),
  })
}
