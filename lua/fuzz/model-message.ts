/**
 * Messages of the model. Process API 2.
 *
 * @module
 */
import type { JsonValue, VmMessage } from '../../src/vm/types.ts'
import type { InnerMessage, Program } from './pipeline-case.ts'

/** What a message holds. Tables are JSON values. */
export type Value = JsonValue | (() => void) | undefined

export interface ModelMessage {
  readonly root: Map<string, Value>
  readonly tags: Map<string, Value>
  /** Whether it came from outside: has `reply` and `forward`, and is read by any spelling. Process API 2.3, 2.7. */
  readonly isIncoming: boolean
  readonly program: Program | undefined
}

/** Process API 2.4. */
const notExtracted = new Set(
  'Data-Protocol Variant From-Process From-Module Type From Owner Anchor Target Data Tags Read-Only'.split(' '),
)
const neverFromTags = new Set('Id Timestamp Nonce Epoch Block-Height Hash-Chain Cron'.split(' '))

/** Stands for `reply` and `forward`. */
const callable = (): void => undefined

/** Process API 2.3. */
export function normalize(name: string): string {
  return name
    .replaceAll('_', '-')
    .toLowerCase()
    .replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
}

/** A message as handlers see it. Undefined where data that is declared as JSON is none. Process API 2.4 to 2.7. */
export function readMessage(incoming: VmMessage, program: Program | undefined): ModelMessage | undefined {
  const { id, target, from, owner, data, forwardedBy, hashChain, timestampMs, blockHeight, nonce, epoch } = incoming
  const root = new Map<string, Value>()
  const scheduled = {
    Timestamp: timestampMs,
    'Block-Height': blockHeight,
    Nonce: nonce,
    Epoch: epoch,
    'Hash-Chain': hashChain,
  }
  const given = {
    Id: id,
    Target: target,
    From: from,
    Owner: owner,
    Data: data,
    'Forwarded-By': forwardedBy,
    ...scheduled,
  }
  for (const [key, value] of Object.entries(given)) put(root, key, typeof value === 'object' ? undefined : value)
  const tags = new Map<string, Value>()
  for (const tag of incoming.tags) {
    const name = normalize(tag.name)
    if (!notExtracted.has(name) && !neverFromTags.has(name)) root.set(name, tag.value)
    if (!tags.has(name)) tags.set(name, tag.value)
  }
  root.set('Tags', {}).set('TagArray', {}).set('reply', callable).set('forward', callable)
  if (tags.get('Content-Type') === 'application/json') {
    try {
      put(root, 'Data', JSON.parse(String(root.get('Data') ?? '{}')) ?? undefined)
    } catch {
      return undefined
    }
  }
  return { root, tags, isIncoming: true, program }
}

/** A message that user code makes. */
export function innerMessage({ action, data, tags }: InnerMessage): ModelMessage {
  const root = new Map<string, Value>([
    ['Action', action],
    ['From', 'INNER'],
    ['Tags', {}],
  ])
  put(root, 'Data', data)
  return { root, tags: new Map(Object.entries(tags)), isIncoming: false, program: undefined }
}

/** `msg[key]`, by any spelling of the key. Process API 2.3. */
export function read({ root, isIncoming }: ModelMessage, key: string): Value {
  return root.get(key) ?? (isIncoming ? root.get(normalize(key)) : undefined)
}

/** `msg.Tags[key]`. */
export function readTag({ tags, isIncoming }: ModelMessage, key: string): Value {
  return tags.get(key) ?? (isIncoming ? tags.get(normalize(key)) : undefined)
}

/** All fields, as the prologue's `whole` tells them. */
export function describeMessage({ root, tags }: ModelMessage): string {
  const fields = [...root].map(([key, value]) => `${key}=${isScalar(value) ? value : `a ${typeNameOf(value)}`}`)
  const tagFields = [...tags].map(([name, value]) => `Tags.${name}=${value}`)
  return [...fields, ...tagFields].sort().join(' ')
}

function isScalar(value: Value): value is string | number | boolean {
  return typeof value !== 'object' && typeof value !== 'function'
}

export function put(root: Map<string, Value>, key: string, value: Value): void {
  if (value === undefined) root.delete(key)
  else root.set(key, value)
}

/** Process API 14.2: an empty table is an array. */
export function encodeJson(value: JsonValue): string {
  const text = JSON.stringify(value)
  return text === '{}' ? '[]' : text
}

export function typeNameOf(value: Value): string {
  if (value === undefined) return 'nil'
  return typeof value === 'object' ? 'table' : typeof value
}
