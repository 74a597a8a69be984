import { clearTimeout, setImmediate, setTimeout } from 'node:timers'
import { Worker } from 'node:worker_threads'
import { StoreError, type StoreErrorInfo } from '../errors.ts'
import { Batch } from './batch.ts'
import type {
  CallAnswer,
  FromWriter,
  ToWriter,
  WriterCall,
  WriterCallName,
  WriterCalls,
  WriterOptions,
} from './writer-protocol.ts'

/** Batches at the writer at once: one being written, one waiting, so that it never idles between two. */
const sentCountMax = 2
/**
 * A batch is closed when it has half of the calls that wait, within these bounds, or that many bytes. Halves: when all
 * callers wait for the disk, one half is written while the other is answered. Bounds: a small transaction is mostly the
 * sync, a long one keeps everybody waiting.
 */
const batchCallsMin = 256
const batchCallsMax = 2_048
const batchBytesMax = 4 * 1_024 * 1_024
/**
 * How long a call that nobody waits for may wait for company. Results and settlements follow from the log, so they
 * travel with the next append and share its sync; alone they go after this time. So do checkpoints and sweeps.
 */
const patientDelayMs = 2
const patientCalls: ReadonlySet<WriterCallName> = new Set(['commit', 'settle', 'putCheckpoint', 'dropPages'])
/** Most bytes of one call: SQLite takes values below 1 GB, and an arena doubles as it grows. */
export const callBytesMax = 256 * 1_024 * 1_024
/** Most bytes that wait for the disk. */
export const pendingBytesMax = 512 * 1_024 * 1_024

/** Why the writer takes no calls after it was closed. */
const closedInOrder = 'the store is closed'

interface Waiting {
  readonly sizeBytes: number
  settle(answer: CallAnswer): void
  fail(error: StoreError): void
}

interface OpenBatch {
  readonly batch: Batch
  readonly waiting: Waiting[]
}

/** What a caller needs to fill a call: bytes go through `put`, everything else is cloned. */
export type Fill<Name extends WriterCallName> = (batch: Pick<Batch, 'put'>) => WriterCalls[Name]['request']

export interface WriterEvents {
  /** A write failed: every call that waited has been rejected, and nothing that they planned stands. */
  onFailure(error: StoreError): void
}

/**
 * The store's side of the writer thread. Calls of one turn of the event loop, and all that come while the writer is
 * busy, travel as one batch.
 */
export class WriterClient {
  readonly #worker: Worker
  readonly #events: WriterEvents
  readonly #queue: OpenBatch[] = []
  readonly #sent = new Map<number, OpenBatch>()
  readonly #closed = Promise.withResolvers<void>()
  #lastBatch = 0
  #generation = 0
  #pendingBytes = 0
  #pendingCalls = 0
  #flushPlanned = false
  #patience: NodeJS.Timeout | undefined
  /** Whether a call is queued that somebody waits for. */
  #urgent = false
  #closing = false
  #lost: string | undefined

  private constructor(worker: Worker, events: WriterEvents) {
    this.#worker = worker
    this.#events = events
    worker.on('message', (message: FromWriter) => this.#receive(message))
    worker.on('error', (error) => this.#lose(`the writer thread failed: ${error.message}`))
    worker.on('exit', (code) => this.#lose(`the writer thread ended with code ${code}`))
    worker.unref()
  }

  /** @throws what kept the writer from opening the files. */
  static async open(options: WriterOptions, events: WriterEvents): Promise<WriterClient> {
    // The build rewrites import paths, not this text.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./writer.worker.${extension}`, import.meta.url), {
      workerData: options,
      name: 'loom-store-writer',
    })
    const ready = Promise.withResolvers<void>()
    worker.once('message', () => ready.resolve())
    worker.once('error', ready.reject)
    await ready.promise
    worker.off('error', ready.reject)
    return new WriterClient(worker, events)
  }

  /**
   * Adds a call to the open batch. `settled` runs when the answer is known, before any promise of the batch goes on.
   *
   * @throws {StoreError} at once `STORE_BUSY`, `STORE_TOO_LARGE`: nothing was stored, and `fill` did not run. Through the
   *   promise `STORE_FULL`, `STORE_WRITE_FAILED`, or the call's own error.
   */
  call<Name extends WriterCallName>(
    name: Name,
    sizeBytes: number,
    fill: Fill<Name>,
    settled?: (answer: WriterCalls[Name]['answer']) => void,
  ): Promise<WriterCalls[Name]['answer']> {
    this.checkRoom(sizeBytes)
    const { batch, waiting } = this.#open()
    const { promise, resolve, reject } = Promise.withResolvers<WriterCalls[Name]['answer']>()
    batch.add({ name, request: fill(batch) } as unknown as WriterCall)
    this.#pendingBytes += sizeBytes
    this.#pendingCalls += 1
    waiting.push({
      sizeBytes,
      fail: reject,
      settle: (answer) => {
        if (!answer.ok) return reject(new StoreError(answer.error))
        settled?.(answer.value as WriterCalls[Name]['answer'])
        resolve(answer.value as WriterCalls[Name]['answer'])
      },
    })
    this.#urgent ||= !patientCalls.has(name)
    this.#planFlush()
    return promise
  }

  /** @throws {StoreError} when a call with that many bytes cannot be taken now. */
  checkRoom(sizeBytes: number): void {
    if (this.#lost !== undefined) throw new StoreError({ code: 'STORE_WRITE_FAILED', reason: this.#lost })
    if (sizeBytes > callBytesMax) {
      throw new StoreError({ code: 'STORE_TOO_LARGE', sizeBytes, sizeBytesMax: callBytesMax })
    }
    const pendingBytes = this.#pendingBytes
    if (pendingBytes > 0 && pendingBytes + sizeBytes > pendingBytesMax) {
      throw new StoreError({ code: 'STORE_BUSY', pendingBytes, pendingBytesMax })
    }
  }

  /**
   * Writes what was queued, then ends the thread. Take no calls afterwards.
   *
   * @returns whether the writer closed its files in order.
   */
  async close(): Promise<boolean> {
    this.#closing = true
    this.#worker.ref()
    this.#flush()
    await this.#closed.promise
    await this.#worker.terminate()
    return this.#lost === closedInOrder
  }

  #open(): OpenBatch {
    const last = this.#queue.at(-1)
    const callsMax = Math.min(Math.max(this.#pendingCalls / 2, batchCallsMin), batchCallsMax)
    if (last !== undefined && last.batch.callCount < callsMax && last.batch.sizeBytes < batchBytesMax) return last
    this.#lastBatch += 1
    const open: OpenBatch = { batch: new Batch(this.#lastBatch, this.#generation), waiting: [] }
    this.#queue.push(open)
    return open
  }

  #planFlush(): void {
    if (this.#flushPlanned || this.#sent.size >= sentCountMax || this.#queue.length === 0) return
    if (!this.#urgent) {
      this.#patience ??= setTimeout(() => this.#flush(), patientDelayMs)
      return
    }
    this.#flushPlanned = true
    setImmediate(() => {
      this.#flushPlanned = false
      this.#flush()
    })
  }

  #flush(): void {
    clearTimeout(this.#patience)
    this.#patience = undefined
    this.#urgent = false
    while (this.#sent.size < sentCountMax) {
      const next = this.#queue.shift()
      if (next === undefined) break
      const { message, transfer } = next.batch.take()
      this.#sent.set(next.batch.number, next)
      this.#worker.ref()
      this.#worker.postMessage(message, transfer)
    }
    if (this.#sent.size > 0) return
    if (!this.#closing) this.#worker.unref()
    else if (this.#lost === undefined) this.#worker.postMessage({ type: 'close' } satisfies ToWriter)
    else this.#closed.resolve()
  }

  #receive(message: FromWriter): void {
    if (message.type === 'closed') {
      this.#lost = closedInOrder
      return this.#closed.resolve()
    }
    if (message.type === 'ready') return
    const open = this.#sent.get(message.batch)
    this.#sent.delete(message.batch)
    // Not there: rejected already, when an earlier batch failed.
    if (open !== undefined) {
      if (message.type === 'failed') this.#fail(message.error, open)
      else this.#settle(open, message.answers)
    }
    if (this.#sent.size === 0 && this.#queue.length === 0) this.#flush()
    else this.#planFlush()
  }

  #settle({ waiting }: OpenBatch, answers: readonly CallAnswer[]): void {
    waiting.forEach(({ sizeBytes, settle }, index) => {
      this.#pendingBytes -= sizeBytes
      this.#pendingCalls -= 1
      const answer = answers[index]
      if (answer !== undefined) settle(answer)
    })
  }

  /** Rejects all that waits: what was sent or queued after the failed batch may stand on what it did not write. */
  #fail(info: StoreErrorInfo, failed?: OpenBatch): void {
    const all = [...(failed === undefined ? [] : [failed]), ...this.#sent.values(), ...this.#queue.splice(0)]
    this.#sent.clear()
    this.#generation += 1
    this.#pendingBytes = 0
    this.#pendingCalls = 0
    const error = new StoreError(info)
    this.#events.onFailure(error)
    for (const { waiting } of all) for (const { fail } of waiting) fail(error)
  }

  #lose(reason: string): void {
    if (this.#lost !== undefined) return
    this.#lost = reason
    this.#fail({ code: 'STORE_WRITE_FAILED', reason })
    this.#closed.resolve()
  }
}
