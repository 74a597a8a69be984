import { LoomError } from './loom-error.ts'

export type ProtocolErrorInfo =
  | { readonly code: 'PROTOCOL_ID_INVALID'; readonly field: string; readonly given: string }
  | { readonly code: 'PROTOCOL_ADDRESS_INVALID'; readonly field: string; readonly given: string }

type Code = ProtocolErrorInfo['code']
type InfoOf<C extends Code> = Extract<ProtocolErrorInfo, { code: C }>

/** What was given, what is allowed, what to do. A new code does not compile until it has a row here. */
const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  PROTOCOL_ID_INVALID: ({ field, given }) =>
    `The ${field} ${JSON.stringify(given)} is not an id. An id is 43 characters of base64url (A–Z a–z 0–9 - _) for 32 bytes.`,
  PROTOCOL_ADDRESS_INVALID: ({ field, given }) =>
    `The ${field} ${JSON.stringify(given)} is not an address. Give 43 characters of base64url, or 0x and 40 hex digits.`,
}

/** Malformed or unverifiable input, found before anything is stored (I7). */
export class ProtocolError extends LoomError<ProtocolErrorInfo> {
  override readonly name = 'ProtocolError'

  constructor(info: ProtocolErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: ProtocolErrorInfo) => string
    super(message(info), info, options)
  }
}
