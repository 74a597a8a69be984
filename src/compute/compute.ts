import type { ProcessId } from '../protocol/ids.ts'
import type { DataItem } from '../protocol/types.ts'
import type { ProcessDirectory } from '../scheduler/process-directory.ts'
import type { Clock } from '../store/clock.ts'
import type { LogEntry, NewItem, Store, StoredResult } from '../store/types.ts'
import type { VmMessage } from '../vm/types.ts'
import { ComputeError } from './errors.ts'
import { ModuleReader } from './module-reader.ts'
import { leaseTtlMs, type OnCommitted, ProcessRunner, type RunnerDependencies } from './process-runner.ts'
import type { EvaluationThread } from './thread-protocol.ts'

/**
 * Decides which process is evaluated in which thread, and keeps the hot ones loaded.
 *
 * @module
 */

export interface ComputeOptions {
  /** Processes kept loaded; the least recently used are freed beyond it. */
  readonly hotProcessesMax: number
  /** Named in leases. The same after a restart of the same node, so that it takes up its own work. */
  readonly workerId: string
}

export interface ComputeDependencies {
  readonly store: Store
  /** At least one; closed with compute. Started by the caller, so that they boot while the store opens. */
  readonly threads: readonly EvaluationThread[]
  readonly clock: Clock
  readonly log: { warn(values: object, text: string): void }
  readonly directory: ProcessDirectory
  /** Gives an item its time and block. */
  readonly stampItem: (item: DataItem) => NewItem
  readonly onCommitted: OnCommitted
}

export interface Compute {
  /** Makes the template of a module in every thread, so that the first spawn does not wait for it. */
  prepare(moduleId: string, source: string): Promise<void>
  /** A durable entry is to be evaluated. */
  enqueue(entry: LogEntry): void
  /** Result of an entry that is in the log; waits for it. */
  result(processId: ProcessId, nonce: number): Promise<StoredResult>
  dryRun(processId: ProcessId, message: VmMessage): Promise<string>
  /** Hash of the state after the last evaluated entry, hex. */
  stateHash(processId: ProcessId): Promise<string>
  /** Takes up what a run before this one left without results. */
  resume(): Promise<void>
  idle(): Promise<void>
  close(): Promise<void>
}

const resumeBatch = 256

interface Thread {
  readonly handle: EvaluationThread
  readonly knownModules: Set<string>
}

export function createCompute(options: ComputeOptions, dependencies: ComputeDependencies): Compute {
  const { store, clock, log, directory, stampItem, onCommitted } = dependencies
  const runners = new Map<string, ProcessRunner>()
  const modules = new ModuleReader(store)
  let closed = false

  const threads = dependencies.threads.map((handle): Thread => {
    const knownModules = new Set<string>()
    handle.onDeath = (error) => {
      log.warn({ error: error.message }, 'evaluation thread replaced')
      knownModules.clear()
      for (const runner of runners.values()) runner.lose()
    }
    return { handle, knownModules }
  })

  function runnerOf(processId: ProcessId): ProcessRunner {
    if (closed) throw new ComputeError({ code: 'COMPUTE_CLOSED' })
    let runner = runners.get(processId)
    if (runner === undefined) {
      runner = new ProcessRunner(processId, runnerDependencies(threadOf(processId)))
      runners.set(processId, runner)
      freeColdest()
    }
    runner.lastUsedMs = clock.now()
    return runner
  }

  /** A process stays with its thread: its state is there. Ids are hashes, so their characters spread it. */
  function threadOf(processId: ProcessId): Thread {
    const index = (processId.charCodeAt(0) * 64 + processId.charCodeAt(1)) % threads.length
    const thread = threads[index]
    if (thread === undefined) throw new RangeError('Compute needs at least one thread.')
    return thread
  }

  function runnerDependencies({ handle, knownModules }: Thread): RunnerDependencies {
    return {
      ...{ store, clock, log, directory, modules, stampItem, onCommitted, workerId: options.workerId },
      isClosed: () => closed,
      thread: {
        handle,
        knowsModule: (id) => knownModules.has(id),
        learnModule: (id) => knownModules.add(id),
      },
    }
  }

  function freeColdest(): void {
    if (runners.size <= options.hotProcessesMax) return
    const idle = [...runners.values()].filter(({ busy }) => !busy)
    idle.sort((a, b) => a.lastUsedMs - b.lastUsedMs)
    for (const runner of idle.slice(0, Math.max(1, Math.ceil(options.hotProcessesMax / 16)))) {
      runners.delete(runner.processId)
      runner.unload().catch((error) => log.warn({ error: String(error) }, 'process not unloaded'))
    }
  }

  return {
    async prepare(moduleId, source) {
      await Promise.all(threads.map(({ handle }) => handle.request({ type: 'prepare', moduleId, source })))
      for (const { knownModules } of threads) knownModules.add(moduleId)
    },
    enqueue(entry) {
      if (!closed) runnerOf(entry.processId).enqueue(entry)
    },
    async result(processId, nonce) {
      return runnerOf(processId).waitFor(nonce)
    },
    async dryRun(processId, message) {
      return runnerOf(processId).dryRun(message)
    },
    async stateHash(processId) {
      return runnerOf(processId).stateHash()
    },
    async resume() {
      const request = { workerId: options.workerId, ttlMs: leaseTtlMs, max: resumeBatch }
      for (let full = true; full; ) {
        const leases = await store.acquire(request)
        full = leases.length === resumeBatch
        for (const { processId } of leases) runnerOf(processId).wake((await store.head(processId)).next)
        // A full batch is worked off first: then the next call gives others.
        if (full) await Promise.all(leases.map(({ processId }) => runnerOf(processId).idle()))
      }
    },
    async idle() {
      while ([...runners.values()].some(({ busy }) => busy)) {
        await Promise.all([...runners.values()].map((runner) => runner.idle()))
      }
    },
    async close() {
      if (closed) return
      closed = true
      await Promise.all([...runners.values()].map((runner) => runner.idle()))
      for (const runner of runners.values()) runner.rejectWaiters(new ComputeError({ code: 'COMPUTE_CLOSED' }))
      await Promise.all(threads.map(({ handle }) => handle.close()))
    },
  }
}
