import { createDataItem, parseDataItem } from '../protocol/data-item.ts'
import { type ItemId, isItemId, type ProcessId } from '../protocol/ids.ts'
import { tagBytesMax, tagCountMax, tagValue } from '../protocol/tags.ts'
import type { DataItem, Signer, Tag } from '../protocol/types.ts'
import type { Cause, OutboxEntry } from '../store/types.ts'
import type { Evaluation, JsonValue, OutgoingData, OutgoingMessage, OutgoingSpawn, OutgoingTag } from '../vm/types.ts'

/**
 * Turns what a process sent into signed items, in the order messages, spawns, assignments (wire protocol 5.7).
 *
 * O1 An entry's identity is (process, nonce, index): it stands in the item as the tag `From-Outbox`, so two entries are
 *    never the same item, and the same entry always is (I3; Ed25519 signatures are deterministic).
 * O2 What cannot be made into an item is kept as an undeliverable entry with its reason; nothing is dropped in silence.
 */

/** What the messenger needs beside the item. Written into `OutboxEntry.detail` as JSON. */
export interface OutboxDetail {
  /** Processes to which the message is to be assigned once it is written. */
  readonly assignTo?: readonly string[]
  /** base64 of the signed message that tells the spawner about its new process. */
  readonly notification?: string
  /** Fields that the target of an assignment is not to see. */
  readonly exclude?: readonly string[]
  /** Why the entry can never be delivered. */
  readonly undeliverable?: string
}

/** Of an entry that {@link outboxOf} has made: most have nothing. */
export function outboxDetailOf({ detail }: Pick<OutboxEntry, 'detail'>): OutboxDetail {
  return detail === '' ? {} : (JSON.parse(detail) as OutboxDetail)
}

/** The message that tells the spawner about its new process, if this is a spawn that is told of. */
export function notificationOf({ notification }: OutboxDetail): DataItem | undefined {
  return notification === undefined ? undefined : parseDataItem(Buffer.from(notification, 'base64'))
}

export interface OutboxContext {
  readonly processId: ProcessId
  readonly nonce: number
  /** The item whose evaluation sent these. */
  readonly item: DataItem
  /** If it is a tick of a cron: whether what it makes the process send is delivered. */
  readonly tick?: { readonly isPushed: boolean } | undefined
  readonly environment: { readonly moduleId: string; readonly scheduler: string }
  readonly signer: Signer
}

export function outboxOf(evaluation: Evaluation, context: OutboxContext): OutboxEntry[] {
  if (!evaluation.ok || context.tick?.isPushed === false) return []
  const { messages, spawns, assignments } = evaluation
  if (messages.length + spawns.length + assignments.length === 0) return []
  // A tick is nobody's message.
  const pushedFor =
    context.tick === undefined ? (tagValue(context.item.tags, 'Pushed-For') ?? context.item.id) : undefined
  const entries: OutboxEntry[] = []
  let index = 0
  for (const message of messages) {
    const entry = messageEntry(message, causeOf(context, index++), pushedFor, context)
    if (entry !== undefined) entries.push(entry)
  }
  for (const spawn of spawns) entries.push(spawnEntry(spawn, causeOf(context, index++), pushedFor, context))
  for (const assignment of assignments) {
    for (const entry of assignmentEntries(assignment, context, index)) {
      entries.push(entry)
      index += 1
    }
  }
  return entries
}

function causeOf({ processId, nonce }: OutboxContext, index: number): Cause {
  return { processId, nonce, index }
}

/** The messenger's own tags; a process that forwards a message must not hand on those of the one before. */
const messageStrip = new Set([
  ...['Data-Protocol', 'Type', 'From-Process', 'From-Module', 'Assignments', 'Pushed-For', 'From-Outbox'],
])

function messageEntry(
  message: OutgoingMessage,
  cause: Cause,
  pushedFor: string | undefined,
  context: OutboxContext,
): OutboxEntry | undefined {
  // Without a target it is a note to whoever reads the result, such as a state patch (process API 17).
  if (message.target === undefined || message.target === null || message.target === '') return undefined
  const target = textOf(message.target)
  const assignTo = assignmentTargets(message.tags)
  const tags = [
    ...textTags(message.tags, messageStrip),
    ...pair('Data-Protocol', 'ao'),
    ...pair('Type', 'Message'),
    ...pair('From-Process', context.processId),
    ...pair('From-Module', context.environment.moduleId),
    ...pushedForTag(pushedFor),
    ...pair('From-Outbox', `${cause.nonce}.${cause.index}`),
  ]
  return entryOf('message', target, cause, { assignTo }, () =>
    createDataItem({ target, anchor: anchorOf(message.anchor), tags, data: dataOf(message.data) }, context.signer),
  )
}

const spawnStrip = new Set(['Data-Protocol', 'Type', 'Pushed-For', 'From-Outbox'])

/** Wire protocol 5.7.5: the process item, and the message that tells the spawner about it. */
function spawnEntry(
  spawn: OutgoingSpawn,
  cause: Cause,
  pushedFor: string | undefined,
  context: OutboxContext,
): OutboxEntry {
  const own = textTags(spawn.tags, spawnStrip)
  const variant = own.some(({ name, value }) => name === 'Variant' && value === 'ao.N.1') ? 'ao.N.1' : 'ao.TN.1'
  const identity = pair('From-Outbox', `${cause.nonce}.${cause.index}`)
  const spawnTags = own.map((tag) =>
    tag.name === 'From-Module' ? { ...tag, value: context.environment.moduleId } : tag,
  )
  const tags = [
    ...spawnTags.filter(({ name }) => name !== 'From-Process'),
    ...pair('Variant', variant),
    ...pair('Data-Protocol', 'ao'),
    ...pair('Type', 'Process'),
    ...pair('From-Process', context.processId),
    ...pushedForTag(pushedFor),
    ...(own.some(({ name }) => name === 'Scheduler') ? [] : pair('Scheduler', context.environment.scheduler)),
    ...identity,
  ]
  let process: DataItem
  try {
    process = createDataItem({ tags, data: dataOf(spawn.data) }, context.signer)
  } catch (error) {
    return undeliverable('spawn', '', cause, error)
  }
  const notificationTags = [
    ...own.filter(({ name }) => name !== 'Variant' && name !== 'From-Process'),
    ...pair('From-Process', context.processId),
    ...pair('Data-Protocol', 'ao'),
    ...pair('Type', 'Message'),
    ...pair('Process', process.id),
    ...pair('Action', 'Spawned'),
    ...pair('Variant', variant),
    ...pushedForTag(pushedFor),
    ...identity,
  ]
  try {
    const draft = { target: context.processId, tags: notificationTags, data: ' ' }
    const notification = Buffer.from(createDataItem(draft, context.signer).bytes).toString('base64')
    return entryOf('spawn', process.id, cause, { notification }, () => process)
  } catch (error) {
    return undeliverable('spawn', process.id, cause, error)
  }
}

/** Wire protocol 5.7.6: one entry for each process that the item is assigned to. */
function assignmentEntries(assignment: JsonValue, context: OutboxContext, index: number): OutboxEntry[] {
  const { Message, Processes, Exclude, BaseLayer } = asRecord(assignment)
  if (typeof Message !== 'string' || !isItemId(Message) || !Array.isArray(Processes)) {
    const reason = 'an assignment needs Message, an id, and Processes, a list of ids'
    return [undeliverable('assignment', '', causeOf(context, index), reason)]
  }
  const exclude = Array.isArray(Exclude) ? Exclude.filter((name) => typeof name === 'string') : []
  // They stand in the tags of each assignment, so longer ones would be refused there, one by one.
  if (exclude.length > tagCountMax || exclude.join('').length > tagBytesMax) {
    return [undeliverable('assignment', '', causeOf(context, index), 'Exclude does not fit into the tags of an item')]
  }
  const detail = exclude.length === 0 ? '' : JSON.stringify({ exclude } satisfies OutboxDetail)
  return Processes.map((target: JsonValue, offset) => {
    const cause = causeOf(context, index + offset)
    if (typeof target !== 'string' || !isItemId(target)) {
      return undeliverable('assignment', textOf(target), cause, 'not an id')
    }
    if (BaseLayer === true) {
      const reason = `this node does not follow the base layer; upload item ${Message} and assign it without BaseLayer`
      return undeliverable('assignment', target, cause, reason)
    }
    return { cause, kind: 'assignment', target, itemId: Message, item: new Uint8Array(0), detail }
  })
}

function entryOf(
  kind: 'message' | 'spawn',
  target: string,
  cause: Cause,
  detail: OutboxDetail,
  create: () => DataItem,
): OutboxEntry {
  try {
    const { id, bytes } = create()
    return { cause, kind, target, itemId: id, item: bytes, detail: detailText(detail) }
  } catch (error) {
    return undeliverable(kind, target, cause, error)
  }
}

/** A target that is none may be anything, of any length; it stands in lists and logs. */
const shownTargetLengthMax = 80

function undeliverable(kind: OutboxEntry['kind'], target: string, cause: Cause, reason: unknown): OutboxEntry {
  const text = reason instanceof Error ? reason.message : String(reason)
  const detail = JSON.stringify({ undeliverable: text } satisfies OutboxDetail)
  const shown = target.slice(0, shownTargetLengthMax)
  return { cause, kind, target: shown, itemId: '' as ItemId, item: new Uint8Array(0), detail }
}

function detailText(detail: OutboxDetail): string {
  const { assignTo, notification } = detail
  return (assignTo === undefined || assignTo.length === 0) && notification === undefined ? '' : JSON.stringify(detail)
}

/** Values become text: a process may put numbers, booleans and tables into tags, a data item may not. */
function textTags(tags: readonly OutgoingTag[], strip: ReadonlySet<string>): Tag[] {
  const out: Tag[] = []
  for (const { name, value } of tags) {
    if (value === undefined || value === null || strip.has(name)) continue
    out.push({ name, value: textOf(value) })
  }
  return out
}

/** Of any JSON value: `String` calls what an object from a process names `toString`. */
function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The message that began the chain. Wire protocol 5.7.3. */
function pushedForTag(pushedFor: string | undefined): Tag[] {
  return pushedFor === undefined ? [] : pair('Pushed-For', pushedFor)
}

function pair(name: string, value: string): [Tag] {
  return [{ name, value }]
}

function assignmentTargets(tags: readonly OutgoingTag[]): string[] {
  const value = tags.find(({ name }) => name === 'Assignments')?.value
  const list = Array.isArray(value) ? value : [value]
  return [...new Set(list.filter((target): target is string => typeof target === 'string' && isItemId(target)))]
}

/** An anchor is 32 bytes; anything else cannot stand in an item, and means nothing to it. */
function anchorOf(anchor: JsonValue | undefined): string | undefined {
  return typeof anchor === 'string' && Buffer.byteLength(anchor) === 32 ? anchor : undefined
}

/** Empty data travels as one space, as it does on the public network (wire protocol 5.7.3). */
function dataOf(data: OutgoingData): Uint8Array | string {
  if (data === undefined || data === null || data === '') return ' '
  if (typeof data === 'string' || data instanceof Uint8Array) return data
  return JSON.stringify(data)
}

function asRecord(value: JsonValue): { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: unknown })
    : {}
}
