import { ComputeError } from '../../src/compute/errors.ts'
import type { Evaluator } from '../../src/compute/evaluator.ts'
import type { EvaluationThread, StateKey, ThreadRequest, ThreadResponses } from '../../src/compute/thread-protocol.ts'
import { errorCode } from '../../src/protocol/loom-error.ts'
import type { Speeds } from './plan.ts'
import type { Random } from './random.ts'
import type { Lifetime, World } from './world.ts'

interface Waiting {
  readonly request: ThreadRequest
  resolve(value: unknown): void
  reject(error: Error): void
}

/** What evaluators are lent by: making one costs some milliseconds. */
export interface EvaluatorPool {
  take(): Evaluator
  /** Without any loaded process. */
  put(evaluator: Evaluator): void
}

export interface ThreadOptions {
  readonly world: World
  readonly random: Random
  readonly speeds: Speeds
  readonly lifetime: Lifetime
  readonly pool: EvaluatorPool
  readonly index: number
  /** How long a request takes beyond what it takes anyway. */
  extraMs(): number
  /** How many entries of this evaluation are evaluated before the host fails; undefined: it does not. */
  failsAfter(): number | undefined
}

/**
 * An evaluation thread without a thread: the real evaluator, whose answers take simulated time. One request after another,
 * answered in order; when it dies, its states are gone and everything that waits is rejected, as in `ComputeThread`.
 */
export class SimulatedThread implements EvaluationThread {
  onDeath: (error: Error) => void = () => undefined
  readonly #options: ThreadOptions
  #evaluator: Evaluator
  /** What is loaded, and which modules have come, since the thread began. */
  #loaded = new Map<string, StateKey>()
  #modules = new Set<string>()
  #waiting: Waiting[] = []
  #isBusy = false
  #run: object = {}
  #closed = false

  constructor(options: ThreadOptions) {
    this.#options = options
    this.#evaluator = options.pool.take()
  }

  request<Request extends ThreadRequest>(request: Request): Promise<ThreadResponses[Request['type']]> {
    if (this.#options.lifetime.ended) return new Promise(() => undefined)
    if (this.#closed) return Promise.reject(new ComputeError({ code: 'COMPUTE_CLOSED' }))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve: resolve as (value: unknown) => void, reject })
      this.#next()
    })
  }

  /** The thread dies; another is in its place at once. */
  die(): void {
    if (this.#closed) return
    const error = new ComputeError({ code: 'COMPUTE_THREAD_FAILED', reason: 'the simulated thread dies' })
    this.#failAll(error)
    this.onDeath(error)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#failAll(new ComputeError({ code: 'COMPUTE_CLOSED' }))
    this.dispose()
  }

  /** Gives back what the host has lent. */
  dispose(): void {
    this.#forget()
    this.#closed = true
    this.#options.pool.put(this.#evaluator)
    this.dispose = () => undefined
  }

  #failAll(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#isBusy = false
    this.#run = {}
    this.#forget()
    for (const { reject } of waiting) reject(error)
  }

  #forget(): void {
    for (const { processId, view } of this.#loaded.values()) this.#evaluator.handle({ type: 'unload', processId, view })
    this.#loaded = new Map()
    this.#modules = new Set()
  }

  #next(): void {
    const [first] = this.#waiting
    if (this.#isBusy || first === undefined) return
    this.#isBusy = true
    const { world, random, speeds, lifetime, index } = this.#options
    const run = this.#run
    const label = `thread ${index} ${describe(first.request)}`
    const answer = (settle: () => void): void => {
      if (run !== this.#run) return
      this.#waiting.shift()
      this.#isBusy = false
      settle()
      this.#next()
    }
    const work = (): void => {
      if (run !== this.#run) return
      const settle = this.#handle(first)
      if (random.chance(0.5)) answer(settle)
      else world.after(random.duration(speeds.threadMs / 2), `${label} answers`, () => answer(settle), lifetime)
    }
    world.after(random.duration(speeds.threadMs) + this.#options.extraMs(), label, work, lifetime)
  }

  /** @returns what settles the request. */
  #handle({ request, resolve, reject }: Waiting): () => void {
    try {
      const value = this.#evaluate(request)
      return () => resolve(value)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      return () => reject(Object.assign(new Error(text), { code: errorCode(error) }))
    }
  }

  #evaluate(request: ThreadRequest): unknown {
    if (request.type === 'prepare') this.#modules.add(request.moduleId)
    if (request.type === 'load') {
      const { moduleId, processId, source } = request
      // The evaluator may know it from before; this thread does not.
      if (source === undefined && !this.#modules.has(moduleId)) {
        throw new ComputeError({ code: 'COMPUTE_STATE_LOST', processId })
      }
      this.#modules.add(moduleId)
    }
    if (request.type === 'load' || request.type === 'fork' || request.type === 'copy') {
      this.#loaded.set(JSON.stringify([request.processId, request.view]), request)
    }
    if (request.type === 'evaluate') {
      const failsAfter = this.#options.failsAfter()
      if (failsAfter !== undefined) {
        this.#evaluator.handle({ ...request, entries: request.entries.slice(0, failsAfter) })
        throw new Error('The simulated host has no memory left.')
      }
    }
    return this.#evaluator.handle(request)
  }
}

/** `evaluate <process> #3 to #5` */
function describe(request: ThreadRequest): string {
  const processId = 'processId' in request ? ` ${request.processId}` : ''
  if (!('entries' in request)) return `${request.type}${processId}`
  return `${request.type}${processId} #${request.entries[0]?.nonce} to #${request.entries.at(-1)?.nonce}`
}
