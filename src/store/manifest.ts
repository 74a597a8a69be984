import { StoreError } from './errors.ts'

/**
 * A page that lists pages, so that a snapshot is found from one hash. Its children may be manifests again: a large state
 * is then a tree, and two states that are equal in one part share the manifest of that part with all below it.
 *
 * What the lists mean, and in which order, is up to who writes them. The store looks at them for one thing: a page is kept
 * as long as a checkpoint leads to it. Which children are manifests is said here, never guessed from their bytes, which
 * may be memory that a guest has filled.
 */
export interface Manifest {
  /** What else a reader needs. At most {@link manifestHeaderBytesMax}. */
  readonly header: Uint8Array
  /** Hashes of child manifests: SHA-256, lower-case hex. */
  readonly manifests: readonly string[]
  /** Hashes of child pages. At most {@link manifestChildCountMax} together with the manifests. */
  readonly pages: readonly string[]
}

export const manifestHeaderBytesMax = 1_048_576
export const manifestChildCountMax = 65_536

/** "LoomMap" and the version of the format. */
const magic = Buffer.from('LoomMap\x01', 'latin1')
const hashBytes = 32
/** Magic, then as big-endian 32-bit numbers: bytes of the header, count of manifests, count of pages. */
const fixedBytes = magic.length + 3 * 4

/**
 * The bytes of the page: magic, three lengths, header, hashes. Equal manifests give equal bytes.
 *
 * @throws {StoreError} `STORE_MANIFEST_INVALID` above the bounds, or when a hash is not 64 digits of lower-case hex.
 */
export function writeManifest({ header, manifests, pages }: Manifest): Uint8Array {
  checkBounds(header.byteLength, manifests.length + pages.length)
  const bytes = Buffer.alloc(fixedBytes + header.byteLength + (manifests.length + pages.length) * hashBytes)
  magic.copy(bytes)
  bytes.writeUInt32BE(header.byteLength, magic.length)
  bytes.writeUInt32BE(manifests.length, magic.length + 4)
  bytes.writeUInt32BE(pages.length, magic.length + 8)
  bytes.set(header, fixedBytes)
  let offset = fixedBytes + header.byteLength
  for (const hash of [...manifests, ...pages]) {
    if (!/^[0-9a-f]{64}$/.test(hash))
      throw invalid(`the hash ${JSON.stringify(hash)} is not 64 digits of lower-case hex`)
    bytes.write(hash, offset, 'hex')
    offset += hashBytes
  }
  return bytes
}

/**
 * Undoes {@link writeManifest}. The header is a view of the bytes.
 *
 * @throws {StoreError} `STORE_MANIFEST_INVALID` for anything that {@link writeManifest} cannot have written.
 */
export function readManifest(given: Uint8Array): Manifest {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  if (bytes.length < fixedBytes || !bytes.subarray(0, magic.length).equals(magic)) {
    throw invalid('they do not begin like one of this version')
  }
  const headerBytes = bytes.readUInt32BE(magic.length)
  const manifestCount = bytes.readUInt32BE(magic.length + 4)
  const pageCount = bytes.readUInt32BE(magic.length + 8)
  checkBounds(headerBytes, manifestCount + pageCount)
  const size = fixedBytes + headerBytes + (manifestCount + pageCount) * hashBytes
  if (bytes.length !== size) throw invalid(`they should be ${size} and are ${bytes.length}`)
  const manifestsStart = fixedBytes + headerBytes
  const pagesStart = manifestsStart + manifestCount * hashBytes
  return {
    header: bytes.subarray(fixedBytes, manifestsStart),
    manifests: readHashes(bytes.subarray(manifestsStart, pagesStart)),
    pages: readHashes(bytes.subarray(pagesStart)),
  }
}

function readHashes(bytes: Buffer): string[] {
  const digits = bytes.toString('hex')
  return Array.from({ length: bytes.length / hashBytes }, (_, index) => digits.slice(64 * index, 64 * (index + 1)))
}

function checkBounds(headerBytes: number, childCount: number): void {
  if (headerBytes > manifestHeaderBytesMax) {
    throw invalid(`the header has ${headerBytes} bytes, ${manifestHeaderBytesMax} are allowed`)
  }
  if (childCount > manifestChildCountMax) {
    throw invalid(`it has ${childCount} children, ${manifestChildCountMax} are allowed`)
  }
}

function invalid(problem: string): StoreError {
  return new StoreError({ code: 'STORE_MANIFEST_INVALID', problem })
}
