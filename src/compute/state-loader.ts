import type { ProcessId } from '../protocol/ids.ts'
import { recordedTick } from '../scheduler/cron-tick.ts'
import { forkOriginOf } from '../scheduler/genesis-tags.ts'
import { impersonatedBy } from '../scheduler/impersonation.ts'
import type { Checkpoint, LogEntry, Store } from '../store/types.ts'
import { luaEngineVersion } from '../vm/lua/lua-wasm.ts'
import { loadRequestFor } from './environment.ts'
import { ComputeError } from './errors.ts'
import type { ModuleReader } from './module-reader.ts'
import { missing, readSnapshot } from './snapshot-format.ts'
import { replayCost } from './snapshot-rules.ts'
import type { EvaluationThread, LoadRequest, SnapshotToLoad, ThreadEntry } from './thread-protocol.ts'

/** Entries read at once when a state is brought up from the log. */
const replayBatch = 512

/** A thread, and the modules it has had the source of. */
export interface ModuleThread {
  readonly handle: EvaluationThread
  knowsModule(moduleId: string): boolean
  learnModule(id: string): void
}

export interface StateLoaderDependencies {
  readonly store: Store
  readonly modules: ModuleReader
  readonly thread: ModuleThread
  readonly log: { warn(values: object, text: string): void }
}

export interface StateToLoad {
  readonly processId: ProcessId
  /** The state before this nonce is wanted: all entries below it are evaluated. */
  readonly beforeNonce: number
  /** The name under which the thread is to hold it; absent: the process's own state. */
  readonly view?: string | undefined
}

/** What it took. */
export interface LoadedState {
  readonly moduleId: string
  /** The nonce of the snapshot that it began with; undefined when it began with an empty process. */
  readonly checkpoint: number | undefined
  /** A {@link replayCost}. */
  readonly costReplayed: number
}

/**
 * Brings a state into a thread: from the last usable snapshot before it and the entries since, or from the whole log.
 *
 * @throws {ComputeError} `COMPUTE_PROCESS_UNKNOWN`, `COMPUTE_MODULE_MISSING`, `COMPUTE_BOOT_ITEM_MISSING`.
 */
export async function loadState(deps: StateLoaderDependencies, wanted: StateToLoad): Promise<LoadedState> {
  const { store, thread } = deps
  const { processId, beforeNonce, view } = wanted
  const start = await loadStart(deps, wanted)
  let { costReplayed } = start
  const read = async (from: number): Promise<readonly LogEntry[]> =>
    from < beforeNonce ? store.readLog(processId, from, beforeNonce - 1, replayBatch) : []
  let entries = await read((start.checkpoint ?? -1) + 1)
  for (let last = entries.at(-1); last !== undefined; last = entries.at(-1)) {
    const replaying = thread.handle.request({
      ...{ type: 'replay', processId, view },
      entries: entries.map(toThreadEntry),
    })
    // Read here while the thread evaluates there.
    const [gasUsed, following] = await Promise.all([replaying, read(last.nonce + 1)])
    costReplayed += replayCost(gasUsed, entries.length)
    entries = following
  }
  return { ...start, costReplayed }
}

/** The first part of {@link loadState}: the last usable snapshot, or the state before nonce 0. */
export async function loadStart(deps: StateLoaderDependencies, wanted: StateToLoad): Promise<LoadedState> {
  const { store, modules, thread } = deps
  const { processId, beforeNonce, view } = wanted
  const [genesis] = await store.readLog(processId, 0, 0)
  if (genesis === undefined) throw new ComputeError({ code: 'COMPUTE_PROCESS_UNKNOWN', processId })
  const { source, ...load } = await loadRequestFor(genesis, modules, store)
  if (!thread.knowsModule(load.moduleId)) {
    await thread.handle.request({ type: 'prepare', moduleId: load.moduleId, source })
    thread.learnModule(load.moduleId)
  }
  const request: LoadRequest = { ...load, source: undefined, view }
  const checkpoint = await loadSnapshot(deps, request, beforeNonce - 1)
  const costReplayed = checkpoint === undefined ? await begin(deps, request, genesis) : 0
  return { moduleId: load.moduleId, checkpoint, costReplayed }
}

/** Brings in the state before nonce 0: an empty process, or for a fork the state that it was forked from. @returns its cost. */
async function begin(deps: StateLoaderDependencies, request: LoadRequest, genesis: LogEntry): Promise<number> {
  const { handle } = deps.thread
  const origin = forkOriginOf(genesis)
  if (origin === undefined) {
    await handle.request(request)
    return 0
  }
  // A name that no one else uses: the same state of the fork is loaded by one at a time.
  const key = { processId: origin.processId, view: `origin of ${request.processId} ${request.view ?? ''}` }
  try {
    const { costReplayed } = await loadState(deps, { ...key, beforeNonce: origin.nonce + 1 })
    await handle.request({ ...request, type: 'fork', origin: key })
    return costReplayed
  } finally {
    await handle.request({ type: 'unload', ...key })
  }
}

/** Loads the last usable snapshot at or below a nonce. @returns its nonce, or undefined when there is none. */
async function loadSnapshot(
  { store, thread, log }: StateLoaderDependencies,
  request: LoadRequest,
  atMostNonce: number,
): Promise<number | undefined> {
  const processId = request.processId as ProcessId
  for (let nonce = atMostNonce; nonce >= 0; ) {
    const checkpoint = await store.findCheckpoint(processId, nonce)
    if (checkpoint === undefined) return undefined
    try {
      const snapshot = await fetchSnapshot(store, thread, request, checkpoint)
      await thread.handle.request({ ...request, snapshot })
      return checkpoint.nonce
    } catch (error) {
      log.warn({ processId, nonce: checkpoint.nonce, error: String(error) }, 'snapshot not used')
      nonce = checkpoint.nonce - 1
    }
  }
  return undefined
}

async function fetchSnapshot(
  store: Store,
  thread: ModuleThread,
  { moduleId }: LoadRequest,
  { manifest }: Checkpoint,
): Promise<SnapshotToLoad> {
  const { header, hashes } = await readSnapshot(manifest, (wanted) => store.getPages(wanted))
  if (header.engine !== luaEngineVersion || header.moduleId !== moduleId) {
    const reason = `it is of engine ${header.engine} and module ${header.moduleId}`
    throw new ComputeError({ code: 'COMPUTE_SNAPSHOT_UNUSABLE', manifest, reason })
  }
  const wanted = await thread.handle.request({ type: 'missing-pages', moduleId, hashes: [...new Set(hashes.values())] })
  const bytes = await store.getPages(wanted)
  const pages = new Map<string, Uint8Array>()
  for (const [i, hash] of wanted.entries()) {
    const page = bytes[i]
    if (page === undefined) throw missing(manifest, hash)
    pages.set(hash, page)
  }
  return { marks: header.marks, hashes, pages }
}

export function toThreadEntry(entry: LogEntry): ThreadEntry {
  const { nonce, kind, item, assignment, timestampMs, blockHeight, hashChain } = entry
  return {
    ...{ nonce, kind, item, timestampMs, blockHeight, hashChain },
    assignment: kind === 'assignment' ? assignment : undefined,
    impersonated: impersonatedBy(assignment),
    tick: recordedTick(assignment),
  }
}
