import { sha384Into } from './crypto.ts'
import { ProtocolError } from './errors.ts'
import { encodeUtf8 } from './utf8.ts'

/** Bytes, or a list of chunks. */
export type DeepHashChunk = Uint8Array | readonly DeepHashChunk[]

/** Deepest nesting of lists that is hashed. ANS-104 nests 1 deep, Arweave transactions 3. */
export const deepHashDepthMax = 16

/** Size of every deep hash, in bytes: that of SHA-384. */
export const deepHashSize = 48

/** Hashes of `blob<length>` kept for lengths below this: targets, anchors, keys, tags and short data. */
const blobTagLengthMax = 4_096
const blobTags: Uint8Array[] = []
/** The hash of the empty blob, which stands for every absent field. */
let emptyBlob: Uint8Array | undefined

// Arrays above 64 bytes are allocated outside the heap, which costs as much as a hash. So two are kept: one for the
// blob at hand, one for a flat list. Nothing in between can come back here: there is no await and no callback.
const blobPair = new Uint8Array(2 * deepHashSize)
const listPair = new Uint8Array(2 * deepHashSize)

/**
 * Hashes nested byte strings so that moving a boundary or regrouping them changes the hash.
 *
 * Shape: a leaf is `H(H("blob" + length) + H(bytes))`; a list starts at `H("list" + count)` and folds each child in
 * with `H(acc + deepHash(child))`. `H` is SHA-384; lengths count bytes, and both numbers are decimal ASCII.
 *
 * @param chunk - Bytes, or a list of chunks; either may be empty. Not modified.
 * @returns 48 bytes.
 * @throws {ProtocolError} `PROTOCOL_DEPTH_EXCEEDED` when lists nest deeper than {@link deepHashDepthMax}: an unbounded
 *   depth would end the stack.
 * @see wire protocol 1.2; vectors in section 16
 */
export function deepHash(chunk: DeepHashChunk): Uint8Array {
  const out = new Uint8Array(deepHashSize)
  chunkInto(chunk, out, 0, 1)
  return out
}

/** The hash of a list of `count` chunks before its first chunk is folded in. Continue with {@link foldDeepHash}. */
export function startDeepHash(count: number): Uint8Array {
  return hashOf(encodeUtf8(`list${count}`))
}

/**
 * Folds further blobs of a flat list into its hash, so that a head which never changes is hashed once.
 *
 * @param start - 48 bytes from {@link startDeepHash} or an earlier fold. Not modified.
 * @returns 48 bytes; the deep hash of the list once all `count` chunks are in.
 */
export function foldDeepHash(start: Uint8Array, blobs: readonly Uint8Array[]): Uint8Array {
  listPair.set(start)
  for (const blob of blobs) {
    blobInto(blob, listPair, deepHashSize)
    sha384Into(listPair, listPair, 0)
  }
  return listPair.slice(0, deepHashSize)
}

function chunkInto(chunk: DeepHashChunk, out: Uint8Array, offset: number, depth: number): void {
  if (chunk instanceof Uint8Array) {
    blobInto(chunk, out, offset)
    return
  }

  if (depth > deepHashDepthMax) throw new ProtocolError({ code: 'PROTOCOL_DEPTH_EXCEEDED', depthMax: deepHashDepthMax })
  const pair = new Uint8Array(2 * deepHashSize)
  pair.set(startDeepHash(chunk.length))
  for (const child of chunk) {
    chunkInto(child, pair, deepHashSize, depth + 1)
    sha384Into(pair, pair, 0)
  }
  out.set(pair.subarray(0, deepHashSize), offset)
}

function blobInto(blob: Uint8Array, out: Uint8Array, offset: number): void {
  if (blob.length === 0) {
    emptyBlob ??= hashOf(Uint8Array.of(...blobTag(0), ...hashOf(blob)))
    out.set(emptyBlob, offset)
    return
  }
  blobPair.set(blobTag(blob.length))
  sha384Into(blob, blobPair, deepHashSize)
  sha384Into(blobPair, out, offset)
}

function blobTag(length: number): Uint8Array {
  const known = blobTags[length]
  if (known !== undefined) return known

  const tag = hashOf(encodeUtf8(`blob${length}`))
  if (length < blobTagLengthMax) blobTags[length] = tag
  return tag
}

function hashOf(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(deepHashSize)
  sha384Into(bytes, out, 0)
  return out
}
