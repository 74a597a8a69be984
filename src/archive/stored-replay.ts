import { ModuleReader } from '../compute/module-reader.ts'
import { loadState } from '../compute/state-loader.ts'
import type { EvaluationThread } from '../compute/thread-protocol.ts'
import type { ProcessId } from '../protocol/ids.ts'
import type { Store } from '../store/types.ts'
import { CheckpointComparison } from './checkpoint-comparison.ts'
import type { LogStart } from './history.ts'
import { entryMissing, nonceInvalid, readHistory, storeSource } from './history-source.ts'
import { OutboxComparison } from './outbox-comparison.ts'
import {
  type LogComparison,
  type ReplayedLog,
  type ReplayProgress,
  type ReplayResume,
  replayHistory,
} from './replay.ts'

export interface StoredReplayRequest {
  readonly processId: ProcessId
  /** The first entry that is compared. Default 0. */
  readonly from?: number | undefined
  /** Default: the last entry. */
  readonly to?: number | undefined
  /** Compare; otherwise the state alone is computed. */
  readonly verify: boolean
  /** Begin with the last snapshot before `from`, if there is one, in place of the whole log. */
  readonly trustCheckpoints?: boolean | undefined
}

export interface StoredReplayDependencies {
  /** No network works on it. */
  readonly store: Store
  readonly thread: EvaluationThread
  /** Address of the key that the thread signs with, and that the node of this store signs with. */
  readonly nodeAddress: string
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined
}

export interface StoredReplay extends ReplayedLog {
  readonly verified: boolean
  /** The first entry that was compared, if any was. */
  readonly from: number
  /** The snapshot that it began with; undefined: the empty process. */
  readonly checkpoint: number | undefined
  /** Of the snapshots: how many were compared, and which were not because another engine made them. */
  readonly checkpoints: { readonly comparedCount: number; readonly skipped: readonly number[] }
  /** False when another node's key signed what the process sent: that cannot be computed again here. */
  readonly outboxCompared: boolean
  /** Entries that no node has evaluated yet: they have no results to compare with. */
  readonly unevaluatedCount: number
}

/**
 * Computes a process of a store again, and compares it with what the store has: the log itself, results, outbox, snapshots.
 *
 * @throws {ArchiveError} `ARCHIVE_DIFFERS` with the first entry that is not as it should be; and what
 *   {@link readHistory} throws.
 */
export async function replayStored(
  request: StoredReplayRequest,
  dependencies: StoredReplayDependencies,
): Promise<StoredReplay> {
  const { processId, to, verify, trustCheckpoints = false } = request
  const { store, thread, nodeAddress, onProgress } = dependencies
  const from = request.from ?? 0
  let checkpoint: number | undefined
  let checkpoints: CheckpointComparison | undefined
  let outbox: OutboxComparison | undefined
  let unevaluatedCount = 0

  async function comparisonOf({ summary }: LogStart): Promise<LogComparison> {
    // Of the processes that a fork comes from, the log and the results are compared: they have replays of their own.
    if (summary.processId !== processId || !verify) return {}
    const compared = await CheckpointComparison.open(store, processId, thread, summary.moduleId)
    checkpoints = compared
    if (summary.scheduler === nodeAddress) outbox = await OutboxComparison.open(store, processId, nodeAddress)
    return {
      stops: compared.noncesFrom(from),
      async result({ given }, evaluated) {
        if (given.result === undefined) unevaluatedCount += 1
        return given.result === undefined ? [] : ((await outbox?.compare(evaluated)) ?? [])
      },
      state: (nonce, stateHash) => compared.compare(nonce, stateHash),
    }
  }

  async function resumeBefore(nonce: number): Promise<ReplayResume> {
    const [genesis] = await store.readLog(processId, 0, 0, 1)
    const [before] = await store.readLog(processId, nonce - 1, nonce - 1, 1)
    if (genesis === undefined || before === undefined) throw entryMissing(processId, nonce - 1)
    const known = new Set<string>()
    const loading = {
      ...{ store, modules: new ModuleReader(store), log: { warn() {} } },
      thread: {
        handle: thread,
        knowsModule: (id: string) => known.has(id),
        learnModule: (id: string) => known.add(id),
      },
    }
    return {
      ...{ genesis, before },
      async load() {
        checkpoint = (await loadState(loading, { processId, beforeNonce: nonce })).checkpoint
      },
    }
  }

  const { entries } = await storeSource(store).counts(processId)
  const last = Math.min(to ?? entries - 1, entries - 1)
  if (entries > 0 && (from < 0 || from > last)) throw nonceInvalid(processId, from, last)
  const resume = trustCheckpoints && from > 0 && entries > 0 ? await resumeBefore(from) : undefined
  const first = resume === undefined ? 0 : from
  const logs = await replayHistory(readHistory(storeSource(store), { processId, from: first, to, unevaluated: true }), {
    ...{ thread, comparisonOf, onProgress, resume },
    verifyFrom: ({ summary }) => {
      if (!verify) return Number.POSITIVE_INFINITY
      return summary.processId === processId ? from : 0
    },
  })
  const log = logs.at(-1) as ReplayedLog
  return {
    ...log,
    ...{ verified: verify, from, checkpoint, unevaluatedCount },
    checkpoints: {
      comparedCount: checkpoints === undefined ? 0 : checkpoints.comparedCount,
      skipped: checkpoints?.skipped ?? [],
    },
    outboxCompared: outbox !== undefined,
  }
}
