import { encodeBase64Url } from '../../protocol/base64url.ts'
import { parseDataItem } from '../../protocol/data-item.ts'
import type { DataItem } from '../../protocol/types.ts'
import { decodeUtf8 } from '../../protocol/utf8.ts'
import type { LogEntry } from '../../store/types.ts'

/** The SU's JSON: keys in snake case, and bytes that are not UTF-8 as null. Wire protocol 6.2. */

/** @param showAnchor - Anchors as base64url, instead of as text where they are text. */
export function nodeJson(entry: LogEntry, showAnchor: boolean): object {
  const assignment = itemJson(parseDataItem(entry.assignment), showAnchor)
  return {
    message: entry.kind === 'assignment' ? null : messageJson(parseDataItem(entry.item), showAnchor),
    assignment: { ...assignment, target: '' },
  }
}

export function processJson(entry: LogEntry): object {
  const item = parseDataItem(entry.item)
  const { owner, tags, signature, anchor } = itemJson(item, false)
  return {
    process_id: entry.processId,
    block: paddedHeight(entry.blockHeight),
    owner,
    tags,
    timestamp: entry.timestampMs,
    data: decodeUtf8(item.data) ?? null,
    anchor,
    signature,
    target: item.target ?? null,
  }
}

/** `000001393008` */
export function paddedHeight(height: number): string {
  return String(height).padStart(12, '0')
}

function messageJson(item: DataItem, showAnchor: boolean): object {
  const { id, owner, tags, signature, anchor } = itemJson(item, showAnchor)
  return { id, owner, data: decodeUtf8(item.data) ?? null, tags, signature, anchor, target: item.target ?? '' }
}

function itemJson(item: DataItem, showAnchor: boolean) {
  return {
    id: item.id,
    owner: { address: item.ownerAddress, key: encodeBase64Url(item.owner) },
    tags: item.tags,
    signature: encodeBase64Url(item.signature),
    anchor: anchorJson(item.anchor, showAnchor),
  }
}

function anchorJson(anchor: Uint8Array | undefined, showAnchor: boolean): string | null {
  if (anchor === undefined) return null
  return showAnchor ? encodeBase64Url(anchor) : (decodeUtf8(anchor) ?? null)
}
