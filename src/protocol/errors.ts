import { LoomError } from './loom-error.ts'

/** `offset` counts bytes from the start of what was handed in: the item, the bundle, or the text. */
export type ProtocolErrorInfo =
  | { readonly code: 'PROTOCOL_ID_INVALID'; readonly field: string; readonly given: string }
  | { readonly code: 'PROTOCOL_ADDRESS_INVALID'; readonly field: string; readonly given: string }
  | { readonly code: 'PROTOCOL_BASE64URL_INVALID'; readonly problem: string; readonly offset: number }
  | { readonly code: 'PROTOCOL_TEXT_MALFORMED'; readonly field: string }
  | { readonly code: 'PROTOCOL_DEPTH_EXCEEDED'; readonly depthMax: number }
  | {
      readonly code: 'PROTOCOL_ITEM_TRUNCATED'
      readonly field: string
      readonly offset: number
      readonly needBytes: number
      readonly haveBytes: number
    }
  | {
      readonly code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED'
      readonly signatureType: number
      /** The registered name, or undefined for a number nobody registered. */
      readonly name: string | undefined
      readonly offset: number
    }
  | { readonly code: 'PROTOCOL_OWNER_INVALID'; readonly problem: string; readonly offset: number }
  | {
      readonly code: 'PROTOCOL_PRESENCE_BYTE_INVALID'
      readonly field: 'target' | 'anchor'
      readonly given: number
      readonly offset: number
    }
  | {
      readonly code: 'PROTOCOL_TAG_BYTES_EXCEEDED'
      readonly sizeBytes: number
      readonly sizeBytesMax: number
      /** Undefined when tags are written, not read. */
      readonly offset: number | undefined
    }
  | {
      readonly code: 'PROTOCOL_TAG_COUNT_EXCEEDED'
      readonly count: number
      readonly countMax: number
      /** Undefined when tags are written, not read. */
      readonly offset: number | undefined
    }
  | {
      readonly code: 'PROTOCOL_TAG_COUNT_MISMATCH'
      readonly declared: number
      readonly decoded: number
      readonly offset: number
    }
  | { readonly code: 'PROTOCOL_TAGS_MALFORMED'; readonly problem: string; readonly offset: number }
  | { readonly code: 'PROTOCOL_ANCHOR_INVALID'; readonly sizeBytes: number }
  | { readonly code: 'PROTOCOL_SIGNATURE_INVALID'; readonly id: string; readonly signatureType: number }
  | { readonly code: 'PROTOCOL_KEY_INVALID'; readonly kind: string; readonly problem: string }
  | {
      readonly code: 'PROTOCOL_SIGNER_INVALID'
      readonly field: 'owner' | 'signature'
      readonly signatureType: number
      readonly needBytes: number
      readonly haveBytes: number
    }
  | { readonly code: 'PROTOCOL_BUNDLE_MALFORMED'; readonly problem: string; readonly offset: number }
  | {
      readonly code: 'PROTOCOL_BUNDLE_ITEM_INVALID'
      readonly index: number
      readonly problem: string
      readonly offset: number
    }
  | { readonly code: 'PROTOCOL_TRANSACTION_INVALID'; readonly field: string; readonly problem: string }
  | {
      readonly code: 'PROTOCOL_ASSIGNMENT_INVALID'
      readonly field: string
      readonly problem: string
      readonly given: string | undefined
    }

export type ProtocolErrorCode = ProtocolErrorInfo['code']
type InfoOf<C extends ProtocolErrorCode> = Extract<ProtocolErrorInfo, { code: C }>

const at = (offset: number | undefined): string => (offset === undefined ? '' : ` (byte ${offset})`)

/** What was given, what is allowed, what to do. A new code does not compile until it has a row here. */
const messages: { [C in ProtocolErrorCode]: (info: InfoOf<C>) => string } = {
  PROTOCOL_ID_INVALID: ({ field, given }) =>
    `The ${field} ${JSON.stringify(given)} is not an id. An id is 43 characters of base64url (A–Z a–z 0–9 - _) for 32 bytes.`,
  PROTOCOL_ADDRESS_INVALID: ({ field, given }) =>
    `The ${field} ${JSON.stringify(given)} is not an address. Give 43 characters of base64url, or 0x and 40 hex digits.`,
  PROTOCOL_BASE64URL_INVALID: ({ problem, offset }) => `Not base64url: ${problem} (character ${offset}).`,
  PROTOCOL_TEXT_MALFORMED: ({ field }) =>
    `The ${field} holds half of a surrogate pair, which has no UTF-8 form. Remove it, or give bytes instead of text.`,
  PROTOCOL_DEPTH_EXCEEDED: ({ depthMax }) => `Lists to hash nest deeper than ${depthMax}. Flatten them.`,
  PROTOCOL_ITEM_TRUNCATED: ({ field, offset, needBytes, haveBytes }) =>
    `The data item ends inside its ${field}: ${needBytes} bytes needed at byte ${offset}, ${haveBytes} left.`,
  PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED: ({ signatureType, name, offset }) =>
    `Signature type ${signatureType}${name === undefined ? '' : ` (${name})`} is not supported${at(offset)}. Sign with 1 arweave, 2 ed25519, 3 ethereum or 4 solana.`,
  PROTOCOL_OWNER_INVALID: ({ problem, offset }) => `The owner key is not valid: ${problem}${at(offset)}.`,
  PROTOCOL_PRESENCE_BYTE_INVALID: ({ field, given, offset }) =>
    `The presence byte of the ${field} is ${given}${at(offset)}. It must be 0 (absent) or 1 (present).`,
  PROTOCOL_TAG_BYTES_EXCEEDED: ({ sizeBytes, sizeBytesMax, offset }) =>
    `The tags take ${sizeBytes} bytes${at(offset)}; at most ${sizeBytesMax} are allowed. Move long values into the data.`,
  PROTOCOL_TAG_COUNT_EXCEEDED: ({ count, countMax, offset }) =>
    `There are ${count} tags${at(offset)}; at most ${countMax} are allowed. Move some into the data.`,
  PROTOCOL_TAG_COUNT_MISMATCH: ({ declared, decoded, offset }) =>
    `The item declares ${declared} tags but holds ${decoded}${at(offset)}. Write the count of the tags that follow.`,
  PROTOCOL_TAGS_MALFORMED: ({ problem, offset }) => `The tags are malformed: ${problem}${at(offset)}.`,
  PROTOCOL_ANCHOR_INVALID: ({ sizeBytes }) =>
    `The anchor has ${sizeBytes} bytes. Give exactly 32, or text of 32 UTF-8 bytes.`,
  PROTOCOL_SIGNATURE_INVALID: ({ id, signatureType }) =>
    `The signature (type ${signatureType}) of item ${id} does not match its owner and content. Sign the item again.`,
  PROTOCOL_KEY_INVALID: ({ kind, problem }) => `The ${kind} key cannot be used: ${problem}.`,
  PROTOCOL_SIGNER_INVALID: ({ field, signatureType, needBytes, haveBytes }) =>
    `The signer gave a ${field} of ${haveBytes} bytes; signature type ${signatureType} has ${needBytes}.`,
  PROTOCOL_BUNDLE_MALFORMED: ({ problem, offset }) => `The bundle is malformed: ${problem}${at(offset)}.`,
  PROTOCOL_BUNDLE_ITEM_INVALID: ({ index, problem, offset }) => `Item ${index} of the bundle${at(offset)}: ${problem}`,
  PROTOCOL_TRANSACTION_INVALID: ({ field, problem }) =>
    `The ${field} of the transaction ${problem}. Give a signed transaction of format 2 as JSON.`,
  PROTOCOL_ASSIGNMENT_INVALID: ({ field, problem, given }) =>
    `The ${field} of the assignment ${problem}${given === undefined ? '' : `: ${JSON.stringify(given)}`}.`,
}

/** Malformed or unverifiable input, found before anything is stored (I7). */
export class ProtocolError extends LoomError<ProtocolErrorInfo> {
  override readonly name = 'ProtocolError'

  constructor(info: ProtocolErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: ProtocolErrorInfo) => string
    super(message(info), info, options)
  }
}
