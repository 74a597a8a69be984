import type { PageCount, Store } from './types.ts'

const processesAtOnce = 1_000

export interface PruneProgress {
  readonly processCount: number
  readonly droppedCount: number
}

export interface Pruned extends PruneProgress {
  readonly keptCount: number
  /** Pages that no checkpoint led to any more. */
  readonly pages: PageCount
}

/**
 * Drops all checkpoints but the newest of each process, and the pages that only those led to. They can be made again from the
 * log; until then, what is looked up in the past takes longer. Nothing else may use the store meanwhile.
 *
 * @param keepCount - Checkpoints of a process that stay; with 0 its next message waits for its whole log to be evaluated.
 */
export async function pruneCheckpoints(
  store: Store,
  { keepCount, onProgress }: { readonly keepCount: number; readonly onProgress?: (progress: PruneProgress) => void },
): Promise<Pruned> {
  let processCount = 0
  let droppedCount = 0
  let keptCount = 0
  for (let after: Awaited<ReturnType<Store['listProcesses']>>[number] | undefined; ; ) {
    const processIds = await store.listProcesses({ after, limit: processesAtOnce })
    for (const processId of processIds) {
      const nonces = (await store.listCheckpoints(processId)).map(({ nonce }) => nonce).sort((a, b) => b - a)
      const dropped = nonces.slice(keepCount)
      if (dropped.length > 0) await store.dropCheckpoints(processId, dropped)
      processCount += 1
      droppedCount += dropped.length
      keptCount += nonces.length - dropped.length
      onProgress?.({ processCount, droppedCount })
    }
    after = processIds.at(-1)
    if (processIds.length < processesAtOnce) break
  }
  return { processCount, droppedCount, keptCount, pages: await store.sweepPages({ graceMs: 0 }) }
}
