/**
 * The tree over the chunks of a transaction's data, whose root is signed as `data_root`. Spec: wire protocol 3.3.
 *
 * ```
 * leaf   = H( H(H(chunk)) | H(note(end)) )                 note(x): x in 32 bytes, big-endian; H: SHA-256
 * branch = H( H(left) | H(right) | H(note(left's end)) )
 * path   = ( left 32 | right 32 | note 32 )* H(chunk) 32 | note(end) 32      from the root down
 * ```
 *
 * @module
 */
import { sha256 } from './crypto.ts'

export const chunkSizeMax = 262_144
/** Only the last chunk may be smaller than this, when it is the only one. */
export const chunkSizeMin = 32_768

/** The bytes `start`..`end` (exclusive) of the data. */
export interface ChunkRange {
  readonly start: number
  readonly end: number
}

/** A chunk with the proof that it stands there. */
export interface ProvenChunk extends ChunkRange {
  readonly path: Uint8Array
}

export interface DataTree {
  /** 32 bytes. */
  readonly root: Uint8Array
  /** In order, without the empty leaf, which is never uploaded. */
  readonly chunks: readonly ProvenChunk[]
}

/** Size of a hash and of a note, in bytes. */
const fieldSize = 32
const leafSize = 2 * fieldSize
const branchSize = 3 * fieldSize

/**
 * How data is cut: full chunks, the last two even when the last one would be too small. Data of a whole number of full
 * chunks ends in an empty one, which takes part in the tree.
 */
export function chunkRanges(sizeBytes: number): readonly ChunkRange[] {
  const ranges: ChunkRange[] = []
  let start = 0
  while (sizeBytes - start >= chunkSizeMax) {
    const left = sizeBytes - start
    const after = left - chunkSizeMax
    const end = start + (after > 0 && after < chunkSizeMin ? Math.ceil(left / 2) : chunkSizeMax)
    ranges.push({ start, end })
    start = end
  }
  ranges.push({ start, end: sizeBytes })
  return ranges
}

interface Node {
  readonly id: Uint8Array
  readonly end: number
  /** Leaves below, in order. */
  readonly leaves: readonly Leaf[]
}

interface Leaf extends ChunkRange {
  /** What comes before the leaf's own part in its path, from the leaf up. */
  readonly branches: Uint8Array[]
  readonly dataHash: Uint8Array
}

/** The tree over data. Hashes all of it: about 1 ms for each MiB. */
export function createDataTree(data: Uint8Array): DataTree {
  const leaves = chunkRanges(data.length).map(({ start, end }): Leaf => {
    return { start, end, branches: [], dataHash: sha256(data.subarray(start, end)) }
  })
  let layer = leaves.map((leaf): Node => ({ id: leafId(leaf.dataHash, note(leaf.end)), end: leaf.end, leaves: [leaf] }))
  while (layer.length > 1) {
    const above: Node[] = []
    for (let i = 0; i < layer.length; i += 2) {
      const [left, right] = [layer[i], layer[i + 1]]
      if (left !== undefined) above.push(right === undefined ? left : join(left, right))
    }
    layer = above
  }
  const chunks = leaves.filter(({ start, end }) => start < end).map(proven)
  return { root: layer[0]?.id ?? sha256(data), chunks }
}

function join(left: Node, right: Node): Node {
  const boundary = note(left.end)
  const branch = concat([left.id, right.id, boundary])
  const leaves = [...left.leaves, ...right.leaves]
  for (const leaf of leaves) leaf.branches.push(branch)
  return { id: branchId(left.id, right.id, boundary), end: right.end, leaves }
}

function proven({ start, end, branches, dataHash }: Leaf): ProvenChunk {
  return { start, end, path: concat([...branches.toReversed(), dataHash, note(end)]) }
}

/**
 * Where the chunk stands in the data under that root. Two chunks that are proven under one root and size are at one place,
 * or do not overlap.
 *
 * @param offset - Of any byte of the chunk.
 * @returns undefined unless the path leads from the root to exactly this chunk, of 1 to {@link chunkSizeMax} bytes.
 */
export function provenRange(
  root: Uint8Array,
  { sizeBytes, offset }: { readonly sizeBytes: number; readonly offset: number },
  path: Uint8Array,
  chunk: Uint8Array,
): ChunkRange | undefined {
  if (offset < 0 || offset >= sizeBytes || path.length % branchSize !== leafSize) return undefined
  let expected = root
  let [start, end] = [0, sizeBytes]
  let position = 0
  const field = (index: number): Uint8Array => {
    return path.subarray(position + index * fieldSize, position + (index + 1) * fieldSize)
  }
  for (; path.length - position > leafSize; position += branchSize) {
    const [left, right, boundary] = [field(0), field(1), field(2)]
    if (!equal(expected, branchId(left, right, boundary))) return undefined
    const split = numberOf(boundary)
    if (offset < split) {
      expected = left
      end = Math.min(end, split)
    } else {
      expected = right
      start = Math.max(start, split)
    }
  }
  const [dataHash, boundary] = [field(0), field(1)]
  if (!equal(expected, leafId(dataHash, boundary))) return undefined
  const fits = chunk.length > 0 && chunk.length <= chunkSizeMax && chunk.length === end - start
  return fits && equal(dataHash, sha256(chunk)) ? { start, end } : undefined
}

function leafId(dataHash: Uint8Array, boundary: Uint8Array): Uint8Array {
  return hashOfHashes(dataHash, boundary)
}

function branchId(left: Uint8Array, right: Uint8Array, boundary: Uint8Array): Uint8Array {
  return hashOfHashes(left, right, boundary)
}

function hashOfHashes(...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(concat(parts.map(sha256)))
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, { length }) => size + length, 0))
  let position = 0
  for (const part of parts) {
    bytes.set(part, position)
    position += part.length
  }
  return bytes
}

function note(value: number): Uint8Array {
  const bytes = new Uint8Array(fieldSize)
  for (let rest = value, i = fieldSize - 1; rest > 0; i--) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return bytes
}

/** Inexact above 2^53, which is over the size of any data. */
function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
