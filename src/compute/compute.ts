import type { ProcessId } from '../protocol/ids.ts'
import { errorCode } from '../protocol/loom-error.ts'
import type { DataItem } from '../protocol/types.ts'
import type { ProcessDirectory } from '../scheduler/process-directory.ts'
import type { Clock } from '../store/clock.ts'
import type { LogEntry, NewItem, Store, StoredResult } from '../store/types.ts'
import type { VmMessage } from '../vm/types.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'
import { ComputeError } from './errors.ts'
import { ModuleReader } from './module-reader.ts'
import {
  leaseTtlMs,
  type OnCommitted,
  type OnCommitUnknown,
  ProcessRunner,
  type RunnerDependencies,
  retryMsMax,
  retryMsMin,
} from './process-runner.ts'
import { type Rehearsal, type RehearsalRequest, rehearse } from './rehearsal.ts'
import type { SnapshotRules } from './snapshot-rules.ts'
import type { ModuleThread } from './state-loader.ts'
import type { EvaluationThread } from './thread-protocol.ts'
import { TimeTravel } from './time-travel.ts'

/**
 * Decides which process is evaluated in which thread, and keeps the hot ones loaded.
 *
 * @module
 */

export interface ComputeOptions {
  /**
   * Processes kept loaded, and memory they may take; the least recently used are freed beyond either. States of the past may
   * take a quarter of it besides.
   */
  readonly hotProcessesMax: number
  readonly hotMemoryBytesMax: number
  readonly snapshotRules: SnapshotRules
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
  readonly onCommitUnknown: OnCommitUnknown
}

export interface Compute {
  /** Makes the template of a module in every thread, so that the first spawn does not wait for it. */
  prepare(moduleId: string, source: string): Promise<void>
  /** A durable entry is to be evaluated. */
  enqueue(entry: LogEntry): void
  /** The log of a process may have grown: looks until the store says so or not. */
  lookFor(processId: ProcessId): void
  /** Result of an entry that is in the log; waits for it. */
  result(processId: ProcessId, nonce: number): Promise<StoredResult>
  /** Resolves when every result of a process that {@link result} has given by now is in the store. */
  committed(processId: ProcessId): Promise<void>
  dryRun(processId: ProcessId, message: VmMessage): Promise<string>
  /** Hash of the state after the last evaluated entry, hex. */
  stateHash(processId: ProcessId): Promise<string>
  /** States of the past, and what changed them. */
  readonly timeTravel: TimeTravel
  /** What new code would have changed in the last messages. One after another: it takes the memory of the state four times. */
  rehearse(request: RehearsalRequest): Promise<Rehearsal>
  /** Takes up what a run before this one left without results. */
  resume(): Promise<void>
  idle(): Promise<void>
  close(): Promise<void>
  /**
   * Makes room for another compute on the same threads: finishes what is in hand, saves nothing, frees all states. Who
   * waits for a result, or asks for anything later, gets the error.
   */
  abandon(error: Error): Promise<void>
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
/** A thread that dies meanwhile has another in its place; when that one dies too, and the next, this is what they die of. */
const preparationsMax = 3
/** The engine keeps a second copy of a state, to undo failed messages. */
const copiesPerState = 2

interface Thread {
  readonly handle: EvaluationThread
  readonly knownModules: Set<string>
}

export function createCompute(options: ComputeOptions, dependencies: ComputeDependencies): Compute {
  const { store, clock, log, directory, stampItem, onCommitted, onCommitUnknown } = dependencies
  const runners = new Map<string, ProcessRunner>()
  const modules = new ModuleReader(store)
  let closed = false
  /** What is said to who asks once it is closed. */
  let closedBy: Error = new ComputeError({ code: 'COMPUTE_CLOSED' })

  const threads = dependencies.threads.map((handle): Thread => {
    const knownModules = new Set<string>()
    handle.onDeath = (error) => {
      log.warn({ error: error.message }, 'evaluation thread replaced')
      knownModules.clear()
      for (const runner of runners.values()) runner.lose()
      timeTravel.lose(handle)
    }
    return { handle, knownModules }
  })

  const rehearsals = new ConcurrencyLimit(1)
  let rehearsalCount = 0

  function runnerOf(processId: ProcessId): ProcessRunner {
    if (closed) throw closedBy
    let runner = runners.get(processId)
    if (runner === undefined) {
      runner = new ProcessRunner(processId, runnerDependencies(threadOf(processId)))
      runners.set(processId, runner)
      runner.lastUsedMs = clock.now()
      freeColdest()
    }
    runner.lastUsedMs = clock.now()
    return runner
  }

  /** A process stays with its thread: its state is there. Ids are hashes, so their characters spread it. */
  function threadOf(processId: ProcessId, offset = 0): Thread {
    const index = (processId.charCodeAt(0) * 64 + processId.charCodeAt(1) + offset) % threads.length
    const thread = threads[index]
    if (thread === undefined) throw new RangeError('Compute needs at least one thread.')
    return thread
  }

  function runnerDependencies(thread: Thread): RunnerDependencies {
    return {
      ...{ store, clock, log, directory, modules, stampItem, onCommitted, onCommitUnknown },
      workerId: options.workerId,
      snapshotRules: options.snapshotRules,
      isClosed: () => closed,
      thread: moduleThread(thread),
    }
  }

  function moduleThread({ handle, knownModules }: Thread): ModuleThread {
    return { handle, knowsModule: (id) => knownModules.has(id), learnModule: (id) => knownModules.add(id) }
  }

  const timeTravel = new TimeTravel({
    ...{ store, modules, log, viewMemoryBytesMax: options.hotMemoryBytesMax / 4 },
    // Not the thread of the process, if there is another: the process goes on meanwhile.
    threadFor: (processId) => moduleThread(threadOf(processId, 1)),
    evaluated: (processId, nonce) => runnerOf(processId).waitFor(nonce),
    inspectLatest: async (processId, path, bounds) => runnerOf(processId).inspect(path, bounds),
  })

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

  const lookings = new Set<Promise<void>>()

  /** Nobody else tells of an entry whose append failed and has happened all the same. */
  async function look(processId: ProcessId): Promise<void> {
    for (let retryMs = retryMsMin; !closed; retryMs = Math.min(retryMs * 2, retryMsMax)) {
      try {
        const { next, evaluated } = await store.head(processId)
        if (!closed && evaluated < next) runnerOf(processId).wake(next)
        return
      } catch (error) {
        log.warn({ processId, error: String(error), retryMs }, 'log not looked at, to be tried again')
        await clock.delay(retryMs)
      }
    }
  }

  async function prepareThread({ handle, knownModules }: Thread, moduleId: string, source: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await handle.request({ type: 'prepare', moduleId, source })
        // At once: while others still prepare, this thread may die and be another, which does not know it.
        knownModules.add(moduleId)
        return
      } catch (error) {
        if (attempt === preparationsMax || errorCode(error) !== 'COMPUTE_THREAD_FAILED') throw error
      }
    }
  }

  async function stop(): Promise<void> {
    closed = true
    stopSaving()
    stopSweeping()
    await saving
    await Promise.all([...runners.values()].map((runner) => runner.idle()))
  }

  return {
    async prepare(moduleId, source) {
      await Promise.all(threads.map((thread) => prepareThread(thread, moduleId, source)))
    },
    enqueue(entry) {
      if (!closed) runnerOf(entry.processId).enqueue(entry)
    },
    lookFor(processId) {
      const looking = look(processId).finally(() => lookings.delete(looking))
      lookings.add(looking)
    },
    async result(processId, nonce) {
      return runnerOf(processId).waitFor(nonce)
    },
    async committed(processId) {
      await runners.get(processId)?.committed()
    },
    async dryRun(processId, message) {
      return runnerOf(processId).dryRun(message)
    },
    async stateHash(processId) {
      return runnerOf(processId).stateHash()
    },
    timeTravel,
    rehearse(request) {
      return rehearsals.run(async () => {
        if (closed) throw closedBy
        rehearsalCount += 1
        const thread = moduleThread(threadOf(request.processId, 1))
        const rehearsal = await rehearse({ store, modules, log, thread }, request, `rehearsal ${rehearsalCount}`)
        // The log may have been taken back meanwhile.
        if (closed) throw closedBy
        return rehearsal
      })
    },
    async resume() {
      const request = { workerId: options.workerId, ttlMs: leaseTtlMs, max: resumeBatch }
      for (let full = true; full; ) {
        const leases = await store.acquire(request)
        full = leases.length === resumeBatch
        for (const { processId } of leases) {
          const { next } = await store.head(processId)
          runnerOf(processId).wake(next)
        }
        // A full batch is worked off first: then the next call gives others.
        if (full) await Promise.all(leases.map(({ processId }) => runnerOf(processId).idle()))
      }
    },
    async idle() {
      while (lookings.size > 0 || [...runners.values()].some(({ busy }) => busy)) {
        await Promise.all([...lookings, ...[...runners.values()].map((runner) => runner.rest())])
      }
    },
    async close() {
      if (closed) return
      await stop()
      await timeTravel.close(closedBy)
      const saves = [...runners.values()].map((runner) => runner.save())
      await Promise.race([Promise.allSettled(saves), clock.delay(closeSaveMsMax)])
      for (const runner of runners.values()) runner.rejectWaiters(closedBy)
      await Promise.all(threads.map(({ handle }) => handle.close()))
    },
    async abandon(error) {
      closedBy = error
      await stop()
      for (const runner of runners.values()) runner.rejectWaiters(error)
      await timeTravel.close(error)
      await Promise.all([...runners.values()].map((runner) => runner.discard()))
    },
  }
}
