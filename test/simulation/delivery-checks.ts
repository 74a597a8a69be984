import { notificationOf, type OutboxDetail, outboxDetailOf } from '../../src/compute/outbox.ts'
import { parseDataItem } from '../../src/protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import type { Cause, LogEntry, OutboxEntry } from '../../src/store/types.ts'
import { causeText, type StoreRecord } from './record.ts'
import type { History, Report } from './rules.ts'

/** I3: each outbox entry took effect once, or is dead with a reason; and nothing else took effect. */
export function checkDelivery({ record, replayed }: History, report: Report): void {
  const delivery = new DeliveryCheck(record, report)
  for (const { evaluated } of replayed.values()) {
    for (const { outbox } of evaluated) for (const entry of outbox) delivery.entry(entry)
  }
  delivery.end()
}

class DeliveryCheck {
  readonly #record: StoreRecord
  readonly #report: Report
  /** Entries of logs that have a cause: each must be claimed by an outbox entry. */
  readonly #unclaimed = new Set<string>()
  readonly #byItem = new Map<ProcessId, Map<ItemId, LogEntry>>()
  readonly #known = new Set<string>()

  constructor(record: StoreRecord, report: Report) {
    this.#record = record
    this.#report = report
    for (const [processId, { entries }] of record.processes) {
      this.#byItem.set(processId, new Map(entries.map((entry) => [parseDataItem(entry.item).id, entry])))
      for (const { cause, nonce } of entries) if (cause !== undefined) this.#unclaimed.add(`${processId}/${nonce}`)
    }
  }

  entry(entry: OutboxEntry): void {
    const name = causeText(entry.cause)
    this.#known.add(name)
    const row = this.#record.undelivered.get(name)
    const detail = outboxDetailOf(entry)
    if (row?.state === 'pending') return this.#report('rest', `${name} to ${entry.target} is still not delivered`)
    const isDead = row !== undefined
    if (isDead && row.reason === '') this.#report('I3', `${name} is dead without a reason`)
    if (detail.undeliverable !== undefined) {
      if (!isDead) this.#report('I3', `${name} can never be delivered, and is not dead`)
      return
    }
    if (entry.kind === 'spawn') this.#spawn(entry, detail, isDead)
    else if (entry.kind === 'assignment') this.#effect(entry, entry.target as ProcessId, isDead)
    else this.#message(entry, detail, isDead)
  }

  end(): void {
    for (const place of this.#unclaimed) {
      this.#report('I3', `log entry ${place} has a cause, but nobody sent it`)
    }
    for (const [name] of this.#record.undelivered) {
      if (!this.#known.has(name)) this.#report('I3', `outbox entry ${name} is none that the log gives`)
    }
  }

  #message(entry: OutboxEntry, { assignTo = [] }: OutboxDetail, isDead: boolean): void {
    const target = entry.target as ProcessId
    const { itemId } = entry
    const name = causeText(entry.cause)
    if (
      this.#record.processes.has(target) &&
      !(this.#wasUnborn(entry) && this.#byItem.get(target)?.get(itemId) === undefined)
    ) {
      this.#effect(entry, target, isDead)
    } else if (!isDead && this.#record.items.get(itemId)?.target !== target) {
      this.#report('I3', `${name} to ${target} is neither in a log nor among the items`)
    }
    if (isDead) return
    for (const other of assignTo) this.#effect(entry, other as ProcessId, false)
  }

  #spawn(entry: OutboxEntry, detail: OutboxDetail, isDead: boolean): void {
    this.#effect(entry, entry.target as ProcessId, isDead)
    const notification = notificationOf(detail)
    if (isDead || notification === undefined) return
    this.#effect({ ...entry, itemId: notification.id }, entry.cause.processId, false)
  }

  /** The item stands in the log of the target. That it stands there once is checked by I1. */
  #effect(entry: OutboxEntry, target: ProcessId, isDead: boolean): void {
    const { cause, itemId } = entry
    const found = this.#byItem.get(target)?.get(itemId)
    const name = causeText(cause)
    if (found === undefined) {
      if (!isDead) this.#report('I3', `${name} is not in the log of ${target}, and not dead`)
      return
    }
    const isOwn = found.cause !== undefined && causeText(found.cause) === name
    if (isOwn) this.#unclaimed.delete(`${target}/${found.nonce}`)
    // A message that is also assigned is dead when one of its assignments is.
    if (isDead && isOwn && outboxDetailOf(entry).assignTo === undefined)
      this.#report('I3', `${name} is dead, but stands in the log of ${target} as #${found.nonce}`)
  }

  /** Whether the target had no log yet when the message that caused the entry got its place. */
  #wasUnborn({ cause, target }: OutboxEntry): boolean {
    const { places } = this.#record
    const born = places.get(`${target}/0`) ?? Number.POSITIVE_INFINITY
    return born > (places.get(`${cause.processId}/${cause.nonce}`) ?? 0)
  }
}

/**
 * I9: no chain is deeper or longer than it may be, and none is stopped for which there is room. Each entry that is sent again
 * lets its chain have as much again, and what a fault has cut in two, a spawn or a message with `Assignments`, is made whole
 * also where there is no room.
 */
export function checkChainLimits(history: History, report: Report): void {
  const { record, replayed, chainLimits, revived, faultCount } = history
  if (chainLimits === undefined) return
  const { depthMax, entriesMax } = chainLimits
  const rootOf = (cause: Cause): string => {
    const { processId, nonce } = record.processes.get(cause.processId)?.entries[cause.nonce]?.chain ?? cause
    return `${processId}/${nonce}`
  }
  const count = (counts: Map<string, number>, root: string, more: number): void => {
    counts.set(root, (counts.get(root) ?? 1) + more)
  }
  /** Messages of each chain: in logs, and of all that it sent. What its target has already counts while it is on its way. */
  const [sizes, sent] = [new Map<string, number>(), new Map<string, number>()]
  for (const { evaluated } of replayed.values()) {
    for (const entry of evaluated.flatMap(({ outbox }) => outbox)) {
      const { assignTo = [], notification } = outboxDetailOf(entry)
      count(sent, rootOf(entry.cause), 1 + assignTo.length + (notification === undefined ? 0 : 1))
    }
  }
  for (const { entries } of record.processes.values()) {
    for (const { chain, processId, nonce } of entries) {
      if (chain.depth > 0) count(sizes, `${chain.processId}/${chain.nonce}`, 1)
      if (chain.depth > depthMax * (1 + revived.size)) {
        report('I9', `${processId}/${nonce} is ${chain.depth} levels deep, of ${depthMax}`)
      }
    }
  }
  for (const [root, size] of sizes) {
    const sizeMax = entriesMax * (1 + revived.size) + 2 * faultCount
    if (size > sizeMax) report('I9', `the chain of ${root} has ${size} messages, of ${sizeMax}`)
  }
  for (const { cause, reason } of record.undelivered.values()) {
    const root = rootOf(cause)
    const depth = record.processes.get(cause.processId)?.entries[cause.nonce]?.chain.depth ?? 0
    if (reason.startsWith('CHAIN_LIMIT depth') && (depth === 0 || depth % depthMax !== 0)) {
      report('I9', `${causeText(cause)} was stopped ${depth} levels deep, of ${depthMax}`)
    }
    const size = sent.get(root) ?? 1
    if (reason.startsWith('CHAIN_LIMIT entries') && size <= entriesMax) {
      report('I9', `${causeText(cause)} was stopped, and its chain had at most ${size} messages, of ${entriesMax}`)
    }
  }
}
