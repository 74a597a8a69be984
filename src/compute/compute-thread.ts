import { Worker } from 'node:worker_threads'
import { ComputeError } from './errors.ts'
import type {
  EvaluationThread,
  NumberedRequest,
  ThreadOptions,
  ThreadReply,
  ThreadRequest,
  ThreadResponses,
} from './thread-protocol.ts'

/** Deep enough that Lua's own limit of 200 nested C calls comes long before the host's (DESIGN: determinism traps). */
const stackSizeMb = 16

/** The file extension of this build: `.ts` in a checkout, `.js` in the package. */
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** One evaluation thread. Requests are answered in order. A thread that dies rejects what it had and is replaced. */
export class ComputeThread implements EvaluationThread {
  readonly #options: ThreadOptions
  readonly #waiting = new Map<number, Waiting>()
  onDeath: (error: Error) => void = () => undefined
  #worker: Worker
  /** Requests of this turn of the event loop: they travel as one message, because waking a thread costs. */
  #outgoing: NumberedRequest[] = []
  #lastRequestId = 0
  #closed = false

  constructor(options: ThreadOptions) {
    this.#options = options
    this.#worker = this.#start()
  }

  request<Request extends ThreadRequest>(request: Request): Promise<ThreadResponses[Request['type']]> {
    if (this.#closed) return Promise.reject(new ComputeError({ code: 'COMPUTE_CLOSED' }))
    const requestId = ++this.#lastRequestId
    return new Promise((resolve, reject) => {
      this.#waiting.set(requestId, { resolve: resolve as (value: unknown) => void, reject })
      if (this.#outgoing.push({ requestId, request }) === 1) setImmediate(() => this.#flush())
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#worker.terminate()
    this.#failAll(new ComputeError({ code: 'COMPUTE_CLOSED' }))
  }

  #flush(): void {
    const requests = this.#outgoing
    this.#outgoing = []
    // Empty when the thread died meanwhile: the requests were failed then.
    if (requests.length > 0) this.#worker.postMessage(requests)
  }

  #start(): Worker {
    const worker = new Worker(new URL(`./evaluator.worker.${extension}`, import.meta.url), {
      workerData: this.#options,
      resourceLimits: { stackSizeMb },
    })
    worker.on('message', (replies: readonly ThreadReply[]) => {
      for (const reply of replies) this.#settle(reply)
    })
    let failure: Error | undefined
    worker.on('error', (error: Error) => {
      failure = error
    })
    worker.on('exit', (code) => {
      if (this.#closed) return
      const reason = failure?.message ?? `it ended with code ${code}`
      const error = new ComputeError({ code: 'COMPUTE_THREAD_FAILED', reason }, { cause: failure })
      this.#worker = this.#start()
      this.#failAll(error)
      this.onDeath(error)
    })
    return worker
  }

  #settle(reply: ThreadReply): void {
    const waiting = this.#waiting.get(reply.requestId)
    this.#waiting.delete(reply.requestId)
    if (reply.ok) waiting?.resolve(reply.value)
    else waiting?.reject(Object.assign(new Error(reply.error), { code: reply.code }))
  }

  #failAll(error: Error): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#outgoing = []
    for (const { reject } of waiting) reject(error)
  }
}
