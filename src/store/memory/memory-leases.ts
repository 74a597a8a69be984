import type { ProcessId } from '../../protocol/ids.ts'
import type { Lease, Store } from '../types.ts'
import type { MemoryLog } from './memory-log.ts'

interface Holder {
  readonly workerId: string
  readonly untilMs: number
}

/** Who may evaluate what, and until when. The epoch itself stands in the log: it outlives the holder. */
export class MemoryLeases {
  readonly #log: MemoryLog
  readonly #holders = new Map<ProcessId, Holder>()

  constructor(log: MemoryLog) {
    this.#log = log
  }

  acquire({ workerId, ttlMs, max, processIds }: Parameters<Store['acquire']>[0], nowMs: number): readonly Lease[] {
    const candidates = [...new Set(processIds ?? this.#log.processIds().filter((id) => this.#hasWork(id)))]
    const free = candidates.filter((id) => this.#holder(id, nowMs) === undefined)
    const own = candidates.filter((id) => this.#holder(id, nowMs)?.workerId === workerId)
    const leases: Lease[] = []
    for (const processId of [...free, ...own]) {
      const log = this.#log.get(processId)
      if (log === undefined || leases.length >= max) continue
      if (this.#holder(processId, nowMs) === undefined) log.epoch += 1
      const untilMs = nowMs + ttlMs
      this.#holders.set(processId, { workerId, untilMs })
      leases.push({ processId, epoch: log.epoch, untilMs })
    }
    return leases
  }

  release(workerId: string, processIds: readonly ProcessId[]): void {
    for (const id of processIds) {
      if (this.#holders.get(id)?.workerId === workerId) this.#holders.delete(id)
    }
  }

  #holder(processId: ProcessId, nowMs: number): Holder | undefined {
    const holder = this.#holders.get(processId)
    return holder !== undefined && holder.untilMs > nowMs ? holder : undefined
  }

  #hasWork(processId: ProcessId): boolean {
    const log = this.#log.get(processId)
    return log !== undefined && log.results.length < log.entries.length
  }
}
