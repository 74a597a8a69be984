import { describe, expect, test } from 'vitest'
import { type DeepHashChunk, deepHash, deepHashDepthMax, foldDeepHash, startDeepHash } from './deep-hash.ts'
import { encodeTags } from './tags.ts'
import { encodeUtf8 } from './utf8.ts'

const text = (value: string): Uint8Array => encodeUtf8(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Lists around one byte, `depth` of them. */
function nest(depth: number): DeepHashChunk {
  let chunk: DeepHashChunk = Uint8Array.of(1)
  for (let i = 0; i < depth; i++) chunk = [chunk]
  return chunk
}

describe('deepHash', () => {
  // Wire protocol 16.
  const vectors: { name: string; chunk: DeepHashChunk; expected: string }[] = [
    {
      name: 'blob, empty',
      chunk: text(''),
      expected: 'fbf00cc444f5fea9dc3bedf62a13fba8ae87e7445fc910567a23bec4eb82fadb1143c433069314d8362983dc3c2e4a38',
    },
    {
      name: 'blob hello',
      chunk: text('hello'),
      expected: '33ab2407a6c328c0bc1bbe5971f49af5c1908985f83c3d2bd89a9e221dd8b068dc61ce968ba3f9ab12d5361ba3944382',
    },
    {
      name: 'list, empty',
      chunk: [],
      expected: 'a69e7d37fdc7f040a9ec16aae84de24fab4a653dac4de0bd247e36bab9fe45d9289c5a04a893c95285812f5cefc9707a',
    },
    {
      name: 'list ["a", ["b", "c"]]',
      chunk: [text('a'), [text('b'), text('c')]],
      expected: '30bce0a753c170f214f57dd0244bc29c76526aea405cd8bff8af8301a7d10424e1c57f63ab4d55070b99f48f72a8c2e7',
    },
  ]
  test.each(vectors)('vector: $name', ({ chunk, expected }) => {
    expect(hex(deepHash(chunk))).toBe(expected)
    expect(hex(deepHash(chunk))).toBe(expected) // again, now that lengths are remembered
  })

  test('vector: the hash by which the reference CU knows a forwarded message', () => {
    // The text of 7.5 says "payload with empty owner". What made the vector writes an item with an owner of 0 bytes and
    // reads it as if it had 512, so the owner swallows all the other fields. Kept to show that the hash itself agrees.
    const tagBytes = encodeTags([{ name: 'A', value: 'B' }])
    const counts = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, tagBytes.length, 0, 0, 0, 0, 0, 0, 0)
    const target = new Uint8Array(32).fill(0x11)
    const anchor = text('1'.padStart(32, '0'))
    const swallowed = Uint8Array.of(1, ...target, 1, ...anchor, ...counts, ...tagBytes, ...text('hello'))
    const message = [text('dataitem'), text('1'), text('1'), swallowed, text(''), text(''), text(''), text('')]
    expect(Buffer.from(deepHash(message)).toString('base64')).toBe(
      'Pjf8fFmYNLwikEghPjAGcWWWsmQ/US5m07+O0brR11nUoKB7PsQMve8fqYJtaX5y',
    )
  })

  test('a list folded in parts is the list hashed at once', () => {
    const blobs = ['', 'a', 'x'.repeat(5_000), 'b', ''].map(text)
    for (let cut = 0; cut <= blobs.length; cut++) {
      const head = foldDeepHash(startDeepHash(blobs.length), blobs.slice(0, cut))
      expect(foldDeepHash(head, blobs.slice(cut))).toEqual(deepHash(blobs))
    }
  })

  test('neither input nor earlier results change with later calls', () => {
    const blob = text('hello')
    const first = deepHash([blob, [blob]])
    const kept = first.slice()
    deepHash([text('other'), [[text('more')]]])
    expect(first).toEqual(kept)
    expect(blob).toEqual(text('hello'))
  })

  test('moving a boundary or regrouping changes the hash', () => {
    const forms = [['ab', 'c'], ['a', 'bc'], ['abc'], ['ab', 'c', '']].map((form) => hex(deepHash(form.map(text))))
    forms.push(hex(deepHash([[text('ab'), text('c')]])))
    expect(new Set(forms).size).toBe(5)
  })

  test('depth is bounded', () => {
    expect(deepHash(nest(deepHashDepthMax))).toHaveLength(48)
    expect(() => deepHash(nest(deepHashDepthMax + 1))).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_DEPTH_EXCEEDED' }),
    )
    expect(() => deepHash(nest(100_000))).toThrow(expect.objectContaining({ code: 'PROTOCOL_DEPTH_EXCEEDED' }))
  })
})
