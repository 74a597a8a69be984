import { pruneCheckpoints } from '../../store/prune-checkpoints.ts'
import { compactDataDirectory } from '../../store/sqlite/compact.ts'
import { withDataDirectory } from '../archive/data-directory.ts'
import { print, printError } from '../output.ts'
import type { PruneOptions } from './options.ts'

/** Between two lines about how far it is. */
const progressIntervalMs = 5_000

export async function prune({ dataDir, keep, json }: PruneOptions): Promise<void> {
  const pruned = await withDataDirectory(dataDir, 'stop the node first', ({ store }) => {
    let printedMs = performance.now()
    return pruneCheckpoints(store, {
      keepCount: keep,
      onProgress({ processCount, droppedCount }) {
        if (performance.now() - printedMs < progressIntervalMs) return
        printedMs = performance.now()
        printError(`  ${count(droppedCount)} snapshots of ${count(processCount)} processes dropped so far`)
      },
    })
  })
  const files = compactDataDirectory(dataDir)
  if (json) {
    print(JSON.stringify({ ...pruned, files }))
    return
  }
  print(
    `Dropped ${count(pruned.droppedCount)} snapshots of ${count(pruned.processCount)} processes, kept ${count(pruned.keptCount)}.`,
    ...files.map(
      ({ name, beforeBytes, afterBytes }) => `${name}: ${megabytes(beforeBytes)} before, ${megabytes(afterBytes)} now`,
    ),
  )
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
