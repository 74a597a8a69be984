import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  type Address,
  type ItemId,
  isItemId,
  type ProcessId,
  parseAddress,
  parseItemId,
  parseProcessId,
} from './ids.ts'

const id = 'ERERERERERERERERERERERERERERERERERERERERERE'
const ethereumAddress = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1'

describe('ids', () => {
  test('a process id is an item id, not the other way round, and neither is an address', () => {
    expectTypeOf<ProcessId>().not.toBeNever()
    expectTypeOf<ProcessId>().toExtend<ItemId>()
    expectTypeOf<ItemId>().not.toExtend<ProcessId>()
    expectTypeOf<ItemId>().not.toExtend<Address>()
    expectTypeOf<string>().not.toExtend<ItemId>()
  })

  test('the canonical form is accepted', () => {
    expect([parseItemId(id), parseProcessId(id), parseAddress(id)]).toEqual([id, id, id])
    expect(parseAddress(ethereumAddress)).toBe(ethereumAddress)
  })

  const refused = [
    '',
    id.slice(1),
    `${id}A`,
    `${id}=`,
    `${id.slice(1)}+`,
    `${id.slice(0, 42)}F`,
    `${id}\n`,
    `${id.slice(0, 42)}\n`,
  ]
  test.each(refused)('%j is refused', (text) => {
    expect(isItemId(text)).toBe(false)
    expect(() => parseProcessId(text)).toThrow(expect.objectContaining({ code: 'PROTOCOL_ID_INVALID' }))
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'PROTOCOL_ADDRESS_INVALID' }))
  })

  test('an error quotes no more than 80 characters of what was given', () => {
    expect(() => parseItemId('x'.repeat(10_000), 'target')).toThrow(
      expect.objectContaining({ info: { code: 'PROTOCOL_ID_INVALID', field: 'target', given: 'x'.repeat(80) } }),
    )
  })
})
