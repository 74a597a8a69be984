/**
 * What the model sends. Process API 2.7 and 5.2.
 *
 * @module
 */
import type { JsonValue } from '../../src/vm/types.ts'
import { encodeJson, type ModelMessage, put, read, type Value } from './model-message.ts'
import type { SendFields } from './pipeline-case.ts'

export interface ExpectedTag {
  readonly name: string
  readonly value: JsonValue
}

export interface ExpectedMessage {
  readonly target: JsonValue | undefined
  readonly data: JsonValue | undefined
  readonly anchor: string
  /** Its `Reference` tag. */
  readonly reference: string
  /** Groups one after the other; the order inside a group that is not `ordered` is open. */
  readonly tags: readonly { readonly ordered: boolean; readonly tags: readonly ExpectedTag[] }[]
}

/** The argument of a call that sends. */
export interface Draft {
  /** Everything but `Tags`. */
  readonly root: Map<string, Value>
  readonly tags: SendFields['tags']
}

/** Process API 5.1. */
const notForwarded = new Set(
  `Data-Protocol Variant From-Process From-Module Type From Owner Anchor Target Tags TagArray Hash-Chain Timestamp Nonce
   Epoch Signature Forwarded-By Pushed-For Read-Only Cron Block-Height Reference Id Reply-To`.split(/\s+/),
)
/** Process API 5.2, step 4. */
const notSentAsTags = new Set('Target Data Anchor Tags From'.split(' '))

export function draftOf({ root, tags }: SendFields): Draft {
  return { root: new Map(Object.entries(root)), tags }
}

/** What `msg.reply` makes of its argument. */
export function replyDraft(message: ModelMessage, fields: SendFields): Draft {
  const { root, tags } = draftOf(fields)
  put(root, 'Target', read(message, 'Reply-To') ?? root.get('Target') ?? read(message, 'From'))
  put(root, 'X-Reference', read(message, 'X-Reference') ?? read(message, 'Reference'))
  put(root, 'X-Origin', read(message, 'X-Origin'))
  return { root, tags }
}

/** What `msg.forward` sends. */
export function forwardDraft(message: ModelMessage, target: string, fields: SendFields = { root: {} }): Draft {
  const kept = [...message.root].filter(([key, value]) => !notForwarded.has(key) && typeof value !== 'function')
  const root = new Map<string, Value>([...kept, ...Object.entries(fields.root)])
  put(root, 'Target', target)
  put(root, 'Reply-To', read(message, 'Reply-To') ?? read(message, 'From'))
  put(root, 'X-Reference', read(message, 'X-Reference') ?? read(message, 'Reference'))
  put(root, 'X-Origin', read(message, 'X-Origin') ?? read(message, 'From'))
  return { root, tags: fields.tags }
}

/** What `ao.send` puts into the outbox. */
export function sentMessage({ root, tags }: Draft, count: number): ExpectedMessage {
  const reference = String(count)
  const data = root.get('Data')
  const isTable = typeof data === 'object'
  const fields = new Map([...root, ...(isTable ? [['Content-Type', 'application/json'] as const] : [])])
  const builtIn = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: 'Message', Reference: reference }
  return {
    target: jsonOf(root.get('Target')),
    data: isTable ? encodeJson(data) : jsonOf(data),
    anchor: reference.padStart(32, '0'),
    reference,
    tags: [
      { ordered: true, tags: tagsOf(Object.entries(builtIn)) },
      { ordered: false, tags: tagsOf([...fields].filter(([name]) => !notSentAsTags.has(name))) },
      { ordered: tags?.shape === 'array', tags: tags?.tags ?? [] },
    ],
  }
}

function tagsOf(fields: readonly (readonly [name: string, value: Value])[]): ExpectedTag[] {
  return fields.flatMap(([name, value]) => {
    const sent = jsonOf(value)
    return sent === undefined ? [] : [{ name, value: sent }]
  })
}

function jsonOf(value: Value): JsonValue | undefined {
  return typeof value === 'function' ? undefined : value
}
