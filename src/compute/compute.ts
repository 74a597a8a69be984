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
  /** Processes kept loaded, and memory they may take; the least recently used are freed beyond either. */
  readonly hotProcessesMax: number
  readonly hotMemoryBytesMax: number
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

/** A process that has rested so long is saved, so that a restart finds it as it is. */
const restMs = 300
const restCheckMs = 250
/** Pages of dropped snapshots are deleted so often, and not while a snapshot that needs them may be under way. */
const sweepIntervalMs = 10 * 60_000
const sweepGraceMs = 60_000
/** Saving at the end waits no longer than this: what is not saved is evaluated again. */
const closeSaveMsMax = 3_000
/** The engine keeps a second copy of a state, to undo failed messages. */
const copiesPerState = 2

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

  /** Frees a sixteenth more than it must, so that it is not called for every process. */
  function freeColdest(): void {
    const { hotProcessesMax, hotMemoryBytesMax } = options
    const staying = [...runners.values()].filter(({ isUnloading }) => !isUnloading)
    let count = staying.length
    let bytes = staying.reduce((sum, { memoryBytes }) => sum + memoryBytes * copiesPerState, 0)
    if (count <= hotProcessesMax && bytes <= hotMemoryBytesMax) return
    const idle = staying.filter(({ busy }) => !busy).sort((a, b) => a.lastUsedMs - b.lastUsedMs)
    const countMax = Math.floor((hotProcessesMax * 15) / 16)
    const bytesMax = (hotMemoryBytesMax * 15) / 16
    for (const runner of idle) {
      if (count <= countMax && bytes <= bytesMax) return
      count -= 1
      bytes -= runner.memoryBytes * copiesPerState
      free(runner)
    }
  }

  /** It stays known until its state is gone: one that came after it would have its state taken away. */
  function free(runner: ProcessRunner): void {
    runner
      .unload()
      .catch((error) => log.warn({ error: String(error) }, 'process not unloaded'))
      .finally(() => {
        if (!runner.busy && !runner.isLoaded) runners.delete(runner.processId)
      })
  }

  /** One after another: saving must not get in the way of those that work. */
  async function saveResting(): Promise<void> {
    const restingSinceMs = clock.now() - restMs
    for (const runner of [...runners.values()]) {
      if (closed) return
      if (runner.isUnsaved && !runner.busy && runner.lastUsedMs <= restingSinceMs) await runner.save()
    }
  }

  const stopSweeping = clock.every(sweepIntervalMs, () => {
    store
      .sweepPages({ graceMs: sweepGraceMs })
      .catch((error) => log.warn({ error: String(error) }, 'pages of old snapshots not swept'))
  })

  let saving: Promise<void> | undefined
  const stopSaving = clock.every(restCheckMs, () => {
    saving ??= saveResting()
      .catch((error) => log.warn({ error: String(error) }, 'resting processes not saved'))
      .finally(() => {
        saving = undefined
      })
  })

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
      stopSaving()
      stopSweeping()
      await saving
      await Promise.all([...runners.values()].map((runner) => runner.idle()))
      const saves = [...runners.values()].map((runner) => runner.save())
      await Promise.race([Promise.allSettled(saves), clock.delay(closeSaveMsMax)])
      for (const runner of runners.values()) runner.rejectWaiters(new ComputeError({ code: 'COMPUTE_CLOSED' }))
      await Promise.all(threads.map(({ handle }) => handle.close()))
    },
  }
}
