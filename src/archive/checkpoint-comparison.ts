import { readSnapshot } from '../compute/snapshot-format.ts'
import type { EvaluationThread } from '../compute/thread-protocol.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { errorCode } from '../protocol/loom-error.ts'
import type { Store } from '../store/types.ts'
import { luaEngineVersion } from '../vm/lua/lua-wasm.ts'
import { hashState } from '../vm/lua/memory-image.ts'
import type { Difference } from './errors.ts'

/** Pages are looked at so many at a time: they have 2 KiB each. */
const pagesAtOnce = 512

/** Compares the snapshots of a process with the states that its log gives. */
export class CheckpointComparison {
  readonly #store: Store
  readonly #thread: EvaluationThread
  readonly #moduleId: string
  readonly #manifests: ReadonlyMap<number, string>
  /** Pages that are there and are what they should be: snapshots share most of theirs. */
  readonly #soundPages = new Set<string>()
  comparedCount = 0
  /** Nonces of snapshots that another engine made: they are not used, and say nothing about this one. */
  readonly skipped: number[] = []

  private constructor(
    store: Store,
    thread: EvaluationThread,
    moduleId: string,
    manifests: ReadonlyMap<number, string>,
  ) {
    this.#store = store
    this.#thread = thread
    this.#moduleId = moduleId
    this.#manifests = manifests
  }

  /** @param thread - Knows the module when {@link compare} is called. */
  static async open(
    store: Store,
    processId: ProcessId,
    thread: EvaluationThread,
    moduleId: string,
  ): Promise<CheckpointComparison> {
    const checkpoints = await store.listCheckpoints(processId)
    const manifests = new Map(checkpoints.map(({ nonce, manifest }) => [nonce, manifest]))
    return new CheckpointComparison(store, thread, moduleId, manifests)
  }

  /** Of the snapshots that are to be compared. */
  noncesFrom(first: number): ReadonlySet<number> {
    return new Set([...this.#manifests.keys()].filter((nonce) => nonce >= first))
  }

  /** @param stateHash - Computed from the log. */
  async compare(nonce: number, stateHash: string): Promise<readonly Difference[]> {
    const manifest = this.#manifests.get(nonce)
    if (manifest === undefined) return []
    try {
      const { header, hashes } = await readSnapshot(manifest, (wanted) => this.#store.getPages(wanted))
      if (header.engine !== luaEngineVersion) {
        this.skipped.push(nonce)
        return []
      }
      this.comparedCount += 1
      const digests = new Map([...hashes].map(([index, digest]) => [index, Buffer.from(digest, 'hex')]))
      const listed = hashState(header.marks, digests)
      const differences: Difference[] = []
      for (const [what, expected, got] of [
        ['module of the snapshot', this.#moduleId, header.moduleId],
        ['state hash of the snapshot', stateHash, header.stateHash],
        ['pages of the snapshot', stateHash, listed],
      ] as const) {
        if (expected !== got) differences.push({ what, expected, got })
      }
      return differences.length > 0 ? differences : await this.#pageProblems(new Set(hashes.values()))
    } catch (error) {
      // Anything else is a store that cannot read, not one that has something wrong.
      if (!unusable.has(errorCode(error) ?? '')) throw error
      return [{ what: 'snapshot', expected: stateHash, got: error instanceof Error ? error.message : String(error) }]
    }
  }

  async #pageProblems(hashes: ReadonlySet<string>): Promise<readonly Difference[]> {
    const unseen = [...hashes].filter((hash) => !this.#soundPages.has(hash))
    // Pages of the module's template are not stored.
    const request = { type: 'missing-pages', moduleId: this.#moduleId, hashes: unseen } as const
    const wanted = await this.#thread.request(request)
    for (let start = 0; start < wanted.length; start += pagesAtOnce) {
      const some = wanted.slice(start, start + pagesAtOnce)
      const missing = (await this.#store.getPages(some)).indexOf(undefined)
      if (missing >= 0) return [{ what: 'page of the snapshot', expected: String(some[missing]), got: 'none' }]
    }
    for (const hash of unseen) this.#soundPages.add(hash)
    return []
  }
}

const unusable: ReadonlySet<string> = new Set([
  'COMPUTE_SNAPSHOT_UNUSABLE',
  'STORE_PAGE_CORRUPT',
  'STORE_MANIFEST_INVALID',
])
