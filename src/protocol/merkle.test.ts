import { generateTransactionChunks, validatePath } from 'arweave/node/lib/merkle.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBase64Url } from './base64url.ts'
import { chunkRanges, chunkSizeMax, chunkSizeMin, createDataTree, provenRange } from './merkle.ts'

/** Bytes that differ from chunk to chunk. */
function dataOf(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + (i >> 8) * 17 + (i >> 16)) & 255)
}

/** Wire protocol 16; every byte is 1. */
const published = [
  { sizeBytes: 1, root: 'BFxbySxl2F_A0IRZSNs39oSIMPquMFkT0JsQHmgGIGg', chunkSizes: [1] },
  { sizeBytes: 262_144, root: 'r1VC7blbLDJQMo-ycjo76I-q4tzVRArBh5-pE1CZu1U', chunkSizes: [262_144] },
  { sizeBytes: 262_145, root: '1aJWFhDWFaERHxBoc755JezWZoyhhwZBUtCsbHj5QCA', chunkSizes: [131_073, 131_072] },
  { sizeBytes: 600_000, root: 't1ktlDufOPclwTZiUsERf7_ZX7pSrUKFnBIRQ9fOWSs', chunkSizes: [262_144, 262_144, 75_712] },
]

test.each(published)('the tree over $sizeBytes bytes is the published one', ({ sizeBytes, root, chunkSizes }) => {
  const tree = createDataTree(new Uint8Array(sizeBytes).fill(1))
  expect(encodeBase64Url(tree.root)).toBe(root)
  expect(tree.chunks.map(({ start, end }) => end - start)).toEqual(chunkSizes)
})

describe('as arweave-js has it', () => {
  test.each([
    0,
    1,
    chunkSizeMin,
    chunkSizeMax - 1,
    chunkSizeMax + 1,
    chunkSizeMax + chunkSizeMin,
    3 * chunkSizeMax,
    1_400_000,
  ])('root and paths over %i bytes', async (sizeBytes) => {
    const data = dataOf(sizeBytes)
    const theirs = await generateTransactionChunks(data)
    const tree = createDataTree(data)
    expect(tree.root).toEqual(new Uint8Array(theirs.data_root))
    expect(tree.chunks.map(({ path }) => path)).toEqual(theirs.proofs.map(({ proof }) => new Uint8Array(proof)))
    for (const { start, end, path } of tree.chunks) {
      const checked = await validatePath(tree.root, end - 1, 0, sizeBytes, path)
      expect(checked).toMatchObject({ leftBound: start, rightBound: end })
    }
  })
})

test('ranges cover the data without gap, and none is too large or too small', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 * chunkSizeMax }), (sizeBytes) => {
      const ranges = chunkRanges(sizeBytes)
      expect(ranges[0]?.start).toBe(0)
      expect(ranges.at(-1)?.end).toBe(sizeBytes)
      for (const [i, { start, end }] of ranges.entries()) {
        if (i > 0) expect(start).toBe(ranges[i - 1]?.end)
        expect(end - start).toBeLessThanOrEqual(chunkSizeMax)
        const isEmptyLast = start === end && i === ranges.length - 1
        if (sizeBytes >= chunkSizeMin && !isEmptyLast) expect(end - start).toBeGreaterThanOrEqual(chunkSizeMin)
      }
    }),
    { seed: 7, numRuns: 300 },
  )
})

describe('provenRange', () => {
  const data = dataOf(5 * chunkSizeMax + 1_000)
  const sizeBytes = data.length
  const { root, chunks } = createDataTree(data)
  const bytesOf = ({ start, end }: { start: number; end: number }): Uint8Array => data.subarray(start, end)

  test('finds each chunk from any of its bytes', () => {
    for (const chunk of chunks) {
      for (const offset of [chunk.start, chunk.end - 1]) {
        const { start, end } = chunk
        expect(provenRange(root, { sizeBytes, offset }, chunk.path, bytesOf(chunk))).toEqual({ start, end })
      }
    }
  })

  test('proves nothing of a chunk, path, root, size or place that is changed', () => {
    const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
      const copy = bytes.slice()
      copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ 1
      return copy
    }
    fc.assert(
      fc.property(fc.nat(chunks.length - 1), fc.nat(), (index, at) => {
        const chunk = chunks[index] ?? { start: 0, end: 0, path: root }
        const { path, start, end } = chunk
        const place = { sizeBytes, offset: end - 1 }
        const bytes = bytesOf(chunk)
        expect(provenRange(root, place, path, bytes)).toBeDefined()
        expect(provenRange(flipped(root, at), place, path, bytes)).toBeUndefined()
        expect(provenRange(root, place, flipped(path, at), bytes)).toBeUndefined()
        expect(provenRange(root, place, path, flipped(bytes, at))).toBeUndefined()
        expect(provenRange(root, place, path, bytes.subarray(1))).toBeUndefined()
        expect(provenRange(root, { sizeBytes, offset: end }, path, bytes)).toBeUndefined()
        expect(provenRange(root, { sizeBytes, offset: start - 1 }, path, bytes)).toBeUndefined()
        expect(provenRange(root, place, path.subarray(0, -1), bytes)).toBeUndefined()
        expect(provenRange(root, place, path.subarray(96), bytes)).toBeUndefined()
      }),
      { seed: 7, numRuns: 60 },
    )
  })

  test('holds the last chunk to the size that is declared', () => {
    const last = chunks.at(-1) ?? { start: 0, end: 0, path: root }
    const offset = last.start
    expect(provenRange(root, { sizeBytes, offset }, last.path, bytesOf(last))).toBeDefined()
    for (const other of [sizeBytes - 1, sizeBytes + 1]) {
      expect(provenRange(root, { sizeBytes: other, offset }, last.path, bytesOf(last))).toBeUndefined()
    }
  })
})
