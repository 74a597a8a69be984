import type { Compute } from '../compute/compute.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { nextTickMs } from '../scheduler/cron-schedule.ts'
import { recordedTick } from '../scheduler/cron-tick.ts'
import { cronsOf } from '../scheduler/process-crons.ts'
import type { Store } from '../store/types.ts'
import type { CronResult } from './types.ts'

/** Entries that are read together: most reads are of one tick, between which there may be any number of messages. */
const readCount = 64

export interface CronResultSources {
  readonly store: Pick<Store, 'readLog' | 'readLogByTime'>
  /** Waits for it. */
  readonly result: Compute['result']
}

/**
 * Results of ticks that succeeded, after one nonce and up to another, ascending. Messages between ticks are not read: where the
 * next tick stands follows from when it is due.
 */
export async function listCronResults(
  { store, result: resultOf }: CronResultSources,
  processId: ProcessId,
  page: {
    readonly afterNonce?: number | undefined
    readonly throughNonce?: number | undefined
    readonly limit: number
  },
): Promise<readonly CronResult[]> {
  const { afterNonce = 0, throughNonce = Number.MAX_SAFE_INTEGER, limit } = page
  const [genesis] = await store.readLog(processId, 0, 0, 1)
  const [start] = await store.readLog(processId, Math.max(afterNonce, 0), Math.max(afterNonce, 0), 1)
  const schedule = genesis && cronsOf(genesis)?.schedule
  const found: CronResult[] = []
  if (start === undefined || schedule === undefined) return found
  for (let afterMs = start.timestampMs; ; ) {
    const entries = await store.readLogByTime(processId, afterMs, Number.MAX_SAFE_INTEGER, readCount)
    let isLastTick = false
    for (const { nonce, timestampMs, assignment } of entries) {
      if (nonce > throughNonce || found.length === limit) return found
      const tick = recordedTick(assignment)
      isLastTick = tick !== undefined
      afterMs = timestampMs
      if (tick === undefined) continue
      const result = await resultOf(processId, nonce)
      if (!result.failed) found.push({ result, timestampMs, cron: tick.name })
    }
    if (entries.length < readCount) return found
    // Ticks that are due at the same time stand one behind the other; behind a message, all that are due by then have come.
    if (!isLastTick) afterMs = Math.max(afterMs, nextTickMs(schedule, afterMs) - 1)
  }
}
