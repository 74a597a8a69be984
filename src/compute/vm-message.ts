import { parseAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import { tagValue } from '../protocol/tags.ts'
import type { DataItem, Tag } from '../protocol/types.ts'
import { decodeUtf8 } from '../protocol/utf8.ts'
import { cronTagsOf } from '../scheduler/cron-tick.ts'
import type { VmMessage } from '../vm/types.ts'
import type { ThreadEntry } from './thread-protocol.ts'

/** An entry of the log as its process sees it, with the item it came from. Wire protocol 4.5, 7.6. */
export function toVmMessage(processId: string, entry: ThreadEntry): { item: DataItem; message: VmMessage } {
  const item = parseDataItem(entry.item)
  if (entry.tick !== undefined) return { item, message: tickMessage(processId, entry, item) }
  const exclude = entry.assignment === undefined ? [] : parseAssignment(entry.assignment).exclude
  // An empty tag claims nobody.
  const forwardedFrom = tagValue(item.tags, 'From-Process') || undefined
  const owner = entry.impersonated ?? item.ownerAddress
  const anchor = item.anchor === undefined || exclude.includes('Anchor') ? undefined : decodeUtf8(item.anchor)
  const message: VmMessage = {
    id: item.id,
    target: entry.kind === 'assignment' ? (item.target ?? '') : processId,
    from: forwardedFrom ?? owner,
    owner,
    data: exclude.includes('Data') ? undefined : item.data,
    anchor,
    forwardedBy: forwardedFrom === undefined ? undefined : owner,
    hashChain: entry.hashChain,
    timestampMs: entry.timestampMs,
    blockHeight: entry.blockHeight,
    nonce: entry.nonce,
    epoch: 0,
    cron: false,
    readOnly: false,
    tags: exclude.includes('Tags') ? [] : withoutIdentity(item.tags),
  }
  return { item, message }
}

/** What a process sees of a tick: the tags of its cron, and that its owner sent it. Wire protocol 7.7. */
function tickMessage(
  processId: string,
  { timestampMs, blockHeight, impersonated }: ThreadEntry,
  item: DataItem,
): VmMessage {
  const owner = impersonated ?? item.ownerAddress
  const tags = withoutIdentity(cronTagsOf(item))
  return { target: processId, from: owner, owner, timestampMs, blockHeight, cron: true, readOnly: false, tags }
}

/** Senders must not claim to be someone by a tag. Wire protocol 4.5. */
function withoutIdentity(tags: readonly Tag[]): readonly Tag[] {
  const claims = (tag: Tag): boolean => tag.name === 'From' || tag.name === 'Owner'
  return tags.some(claims) ? tags.filter((tag) => !claims(tag)) : tags
}
