import { expect, test } from 'vitest'
import { createDataItem, parseDataItem } from './data-item.ts'
import { ProtocolError } from './errors.ts'
import { errorCode } from './loom-error.ts'
import { createEd25519Signer } from './signers.ts'

test('an error says what is wrong, where, and what to do; its code survives JSON', () => {
  const bytes = createDataItem({}, createEd25519Signer(new Uint8Array(32))).bytes.slice()
  bytes[98] = 7
  let caught: unknown
  try {
    parseDataItem(bytes)
  } catch (error) {
    caught = error
  }

  expect(caught).toBeInstanceOf(ProtocolError)
  expect(errorCode(JSON.parse(JSON.stringify(caught)))).toBe('PROTOCOL_PRESENCE_BYTE_INVALID')
  expect(JSON.parse(JSON.stringify(caught))).toEqual({
    name: 'ProtocolError',
    code: 'PROTOCOL_PRESENCE_BYTE_INVALID',
    message: 'The presence byte of the target is 7 (byte 98). It must be 0 (absent) or 1 (present).',
    info: { code: 'PROTOCOL_PRESENCE_BYTE_INVALID', field: 'target', given: 7, offset: 98 },
  })
})
