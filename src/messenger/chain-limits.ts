import type { ItemId } from '../protocol/ids.ts'
import { causeKey } from '../store/checks.ts'
import type { Cause, ChainPlace, ChainRoot, LogEntry, OutboxEntry, Store } from '../store/types.ts'
import type { ChainLimitOptions } from './chain-limit-options.ts'

/**
 * Bounds what one message from outside can set off (I9): processes that answer each other would go on for ever.
 *
 * C1 A chain stops whenever it would pass a multiple of `entriesMax` entries, and a path of it whenever it would pass a
 *    multiple of `depthMax` levels. What is stopped is kept as dead.
 * C2 An entry that is sent again passes, and its chain, or path, has as much before it again. That follows from the log and
 *    from which entries are sent again, so a restart changes nothing.
 * C3 A chain is counted here while entries of it are on their way, and in the store otherwise. Only deliveries make it
 *    grow.
 * C4 An entry of which a crash has left a part in logs goes there whole, also where there is no room any more.
 */

/** That a chain has come to a limit: told once, until it goes on. */
export interface ChainStop {
  readonly root: ChainRoot
  /** The message that began the chain; undefined when its entry is not in this store. */
  readonly messageId: ItemId | undefined
  readonly limit: 'depth' | 'entries'
  readonly max: number
  /** The first entry that was stopped. */
  readonly entry: OutboxEntry
}

/** How many log entries an outbox entry is still to become. */
export interface Weight {
  readonly entries: number
  /** An earlier try has put some of it into logs, and so all of it has to go there. */
  readonly isBegun: boolean
}

/** Entries that are delivered together. */
export interface Passage {
  /** Those that must not be delivered, with the reason. */
  readonly stopped: ReadonlyMap<OutboxEntry, string>
  /** A log has got an entry. */
  landed(entry: LogEntry): void
  /** Ends it. @param isAnswered - False when logs may have entries that did not land here. */
  leave(isAnswered: boolean): void
}

interface Chain {
  readonly root: ChainRoot
  /** In logs, or on their way there. */
  entries: number
  /** Of those, what an earlier try had begun and what came when there was no room any more: it gives the others none. */
  extraEntries: number
  /** Passages with entries of it. */
  users: number
  /** A passage was not answered, so the count may be too high. */
  isUnsure: boolean
  isTold: boolean
  messageId: ItemId | undefined
}

interface Candidate {
  readonly entry: OutboxEntry
  readonly chain: Chain
  readonly depth: number
  readonly weight: Weight
}

interface Overdue extends Candidate {
  readonly limit: ChainStop['limit']
}

type ChainReads = Pick<Store, 'readLog' | 'chainStatus'>

/** Chains, and places of entries, that are remembered; others are read again. */
const rememberedMax = 10_000

const freePassage: Passage = { stopped: new Map(), landed() {}, leave() {} }

export class ChainLimits {
  readonly #options: ChainLimitOptions
  readonly #store: ChainReads
  readonly #onStop: (stop: ChainStop) => void
  /** By root. */
  readonly #chains = new Map<string, Chain>()
  /** By entry. */
  readonly #places = new Map<string, ChainPlace>()
  /** Causes of entries that are sent again. */
  readonly #sentAgain = new Set<string>()

  constructor(options: ChainLimitOptions, store: ChainReads, onStop: (stop: ChainStop) => void) {
    this.#options = options
    this.#store = store
    this.#onStop = onStop
  }

  /** Lets them pass until they are {@link settled}. */
  sendAgain(causes: readonly Cause[]): void {
    for (const cause of causes) this.#sentAgain.add(causeKey(cause))
  }

  settled(causes: readonly Cause[]): void {
    if (this.#sentAgain.size === 0) return
    for (const cause of causes) this.#sentAgain.delete(causeKey(cause))
  }

  /** @param weights - Of the entries, in their order. */
  async enter(weights: ReadonlyMap<OutboxEntry, Weight>): Promise<Passage> {
    const { depthMax, entriesMax } = this.#options
    if (depthMax === Number.POSITIVE_INFINITY && entriesMax === Number.POSITIVE_INFINITY) return freePassage
    /** What is on its way, by chain. */
    const held = new Map<Chain, number>()
    const leave = (isAnswered: boolean): void => {
      for (const [chain, left] of held) this.#release(chain, left, isAnswered)
      held.clear()
    }
    const landed = (entry: LogEntry): void => {
      this.#remember(entry)
      const chain = this.#chains.get(keyOf(entry.chain))
      const left = chain && held.get(chain)
      if (chain !== undefined && left !== undefined) held.set(chain, left - 1)
    }
    try {
      const candidates: Candidate[] = []
      for (const [entry, weight] of weights) {
        const { cause } = entry
        const place = this.#places.get(keyOf(cause)) ?? (await this.#readPlace(cause))
        const known = this.#chains.get(keyOf(place))
        const chain = known === undefined ? await this.#open(place, held) : hold(known, held)
        candidates.push({ entry, chain, depth: place.depth + 1, weight })
      }
      // Without a pause, so that no other passage counts in between.
      const overdue = candidates.flatMap((candidate) => this.#count(candidate, held))
      return { stopped: await this.#stop(overdue), landed, leave }
    } catch (error) {
      leave(true)
      throw error
    }
  }

  /** @returns the candidate with the limit that stops it, or nothing. */
  #count(candidate: Candidate, held: Map<Chain, number>): Overdue[] {
    const { entry, chain, weight } = candidate
    const limit = this.#limitAt(candidate)
    if (limit !== undefined) {
      if (this.#sentAgain.has(causeKey(entry.cause))) chain.isTold = false
      else if (weight.isBegun) chain.extraEntries += weight.entries
      else return [{ ...candidate, limit }]
    }
    chain.entries += weight.entries
    held.set(chain, (held.get(chain) ?? 0) + weight.entries)
    return []
  }

  #limitAt({ chain, depth, weight }: Candidate): ChainStop['limit'] | undefined {
    const { depthMax, entriesMax } = this.#options
    if (passesMultiple(depthMax, depth - 1, depth)) return 'depth'
    const entries = chain.entries - chain.extraEntries
    return passesMultiple(entriesMax, entries, entries + weight.entries) ? 'entries' : undefined
  }

  async #stop(overdue: readonly Overdue[]): Promise<ReadonlyMap<OutboxEntry, string>> {
    const stopped = new Map<OutboxEntry, string>()
    for (const { entry, chain, limit } of overdue) {
      chain.messageId ??= (await this.#readEntry(chain.root))?.itemId
      const max = limit === 'depth' ? this.#options.depthMax : this.#options.entriesMax
      const stop: ChainStop = { root: chain.root, messageId: chain.messageId, limit, max, entry }
      stopped.set(entry, reasonFor(stop))
      if (chain.isTold) continue
      chain.isTold = true
      this.#onStop(stop)
    }
    return stopped
  }

  /** Of an entry that is evaluated, and so is in the store. Another counts as a root. */
  async #readPlace(cause: Cause): Promise<ChainPlace> {
    const { processId, nonce } = cause
    const entry = await this.#readEntry(cause)
    if (entry === undefined) return { processId, nonce, depth: 0 }
    this.#remember(entry)
    return entry.chain
  }

  async #readEntry({ processId, nonce }: ChainRoot): Promise<LogEntry | undefined> {
    const [entry] = await this.#store.readLog(processId, nonce, nonce, 1)
    return entry
  }

  async #open({ processId, nonce }: ChainPlace, held: Map<Chain, number>): Promise<Chain> {
    const root = { processId, nonce }
    const { entries } = await this.#store.chainStatus(root)
    const key = keyOf(root)
    const found = this.#chains.get(key)
    if (found !== undefined) return hold(found, held)
    this.#forgetOldest()
    const counts = { entries: Math.max(entries, 1), extraEntries: 0, users: 0, isUnsure: false }
    const chain: Chain = { root, ...counts, isTold: false, messageId: undefined }
    this.#chains.set(key, chain)
    return hold(chain, held)
  }

  #release(chain: Chain, left: number, isAnswered: boolean): void {
    if (isAnswered) chain.entries -= left
    else chain.isUnsure = true
    chain.users -= 1
    if (chain.isUnsure && chain.users === 0) this.#chains.delete(keyOf(chain.root))
  }

  #forgetOldest(): void {
    if (this.#chains.size < rememberedMax) return
    for (const [key, { users }] of this.#chains) {
      if (users > 0) continue
      this.#chains.delete(key)
      return
    }
  }

  #remember(entry: LogEntry): void {
    if (this.#places.size >= rememberedMax) this.#places.delete(this.#places.keys().next().value ?? '')
    this.#places.set(keyOf(entry), entry.chain)
  }
}

/** While a passage holds it, a chain is not forgotten: what is on its way is known here alone (C3). */
function hold(chain: Chain, held: Map<Chain, number>): Chain {
  if (held.has(chain)) return chain
  held.set(chain, 0)
  chain.users += 1
  return chain
}

/** Whether something that grows goes beyond a multiple of `max`. Numbers from 0; the first multiple is `max` itself. */
function passesMultiple(max: number, from: number, to: number): boolean {
  return from > 0 && Math.floor((to - 1) / max) > Math.floor((from - 1) / max)
}

function keyOf({ processId, nonce }: ChainRoot): string {
  return `${processId}/${nonce}`
}

const reasonPrefix = 'CHAIN_LIMIT'

/** Whether this is why an entry is dead. */
export function isChainStop(reason: string): boolean {
  return reason.startsWith(reasonPrefix)
}

function reasonFor({ root, messageId, limit, max, entry }: ChainStop): string {
  const { processId, nonce, index } = entry.cause
  const [size, option] = limit === 'depth' ? [`${max} levels deep`, 'depth'] : [`${max} messages long`, 'messages']
  return (
    `${reasonPrefix} ${limit}: the chain that message ${messageId ?? `with nonce ${root.nonce}`} of process ` +
    `${root.processId} set off is ${size}. Do processes answer each other without end? If it is to go on for as much ` +
    `again: loom outbox retry ${processId} ${nonce}.${index}. Another limit: loom start --chain-${option} <number|none>.`
  )
}
