import type { ProcessId } from '../protocol/ids.ts'
import { type Manifest, readManifest, writeManifest } from '../store/manifest.ts'
import { toPage } from '../store/page-hash.ts'
import type { Page, Store } from '../store/types.ts'
import { luaEngineVersion } from '../vm/lua/lua-wasm.ts'
import type { SnapshotMarks } from '../vm/types.ts'
import { ComputeError } from './errors.ts'
import type { TakenSnapshot } from './thread-protocol.ts'

/**
 * A snapshot in the store: pages of memory by their hash, segments that list neighbouring pages, and a root that lists the
 * segments and says what the state is. Equal pages and segments are stored once, within a process and between processes.
 *
 * @module
 */

/** What a snapshot says of itself. */
export interface SnapshotHeader {
  /** Version of the engine that made it: another one replays instead. */
  readonly engine: string
  readonly moduleId: string
  readonly processId: string
  /** The state is the one after the evaluation of this entry. */
  readonly nonce: number
  /** Merkle root over marks and pages, hex. */
  readonly stateHash: string
  readonly marks: SnapshotMarks
}

/** Hashes of pages, lower-case hex, by page number, ascending. */
export type PageHashes = ReadonlyMap<number, string>

const formatVersion = 1
/** Pages of a segment: half a megabyte of memory. */
const segmentPages = 256

/** The pages that list the others. The last one is the root, whose hash names the snapshot. */
export function writeSnapshot(header: SnapshotHeader, hashes: PageHashes): { manifests: Page[]; manifest: string } {
  const segments = new Map<number, [number, string][]>()
  for (const [index, digest] of hashes) {
    const number = Math.floor(index / segmentPages)
    const segment = segments.get(number) ?? []
    segments.set(number, segment)
    segment.push([index % segmentPages, digest])
  }
  const manifests = [...segments.values()].map((pages) =>
    manifestPage({
      header: Uint8Array.from(pages, ([offset]) => offset),
      manifests: [],
      pages: pages.map(([, digest]) => digest),
    }),
  )
  const root = manifestPage({
    header: Buffer.from(JSON.stringify({ format: formatVersion, ...header, segments: [...segments.keys()] })),
    manifests: manifests.map((page) => page.hash),
    pages: [],
  })
  return { manifests: [...manifests, root], manifest: root.hash }
}

function manifestPage(manifest: Manifest): Page {
  return toPage(writeManifest(manifest))
}

/** A state that was taken under a lease. */
export interface SnapshotToSave {
  readonly processId: ProcessId
  readonly epoch: number
  readonly nonce: number
  readonly moduleId: string
  readonly taken: TakenSnapshot
}

/** Stores the pages, and then the checkpoint that names them. */
export async function saveSnapshot(store: Store, snapshot: SnapshotToSave): Promise<void> {
  const { processId, epoch, nonce, moduleId, taken } = snapshot
  const { stateHash, marks, hashes, newPages } = taken
  const header = { engine: luaEngineVersion, moduleId, processId, nonce, stateHash, marks }
  const { manifests, manifest } = writeSnapshot(header, hashes)
  await store.putPages([...newPages, ...manifests])
  const outcome = await store.putCheckpoint({ processId, epoch, nonce, manifest })
  // Its pages may be swept, so the next snapshot must not count on them.
  if (outcome === 'fenced') throw new ComputeError({ code: 'COMPUTE_FENCED', processId })
}

type GetPages = (hashes: readonly string[]) => Promise<readonly (Uint8Array | undefined)[]>

/** @throws {ComputeError} `COMPUTE_SNAPSHOT_UNUSABLE` when a page is missing or is not what it should be. */
export async function readSnapshot(
  manifest: string,
  getPages: GetPages,
): Promise<{ header: SnapshotHeader; hashes: PageHashes }> {
  const root = readManifest(await getPage(manifest, getPages))
  const { format, segments, ...header } = JSON.parse(Buffer.from(root.header).toString('utf8')) as SnapshotHeader & {
    format: number
    segments: readonly number[]
  }
  if (format !== formatVersion) {
    throw new ComputeError({ code: 'COMPUTE_SNAPSHOT_UNUSABLE', manifest, reason: `its format is ${format}` })
  }
  const hashes = new Map<number, string>()
  const lists = await getPages(root.manifests)
  for (const [position, bytes] of lists.entries()) {
    if (bytes === undefined) throw missing(manifest, root.manifests[position])
    const segment = readManifest(bytes)
    const start = (segments[position] ?? 0) * segmentPages
    for (const [i, offset] of segment.header.entries()) hashes.set(start + offset, segment.pages[i] ?? '')
  }
  return { header, hashes }
}

async function getPage(digest: string, getPages: GetPages): Promise<Uint8Array> {
  const [bytes] = await getPages([digest])
  if (bytes === undefined) throw missing(digest, digest)
  return bytes
}

export function missing(manifest: string, digest: string | undefined): ComputeError {
  return new ComputeError({ code: 'COMPUTE_SNAPSHOT_UNUSABLE', manifest, reason: `page ${digest} is not in the store` })
}
