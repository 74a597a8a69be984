import type { ProcessId } from '../../protocol/ids.ts'
import type { Lease } from '../types.ts'
import type { WriterProcesses } from './writer-processes.ts'
import type { WriterCalls } from './writer-protocol.ts'

interface Holder {
  readonly workerId: string
  readonly untilMs: number
}

const holderCountMax = 10_000

/**
 * Who may evaluate what, and until when. Holders are in memory, since the data directory has one owner and their workers
 * end with it; epochs are rows, so that a number is never used again.
 */
export class WriterLeases {
  readonly #processes: WriterProcesses
  readonly #holders = new Map<ProcessId, Holder>()

  constructor(processes: WriterProcesses) {
    this.#processes = processes
  }

  acquire({ workerId, ttlMs, max, processIds, nowMs }: WriterCalls['acquire']['request']): readonly Lease[] {
    this.#sweep(nowMs)
    const taken: ProcessId[] = []
    const own: ProcessId[] = []
    for (const id of processIds === undefined ? this.#processes.withWork() : new Set(processIds)) {
      const holder = this.#holder(id, nowMs)
      if (holder === undefined) taken.push(id)
      else if (holder.workerId === workerId && own.length < max) own.push(id)
      if (taken.length >= max && processIds === undefined) break
    }
    const leases: Lease[] = []
    for (const processId of [...taken, ...own]) {
      const row = leases.length < max ? this.#processes.get(processId) : undefined
      if (row === undefined) continue
      if (this.#holder(processId, nowMs) === undefined) {
        row.epoch += 1
        this.#processes.changed(row)
      }
      const untilMs = nowMs + ttlMs
      this.#holders.set(processId, { workerId, untilMs })
      leases.push({ processId, epoch: row.epoch, untilMs })
    }
    return leases
  }

  release({ workerId, processIds }: WriterCalls['release']['request']): void {
    for (const id of processIds) {
      if (this.#holders.get(id)?.workerId === workerId) this.#holders.delete(id)
    }
  }

  /** After a rollback: epochs fell back, so nobody may believe in a lease. */
  forget(): void {
    this.#holders.clear()
  }

  #holder(processId: ProcessId, nowMs: number): Holder | undefined {
    const holder = this.#holders.get(processId)
    return holder !== undefined && holder.untilMs > nowMs ? holder : undefined
  }

  /** An expired holder means nothing; drop them when there are many. */
  #sweep(nowMs: number): void {
    if (this.#holders.size <= holderCountMax) return
    for (const [id, { untilMs }] of this.#holders) if (untilMs <= nowMs) this.#holders.delete(id)
  }
}
