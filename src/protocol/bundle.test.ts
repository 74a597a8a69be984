import { describe, expect, test } from 'vitest'
import { bundleTags, createBundle, parseBundle, readBundleEntries } from './bundle.ts'
import { createDataItem, parseDataItem } from './data-item.ts'
import { createEd25519Signer } from './signers.ts'

const signer = createEd25519Signer(new Uint8Array(32).fill(7))
const items = ['a', 'bc', 'x'.repeat(70_000)].map((data) => createDataItem({ data }, signer))
const bundle = createBundle(items)

function changed(offset: number, ...values: number[]): Uint8Array {
  const bytes = bundle.slice()
  bytes.set(values, offset)
  return bytes
}

describe('bundle', () => {
  test('reads back as it was written', () => {
    expect(parseBundle(bundle)).toEqual(items)
    expect(bundle).toHaveLength(32 + 3 * 64 + items.reduce((size, { bytes }) => size + bytes.length, 0))
  })

  test('of nothing is a count of 0', () => {
    expect(createBundle([])).toEqual(new Uint8Array(32))
    expect(parseBundle(new Uint8Array(32))).toEqual([])
  })

  test('nests in an item', () => {
    const item = createDataItem({ tags: bundleTags, data: bundle }, signer)
    expect(parseBundle(parseDataItem(item.bytes).data)).toEqual(items)
  })

  test('does not copy its items', () => {
    expect(parseBundle(bundle).every(({ bytes }) => bytes.buffer === bundle.buffer)).toBe(true)
  })

  test('entries can be cut out without reading them', () => {
    const entries = readBundleEntries(changed(224, 99))
    expect(entries.map(({ id }) => id)).toEqual(items.map(({ id }) => id))
    expect(entries[0]?.offset).toBe(224)
  })

  const refused: { name: string; bytes: Uint8Array; code: string; offset: number }[] = [
    { name: 'nothing', bytes: new Uint8Array(0), code: 'PROTOCOL_BUNDLE_MALFORMED', offset: 0 },
    { name: '31 bytes', bytes: new Uint8Array(31), code: 'PROTOCOL_BUNDLE_MALFORMED', offset: 0 },
    { name: 'a byte after a count of 0', bytes: new Uint8Array(33), code: 'PROTOCOL_BUNDLE_MALFORMED', offset: 32 },
    { name: 'a count above the room', bytes: changed(0, 0, 0, 1), code: 'PROTOCOL_BUNDLE_MALFORMED', offset: 0 },
    { name: 'a count of 2^248', bytes: changed(31, 1), code: 'PROTOCOL_BUNDLE_MALFORMED', offset: 0 },
    {
      name: 'a count of one fewer',
      bytes: changed(0, 2),
      code: 'PROTOCOL_BUNDLE_MALFORMED',
      offset: 32 + 2 * 64 + 235,
    },
    { name: 'a size of 2^248', bytes: changed(32 + 31, 1), code: 'PROTOCOL_BUNDLE_MALFORMED', offset: 32 },
    {
      name: 'a last size one too large',
      bytes: changed(160, (70_116 & 255) + 1),
      code: 'PROTOCOL_BUNDLE_MALFORMED',
      offset: 160,
    },
    {
      name: 'a last size one too small',
      bytes: changed(160, (70_116 & 255) - 1),
      code: 'PROTOCOL_BUNDLE_MALFORMED',
      offset: bundle.length - 1,
    },
    {
      name: 'a first size of 0',
      bytes: changed(32, 0),
      code: 'PROTOCOL_BUNDLE_MALFORMED',
      offset: bundle.length - 117,
    },
    { name: 'an id of another item', bytes: changed(64, 1, 2, 3), code: 'PROTOCOL_BUNDLE_ITEM_INVALID', offset: 224 },
    { name: 'an item that does not parse', bytes: changed(224, 5), code: 'PROTOCOL_BUNDLE_ITEM_INVALID', offset: 224 },
  ]
  test.each(refused)('refuses $name', ({ bytes, code, offset }) => {
    expect(() => parseBundle(bytes)).toThrow(
      expect.objectContaining({ info: expect.objectContaining({ code, offset }) }),
    )
  })

  test('says why an item does not parse', () => {
    expect(() => parseBundle(changed(224, 5))).toThrow(
      expect.objectContaining({
        info: expect.objectContaining({ index: 0 }),
        cause: expect.objectContaining({ code: 'PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED' }),
      }),
    )
  })

  test('no cut of a bundle is a bundle', () => {
    const small = createBundle(items.slice(0, 2))
    for (let size = 0; size < small.length; size++) {
      expect(() => parseBundle(small.subarray(0, size))).toThrow(
        expect.objectContaining({ code: 'PROTOCOL_BUNDLE_MALFORMED' }),
      )
    }
  })
})
