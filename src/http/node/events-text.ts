import { createHash } from 'node:crypto'
import { toThreadEntry } from '../../compute/state-loader.ts'
import { toVmMessage } from '../../compute/vm-message.ts'
import type { StateReading } from '../../network/types.ts'
import { tagValue } from '../../protocol/tags.ts'
import { decodeUtf8 } from '../../protocol/utf8.ts'
import type { LogEntry, StoredResult } from '../../store/types.ts'
import { httpLimits } from '../limits.ts'
import { stateHashLength } from './events-position.ts'

/** Events as text of the protocol, without their `id`, which depends on the stream. Their fields are in docs/events.md. */

/** Message of the log as its process sees it. */
export function messageEvent(processId: string, entry: LogEntry): string {
  const { item, message } = toVmMessage(processId, toThreadEntry(entry))
  const { from, owner, tags, timestampMs, blockHeight } = message
  const bytes = typeof message.data === 'string' ? Buffer.from(message.data) : message.data
  const fields = {
    ...{ nonce: entry.nonce, messageId: item.id, assignmentId: entry.assignmentId, kind: entry.kind },
    ...{ from, owner, action: tagValue(tags, 'Action') ?? null, tags, timestampMs, blockHeight },
    dataBytes: bytes?.length ?? 0,
  }
  const isSmall = bytes !== undefined && bytes.length <= httpLimits.eventCharactersMax
  return boundedEvent('message', fields, 'data', JSON.stringify(isSmall ? (decodeUtf8(bytes) ?? null) : null))
}

export function resultEvent({ nonce, json, failed, gasUsed }: StoredResult, { itemId }: LogEntry): string {
  const fields = { nonce, messageId: itemId, failed, gasUsed, resultBytes: Buffer.byteLength(json) }
  return boundedEvent('result', fields, 'result', json)
}

/** The value at a path, and the hash by which it is told from others. */
export interface StateEvent {
  readonly text: string
  readonly hash: string
  /** The value is the one after this entry; undefined: it cannot be read. */
  readonly nonce: number | undefined
}

export function stateEvent(path: string, { nonce, json, isComplete }: StateReading): StateEvent {
  const fields = { path, nonce, isComplete, valueBytes: Buffer.byteLength(json) }
  return { text: boundedEvent('state', fields, 'value', json), hash: hashOf(json), nonce }
}

export function stateErrorEvent(path: string, problem: { readonly error: string; readonly code: string }): StateEvent {
  const json = JSON.stringify({ path, ...problem })
  return { text: eventText('state', json), hash: hashOf(json), nonce: undefined }
}

/** @param json - One value; other than its line breaks, which in JSON stand between words only, it is sent as it is. */
export function eventText(type: string, json: string): string {
  return `event: ${type}\ndata: ${/[\r\n]/.test(json) ? json.replace(/[\r\n]+/g, ' ') : json}\n\n`
}

/** An event with one field that may be large: beyond the limit that one is `null`. */
function boundedEvent(type: string, fields: object, name: string, json: string): string {
  const value = json.length > httpLimits.eventCharactersMax ? 'null' : json
  return eventText(type, `${JSON.stringify(fields).slice(0, -1)},"${name}":${value}}`)
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, stateHashLength)
}
