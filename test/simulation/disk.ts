import type { ItemId } from '../../src/protocol/ids.ts'
import { StoreError } from '../../src/store/errors.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { RevertibleStore, StoreMark } from '../../src/store/revertible-store.ts'
import type { AppendRequest, Cause, CommitRequest, Lease, OutboxSettlement, Store } from '../../src/store/types.ts'
import type { PlacedWrite, Speeds } from './plan.ts'
import type { Random } from './random.ts'
import { causeText } from './record.ts'
import type { Lifetime, World } from './world.ts'

/**
 * A disk with a store on it that outlives the nodes. What it does is what the SQLite store promises (docs/store.md):
 *
 * K1 Calls that write take effect in the order in which they were made. Those that wait when a transaction begins share it;
 *    a transaction happens as a whole or not at all, and its calls are answered after it, if ever.
 * K2 Calls that only read see what is committed at some moment between question and answer.
 * K3 When a transaction fails, every call that waits is rejected; what that means is unknown. Leases and claims are void.
 * K4 A crash leaves what is committed; the transaction under way is there or not. Leases and claims are void.
 *
 * Or it is none: a network in memory has the memory store itself, which answers at once, and can go back (`isInMemory`).
 *
 * The committed state is the memory store, which the contract suite holds to the same answers as SQLite.
 */

/** Methods that read beside the writer. All others go through it, as they do in SQLite. */
const readNames = [
  ...(['head', 'readLog', 'readLogByTime', 'chainStatus', 'findNonce', 'readResult', 'readResults'] as const),
  ...(['listOutbox', 'getPages', 'pageStatus', 'findCheckpoint', 'listCheckpoints'] as const),
  ...(['getItem', 'queryItems', 'countItems', 'listMonitors', 'listProcesses'] as const),
] satisfies (keyof Store)[]
const reads: ReadonlySet<string> = new Set(readNames)

/** What a node does not get, or gets in a way of its own. */
const ownMethods: ReadonlySet<string> = new Set(['constructor', 'close', 'onWake', 'mark', 'revert'])

/** Longer than a lease or a claim lasts. */
const claimMsMax = 60_001

type Method = (...args: unknown[]) => Promise<unknown>

interface Call {
  readonly name: string
  readonly args: unknown[]
  readonly lifetime: Lifetime
  /** What `onClaimed` was told, held back until the answer. */
  readonly held: (() => void)[]
  resolve(value: unknown): void
  reject(error: unknown): void
}

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown }

/**
 * Controls: what a store must not do, to show that the checks see it.
 *
 * - `forgets duplicates`: logs take a message again, as if they did not know it.
 * - `settles first`: the outbox loses an entry before the log of its target has it.
 * - `answers first`: writes are answered before they are safe from a crash.
 */
export type DiskFlaw = 'forgets duplicates' | 'settles first' | 'answers first'

/** A transaction under way. */
interface Writing {
  readonly batch: readonly Call[]
  /** What was answered too early, and how to take it back. */
  readonly unsafe?: { readonly mark: StoreMark; readonly appendedCount: number } | undefined
}

/** What is to happen at a transaction. */
export interface WriteEvent {
  readonly kind: 'crash-before' | 'crash-after' | 'fail-before' | 'fail-after'
  /** Called when it happens. */
  strike(): void
}

export interface DiskOptions {
  readonly world: World
  readonly random: Random
  readonly speeds: Speeds
  readonly flaw: DiskFlaw | undefined
  readonly isInMemory: boolean
  /** A network in memory remembers the present moment. @returns what is called when it goes back to it. */
  onMark(): () => void
  /** Whether this read, counted from 1, fails. */
  readFails(count: number): boolean
  /** The event placed at this call of this name, counted from 1. */
  eventAt(write: PlacedWrite, count: number): WriteEvent | undefined
}

export class SimulatedDisk {
  /** What is committed, read without any fault or delay. */
  readonly committed: RevertibleStore
  /** The order in which entries came into the logs, as `process/nonce`; after a revert also for the second time. */
  readonly appended: string[] = []
  /** Causes of dead outbox entries that were to be sent again. */
  readonly revived = new Set<string>()
  readonly #options: DiskOptions
  readonly #counts = new Map<string, number>()
  #readCount = 0
  #queue: Call[] = []
  #writing: Writing | undefined
  #isPlanned = false
  #extraSyncMs = 0
  #fullUntilMs = 0
  #slowUntilMs = 0
  /** When the latest answer arrives: answers come in the order of the writes. */
  #answeredAtMs = 0
  /** Leases and claims are void when the store's clock has moved beyond them. */
  #clockOffsetMs = 0

  constructor(options: DiskOptions) {
    this.#options = options
    this.committed = createMemoryStore({ clock: { now: () => options.world.now() + this.#clockOffsetMs } })
  }

  /** The store as a node sees it that lives so long. */
  mount(lifetime: Lifetime): Store {
    const { isInMemory } = this.#options
    let closed = false
    const face: Record<string, unknown> = {}
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(this.committed))) {
      if (ownMethods.has(name)) continue
      const isRead = reads.has(name)
      face[name] = (...args: unknown[]): Promise<unknown> => {
        if (lifetime.ended) return never
        if (closed) return Promise.reject(new StoreError({ code: 'STORE_CLOSED' }))
        if (isInMemory) return this.#callAtOnce(name, args)
        return isRead ? this.#read(name, args, lifetime) : this.#write(name, args, lifetime)
      }
    }
    if (isInMemory) Object.assign(face, this.#marking())
    face.onWake = (listener: () => void) => this.committed.onWake(() => lifetime.ended || listener())
    face.close = async (): Promise<void> => {
      closed = true
      // Longer and longer: a write may take a minute, and a history has only so many tasks.
      for (let ms = this.#options.speeds.gatherMs; this.#queue.length > 0 || this.#writing !== undefined; ms *= 2) {
        await this.#options.world.sleep(ms, 'disk closes', lifetime)
      }
    }
    return face as unknown as Store
  }

  /** The node is gone, at once or in order (K4). */
  async unmount(keepsWrite: boolean): Promise<void> {
    this.#queue = []
    this.#isPlanned = false
    const writing = this.#writing
    this.#writing = undefined
    if (writing?.unsafe !== undefined) this.#takeBack(writing.unsafe)
    else if (writing !== undefined && keepsWrite) await this.#apply(writing.batch)
    this.#voidClaims()
  }

  slowDown(forMs: number, syncMs: number): void {
    this.#slowUntilMs = this.#options.world.timeMs + forMs
    this.#extraSyncMs = syncMs
  }

  fillUp(forMs: number): void {
    this.#fullUntilMs = this.#options.world.timeMs + forMs
  }

  /** From now on all is well. */
  heal(): void {
    this.#slowUntilMs = 0
    this.#fullUntilMs = 0
  }

  #read(name: string, args: unknown[], lifetime: Lifetime): Promise<unknown> {
    const { world, random, speeds } = this.#options
    this.#readCount += 1
    const fails = this.#options.readFails(this.#readCount)
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (fails) return reject(readFailure())
        const answer = (outcome: Outcome): void => (outcome.ok ? resolve(outcome.value) : reject(outcome.error))
        const isStale = random.chance(0.3)
        void this.#call(name, args).then((outcome) => {
          if (!isStale) return answer(outcome)
          world.after(random.duration(speeds.readMs), `disk answers ${name}`, () => answer(outcome), lifetime)
        })
      }
      world.after(random.duration(speeds.readMs), `disk reads ${name}`, look, lifetime)
    })
  }

  async #callAtOnce(name: string, args: unknown[]): Promise<unknown> {
    this.#recordRevived(name, args)
    const answer = (this.committed as unknown as Record<string, Method>)[name]?.apply(this.committed, args)
    if (name === 'append') this.#recordAppended((await answer) as Awaited<ReturnType<Store['append']>>)
    return answer
  }

  #marking(): Pick<RevertibleStore, 'mark' | 'revert'> {
    const undo = new Map<StoreMark, () => void>()
    return {
      mark: () => {
        const mark = this.committed.mark()
        undo.set(mark, this.#options.onMark())
        return mark
      },
      revert: (mark) => {
        this.committed.revert(mark)
        undo.get(mark)?.()
      },
    }
  }

  async #write(name: string, args: unknown[], lifetime: Lifetime): Promise<unknown> {
    const settled = this.#options.flaw === 'settles first' ? settlementsOf(name, args) : []
    if (settled.length > 0) await this.#enqueue('settleOutbox', [settled], lifetime)
    return this.#enqueue(name, args, lifetime)
  }

  #enqueue(name: string, args: unknown[], lifetime: Lifetime): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const held: (() => void)[] = []
      this.#queue.push({ name, args: holdBack(name, args, held), lifetime, held, resolve, reject })
      this.#plan(lifetime)
    })
  }

  /** Gathers calls for the next transaction. */
  #plan(lifetime: Lifetime): void {
    if (this.#isPlanned || this.#writing !== undefined || this.#queue.length === 0) return
    const { world, random, speeds } = this.#options
    this.#isPlanned = true
    world.after(random.duration(speeds.gatherMs), 'disk begins', () => this.#begin(lifetime), lifetime)
  }

  #begin(lifetime: Lifetime): void {
    const { world, random, speeds } = this.#options
    this.#isPlanned = false
    const count = random.chance(0.7) ? this.#queue.length : random.integer(1, this.#queue.length)
    const batch = this.#queue.splice(0, count)
    const isUnsafe = this.#options.flaw === 'answers first'
    const unsafe = isUnsafe ? { mark: this.committed.mark(), appendedCount: this.appended.length } : undefined
    const writing = { batch, unsafe }
    this.#writing = writing
    if (isUnsafe) void this.#apply(batch).then((outcomes) => this.#answer(batch, outcomes, lifetime))
    const slowMs = world.timeMs < this.#slowUntilMs ? this.#extraSyncMs : 0
    const names = writing.batch.map(({ name }) => name).join(' ')
    const syncMs = random.duration(speeds.syncMs) + random.duration(slowMs)
    world.after(syncMs, `disk commits ${names}`, () => void this.#end(writing, lifetime), lifetime)
  }

  async #end(writing: Writing, lifetime: Lifetime): Promise<void> {
    const { world } = this.#options
    const event = this.#eventOf(writing.batch)
    if (event?.kind === 'crash-before') {
      if (writing.unsafe !== undefined) this.#takeBack(writing.unsafe)
      this.#writing = undefined
      return event.strike()
    }
    if (writing.unsafe !== undefined) {
      this.#writing = undefined
      return this.#plan(lifetime)
    }
    const isFull = world.timeMs < this.#fullUntilMs
    const fails = event?.kind === 'fail-before' || event?.kind === 'fail-after' || isFull
    const outcomes = fails && event?.kind !== 'fail-after' ? [] : await this.#apply(writing.batch)
    this.#writing = undefined
    if (event?.kind === 'crash-after') return event.strike()
    event?.strike()
    if (fails) this.#fail(writing.batch, lifetime, isFull)
    else this.#answer(writing.batch, outcomes, lifetime)
    this.#plan(lifetime)
  }

  #eventOf(batch: readonly Call[]): WriteEvent | undefined {
    let found: WriteEvent | undefined
    for (const { name } of batch) {
      const count = (this.#counts.get(name) ?? 0) + 1
      this.#counts.set(name, count)
      found ??= this.#options.eventAt(name as PlacedWrite, count)
    }
    return found
  }

  #answer(batch: readonly Call[], outcomes: readonly Outcome[], lifetime: Lifetime): void {
    const work = (): void => {
      for (const [i, call] of batch.entries()) {
        const outcome = outcomes[i]
        if (outcome?.ok === true) {
          for (const tell of call.held) tell()
          call.resolve(outcome.value)
        } else call.reject(outcome?.error)
      }
    }
    this.#afterAnswers('disk answers writes', work, lifetime)
  }

  /** K3. */
  #fail(batch: readonly Call[], lifetime: Lifetime, isFull: boolean): void {
    const failed = [...batch, ...this.#queue.splice(0)]
    this.#voidClaims()
    const error = isFull
      ? new StoreError({ code: 'STORE_FULL', path: 'simulated', freeBytes: 0, bytesMax: undefined })
      : new StoreError({ code: 'STORE_WRITE_FAILED', reason: 'the simulated disk fails' })
    const work = (): void => {
      for (const { reject } of failed) reject(error)
    }
    this.#afterAnswers('disk fails writes', work, lifetime)
  }

  #afterAnswers(label: string, work: () => void, lifetime: Lifetime): void {
    const { world, random, speeds } = this.#options
    this.#answeredAtMs = Math.max(this.#answeredAtMs, world.timeMs + random.duration(speeds.answerMs))
    world.after(this.#answeredAtMs - world.timeMs, label, work, lifetime)
  }

  #voidClaims(): void {
    this.#clockOffsetMs += claimMsMax
  }

  /** Nothing else runs until all of it is applied: a task ends when its promises have settled. */
  async #apply(batch: readonly Call[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    for (const { name, args } of batch) outcomes.push(await this.#call(name, args))
    return outcomes
  }

  async #call(name: string, args: unknown[]): Promise<Outcome> {
    const method = (this.committed as unknown as Record<string, Method>)[name]
    this.#recordRevived(name, args)
    try {
      const given = name === 'append' ? [await this.#appendRequests(args[0] as readonly AppendRequest[])] : args
      const value = await method?.apply(this.committed, this.#toStoreTime(name, given))
      if (name === 'append') this.#recordAppended(value as Awaited<ReturnType<Store['append']>>)
      return { ok: true, value: this.#fromStoreTime(name, value) }
    } catch (error) {
      return { ok: false, error }
    }
  }

  #recordRevived(name: string, args: unknown[]): void {
    if (name !== 'reviveOutbox') return
    for (const cause of args[0] as readonly Cause[]) this.revived.add(causeText(cause))
  }

  #recordAppended(results: Awaited<ReturnType<Store['append']>>): void {
    for (const result of results) {
      if (!result.ok || result.duplicate) continue
      const { processId, nonce, kind, cause } = result.entry
      this.appended.push(`${processId}/${nonce}`)
      const origin = cause === undefined ? '' : ` from ${causeText(cause)}`
      this.#options.world.note(`log ${processId} #${nonce}: ${kind} ${result.entry.itemId}${origin}`)
    }
  }

  #takeBack({ mark, appendedCount }: NonNullable<Writing['unsafe']>): void {
    this.committed.revert(mark)
    this.appended.length = appendedCount
  }

  /** `forgets duplicates`: the message comes under another name, without its cause. Assignments would go on for ever. */
  async #appendRequests(requests: readonly AppendRequest[]): Promise<readonly AppendRequest[]> {
    if (this.#options.flaw !== 'forgets duplicates') return requests
    const changed: AppendRequest[] = []
    for (const request of requests) {
      const { kind, cause, item, processId } = request
      const isKnown = kind === 'message' && (await this.committed.findNonce(processId, item.id)) !== undefined
      const id = `${item.id} again ${this.appended.length}` as ItemId
      changed.push(isKnown && cause !== undefined ? { ...request, cause: undefined, item: { ...item, id } } : request)
    }
    return changed
  }

  #toStoreTime(name: string, args: unknown[]): unknown[] {
    if (name !== 'settleOutbox') return args
    const settlements = args[0] as readonly OutboxSettlement[]
    return [
      settlements.map(({ cause, outcome }): OutboxSettlement => {
        if (outcome.state !== 'retry') return { cause, outcome }
        return { cause, outcome: { ...outcome, atMs: outcome.atMs + this.#clockOffsetMs } }
      }),
    ]
  }

  #fromStoreTime(name: string, value: unknown): unknown {
    if (name === 'acquire') {
      return (value as readonly Lease[]).map((lease) => ({ ...lease, untilMs: lease.untilMs - this.#clockOffsetMs }))
    }
    if (name === 'outboxStatus') {
      const status = value as Awaited<ReturnType<Store['outboxStatus']>>
      const { dueAtMs } = status
      return { ...status, dueAtMs: dueAtMs === undefined ? undefined : dueAtMs - this.#clockOffsetMs }
    }
    return value
  }
}

/** `settles first`: the outbox entries whose effects an append is to write. */
function settlementsOf(name: string, args: unknown[]): OutboxSettlement[] {
  if (name !== 'append') return []
  const causes = (args[0] as readonly AppendRequest[]).flatMap(({ cause }) => cause ?? [])
  return causes.map((cause) => ({ cause, outcome: { state: 'delivered' } }))
}

/** Named by a code of its own, which clients are not surprised by. */
export const readFailureCode = 'SIMULATED_READ_FAILURE'

function readFailure(): Error {
  return Object.assign(new Error('The simulated disk cannot be read.'), { code: readFailureCode })
}

const never: Promise<never> = new Promise(() => undefined)

/** Claims are told of when the commit is answered, and not at all when it is not. */
function holdBack(name: string, args: unknown[], held: (() => void)[]): unknown[] {
  if (name !== 'commitResults') return args
  const requests = args[0] as readonly CommitRequest[]
  return [
    requests.map((request) => {
      const { claim } = request
      if (claim?.onClaimed === undefined) return request
      return {
        ...request,
        claim: {
          ...claim,
          onClaimed: (entries: Parameters<NonNullable<typeof claim.onClaimed>>[0]) => {
            held.push(() => claim.onClaimed?.(entries))
          },
        },
      }
    }),
  ]
}
