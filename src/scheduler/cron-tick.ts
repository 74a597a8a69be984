import { parseAssignment } from '../protocol/assignment.ts'
import { createDataItem } from '../protocol/data-item.ts'
import type { Address, ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { DataItem, Signer, Tag } from '../protocol/types.ts'
import { type CronTick, cronName } from './cron-schedule.ts'
import { impersonatedTag } from './impersonation.ts'

/**
 * A tick in the log: an item that the node signs, and an assignment that says that it is a tick. Only the assignment counts,
 * since anyone can sign an item with these tags.
 *
 * @module
 */

const tickTag = 'Cron-Tick'
const pushedTag = 'Cron-Pushed'
const timestampTag = 'Cron-Timestamp'

/** What an assignment says of a tick. */
export interface RecordedTick {
  /** See `cronName`. */
  readonly name: string
  /** Whether what the process sends in answer is delivered: it was monitored when the tick was scheduled. */
  readonly isPushed: boolean
}

const protocolTags: readonly Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
  { name: 'Type', value: 'Message' },
]

/** Those of the node, which say that and which tick it is, and then those of the cron. */
export function tickItemTags({ cron, atMs }: CronTick): readonly Tag[] {
  return [
    ...protocolTags,
    { name: tickTag, value: cronName(cron) },
    { name: timestampTag, value: String(atMs) },
    ...cron.tags,
  ]
}

const nodeTagCount = protocolTags.length + 2

/** The tags of its cron: those that the process sees. */
export function cronTagsOf({ tags }: DataItem): readonly Tag[] {
  return tags.slice(nodeTagCount)
}

/** Which tick an item is, if its assignment says that it is one. */
export function tickIdentity({ tags }: DataItem): { readonly name: string; readonly atMs: number } {
  return { name: tagValue(tags, tickTag) ?? '', atMs: Number(tagValue(tags, timestampTag)) }
}

/**
 * Ed25519 signatures are deterministic: a tick is always the same item, so a log takes it once.
 *
 * @throws {ProtocolError} when its tags do not fit into an item.
 */
export function createTickItem(processId: ProcessId, tick: CronTick, signer: Signer): DataItem {
  return createDataItem({ target: processId, tags: tickItemTags(tick) }, signer)
}

/** For the assignment: the tick counts as sent by the owner of the process. */
export function tickAssignmentTags({ cron }: CronTick, owner: Address, isPushed: boolean): readonly Tag[] {
  return [
    { name: tickTag, value: cronName(cron) },
    { name: impersonatedTag, value: owner },
    ...(isPushed ? [{ name: pushedTag, value: 'true' }] : []),
  ]
}

const tickBytes = Buffer.from(tickTag)

/** What an assignment says; undefined: it is none of a tick. */
export function recordedTick(assignment: Uint8Array): RecordedTick | undefined {
  const { buffer, byteOffset, byteLength } = assignment
  // As in `impersonatedBy`: most have none, and need not be parsed.
  if (!Buffer.from(buffer, byteOffset, byteLength).includes(tickBytes)) return undefined
  const { extraTags } = parseAssignment(assignment)
  const name = tagValue(extraTags, tickTag)
  return name === undefined ? undefined : { name, isPushed: tagValue(extraTags, pushedTag) === 'true' }
}
