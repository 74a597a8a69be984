import { isDeepStrictEqual } from 'node:util'
import { notificationOf, outboxDetailOf } from '../../src/compute/outbox.ts'
import type { EvaluatedEntry } from '../../src/compute/thread-protocol.ts'
import { parseAssignment } from '../../src/protocol/assignment.ts'
import { parseDataItem, verifyDataItem } from '../../src/protocol/data-item.ts'
import { firstHashChain, nextHashChain } from '../../src/protocol/hash-chain.ts'
import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import { createEd25519Signer } from '../../src/protocol/signers.ts'
import { tagValue } from '../../src/protocol/tags.ts'
import type { DataItem } from '../../src/protocol/types.ts'
import { causeKey, pageSizeMax } from '../../src/store/checks.ts'
import type { Cause, ListedOutboxEntry, LogEntry, OutboxEntry, Store } from '../../src/store/types.ts'
import { Replayer, type ReportViolation } from './replayer.ts'

/**
 * The invariants of docs/architecture.md, checked from what a store has, when its network is idle. Everything that the
 * logs give is computed again here; nothing is believed but the items and assignments that are signed.
 *
 * @module
 */

/** What clients were told, and so may rely on. */
export interface Acknowledged {
  readonly entries: {
    readonly processId: ProcessId
    readonly itemId: ItemId
    /** Of an item that was assigned. */
    readonly assignmentId?: ItemId
    readonly timestampMs: number
  }[]
  readonly items: DataItem[]
  /** Result of an entry, as JSON text. */
  readonly results: { readonly processId: ProcessId; readonly id: ItemId; readonly json: string }[]
}

/** What is known from outside the log. */
export interface Known {
  /** Ed25519 seed of the node's key. */
  readonly signerSeed: Uint8Array
  readonly acknowledged: Acknowledged
  /** Items that clients sent, acknowledged or not; what no process sent is one of these. */
  readonly sent: ReadonlySet<ItemId>
  /** By process: what the network that ran on this store said its state is (I2, I5). */
  readonly stateHashes: ReadonlyMap<ProcessId, string>
}

export interface LogReport {
  /** Each begins with the invariant that does not hold. */
  readonly violations: readonly string[]
  readonly processCount: number
  readonly entryCount: number
  /** Entries whose result has `Error`. */
  readonly failedCount: number
  /** Outbox entries that took effect, and those that cannot. */
  readonly deliveredCount: number
  readonly deadCount: number
}

/** One process, and what its log gives. */
interface Replayed {
  readonly processId: ProcessId
  readonly log: readonly LogEntry[]
  readonly evaluated: readonly EvaluatedEntry[]
}

/** Checks everything. Do not call it while a network works on the store. */
export async function checkLogs(store: Store, known: Known): Promise<LogReport> {
  const violations: string[] = []
  const report = (text: string): void => {
    violations.push(text)
  }
  const nodeAddress = createEd25519Signer(known.signerSeed).address
  const replayer = new Replayer(store, known.signerSeed, report)
  const processes: Replayed[] = []
  for (const processId of await listProcesses(store)) {
    const log = await readWholeLog(store, processId)
    await checkOrder(log, nodeAddress, report)
    const evaluated = await replayer.replay(log, known.stateHashes.get(processId))
    await checkResults(store, processId, evaluated, report)
    processes.push({ processId, log, evaluated })
  }
  const logs = new Map(processes.map(({ processId, log }) => [processId as string, log]))
  const outbox = processes.flatMap(({ evaluated }) => evaluated.flatMap((entry) => entry.outbox))
  const dead = await listDead(store)

  checkDelivery(logs, outbox, dead, nodeAddress, report)
  checkPairOrder(logs, outbox, report)
  checkChains(logs, report)
  await checkPublished(store, logs, outbox, report)
  await checkOutboxRows(store, logs, outbox, dead, report)
  await checkAcknowledged(store, logs, known, report)
  return {
    violations,
    processCount: processes.length,
    entryCount: processes.reduce((sum, { log }) => sum + log.length, 0),
    failedCount: processes.reduce((sum, { evaluated }) => sum + evaluated.filter(({ failed }) => failed).length, 0),
    deliveredCount: outbox.length - dead.size,
    deadCount: dead.size,
  }
}

async function listProcesses(store: Store): Promise<readonly ProcessId[]> {
  const ids: ProcessId[] = []
  for (let full = true; full; ) {
    const page = await store.listProcesses({ after: ids.at(-1), limit: pageSizeMax })
    ids.push(...page)
    full = page.length === pageSizeMax
  }
  return ids
}

async function readWholeLog(store: Store, processId: ProcessId): Promise<readonly LogEntry[]> {
  const log: LogEntry[] = []
  for (let more = true; more; ) {
    const page = await store.readLog(processId, log.length)
    log.push(...page)
    more = page.length > 0
  }
  return log
}

async function listDead(store: Store): Promise<ReadonlyMap<string, ListedOutboxEntry>> {
  const dead = new Map<string, ListedOutboxEntry>()
  let after: Cause | undefined
  for (let full = true; full; ) {
    const page = await store.listOutbox({ state: 'dead', after, limit: pageSizeMax })
    for (const entry of page) dead.set(causeKey(entry.cause), entry)
    after = page.at(-1)?.cause
    full = page.length === pageSizeMax
  }
  return dead
}

/** I1: nonces without gap, a sound hash chain, rising timestamps, each item and each cause once, genuine signatures. */
async function checkOrder(log: readonly LogEntry[], nodeAddress: string, report: ReportViolation): Promise<void> {
  const seen = new Set<string>()
  let before: LogEntry | undefined
  for (const [index, entry] of log.entries()) {
    const place = `${entry.processId}/${entry.nonce}`
    const wrong = (text: string): void => report(`I1: entry ${place} ${text}`)
    if (entry.nonce !== index) wrong(`stands at place ${index}`)
    for (const key of [entry.itemId, ...(entry.cause === undefined ? [] : [causeKey(entry.cause)])]) {
      if (seen.has(key)) wrong(`has ${key}, as one before it has`)
      seen.add(key)
    }
    const item = parseDataItem(entry.item)
    const assignment = parseAssignment(entry.assignment)
    await verifyDataItem(item).catch((error) => wrong(`has an item that is not genuine: ${error}`))
    await verifyDataItem(assignment.item).catch((error) => wrong(`has an assignment that is not genuine: ${error}`))
    if (assignment.item.ownerAddress !== nodeAddress) wrong(`was assigned by ${assignment.item.ownerAddress}`)
    const { processId, nonce, itemId, assignmentId, timestampMs, blockHeight, hashChain } = entry
    const stored = { processId, nonce, id: assignmentId, timestampMs, blockHeight, hashChain }
    const { id, messageId } = assignment
    const signed = { ...pick(assignment, ['processId', 'nonce', 'timestampMs', 'blockHeight', 'hashChain']), id }
    if (!isDeepStrictEqual(stored, signed)) wrong('is not what its assignment says')
    if (item.id !== itemId || messageId !== (nonce === 0 ? undefined : itemId)) wrong('has another item')
    if ((entry.kind === 'process') !== (nonce === 0)) wrong(`is a ${entry.kind}`)
    if (entry.kind === 'message' && item.target !== processId) wrong(`has a message for ${item.target}`)
    const chain = before ? nextHashChain(before.assignmentId, before.hashChain) : firstHashChain(processId)
    if (hashChain !== chain) wrong('does not continue the hash chain')
    if (before !== undefined && timestampMs <= before.timestampMs) wrong('is not later than the one before')
    before = entry
  }
}

function pick<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>
}

/** I2: the stored results are those that the log gives. I4: those that failed say why. */
async function checkResults(
  store: Store,
  processId: ProcessId,
  evaluated: readonly EvaluatedEntry[],
  report: ReportViolation,
): Promise<void> {
  const head = await store.head(processId)
  if (head.next !== evaluated.length) report(`I1: ${processId} has ${evaluated.length} entries, and says ${head.next}`)
  if (head.evaluated !== head.next) report(`I2: ${processId} has ${head.evaluated} results of ${head.next} entries`)
  for (const { nonce, json, failed, gasUsed } of evaluated) {
    const stored = await store.readResult(processId, nonce)
    if (!isDeepStrictEqual(stored, { processId, nonce, json, failed, gasUsed })) {
      report(`I2: the result of ${processId}/${nonce} is not what the log gives`)
    }
    if (failed !== 'Error' in (JSON.parse(json) as object))
      report(`I4: ${processId}/${nonce}: 'Error' and failed differ`)
  }
}

/** An effect that an outbox entry is to have: an item in the log of a process. */
interface Effect {
  readonly processId: string
  readonly itemId: ItemId
  /** An item that is in the log already, sent or assigned by another, is not assigned again. */
  readonly mayBeThereAlready: boolean
}

function effectsOf(entry: OutboxEntry, isProcess: (id: string) => boolean): Effect[] {
  const { cause, kind, target, itemId } = entry
  const detail = outboxDetailOf(entry)
  const { assignTo = [] } = detail
  if (kind === 'assignment') return [{ processId: target, itemId, mayBeThereAlready: true }]
  const processIds = new Set([...(kind === 'spawn' || isProcess(target) ? [target] : []), ...assignTo])
  const effects = [...processIds].map((processId) => ({ processId, itemId, mayBeThereAlready: false }))
  const notification = notificationOf(detail)
  if (notification === undefined) return effects
  return [...effects, { processId: cause.processId, itemId: notification.id, mayBeThereAlready: false }]
}

/** I3: each entry of each outbox took effect once where it should, or is dead; nothing else says that it was sent. */
function checkDelivery(
  logs: ReadonlyMap<string, readonly LogEntry[]>,
  outbox: readonly OutboxEntry[],
  dead: ReadonlyMap<string, unknown>,
  nodeAddress: string,
  report: ReportViolation,
): void {
  const arrived = arrivalsOf(logs, nodeAddress, report)
  const items = new Map([...logs].map(([id, log]) => [id, new Set(log.map(({ itemId }) => itemId))]))
  for (const entry of outbox) {
    const cause = causeKey(entry.cause)
    if (dead.has(cause)) continue
    for (const { processId, itemId, mayBeThereAlready } of effectsOf(entry, (id) => logs.has(id))) {
      const key = `${cause} in ${processId}`
      const found = arrived.get(key) ?? []
      arrived.delete(key)
      if (found.length === 0 && mayBeThereAlready && items.get(processId)?.has(itemId)) continue
      if (found.length !== 1) report(`I3: ${entry.kind} ${cause} is ${found.length} times in the log of ${processId}`)
      else if (found[0] !== itemId) report(`I3: ${entry.kind} ${cause} arrived at ${processId} as another item`)
    }
  }
  for (const key of arrived.keys()) report(`I3: no outbox sent ${key}`)
}

/** Items that say they come from an outbox, by entry and by the process whose log they are in. */
function arrivalsOf(
  logs: ReadonlyMap<string, readonly LogEntry[]>,
  nodeAddress: string,
  report: ReportViolation,
): Map<string, ItemId[]> {
  const arrived = new Map<string, ItemId[]>()
  for (const [processId, log] of logs) {
    for (const { nonce, kind, item, itemId, cause } of log) {
      // The item says it too, under the node's signature; of an assigned one that is not how it came here.
      const said = kind === 'assignment' ? undefined : saidCause(parseDataItem(item), nodeAddress)
      const known = cause === undefined ? undefined : causeKey(cause)
      if (kind !== 'assignment' && said !== known)
        report(`I3: entry ${processId}/${nonce} has cause ${known}, not ${said}`)
      const key = `${said ?? known} in ${processId}`
      if (said !== undefined || known !== undefined) arrived.set(key, [...(arrived.get(key) ?? []), itemId])
    }
  }
  return arrived
}

/** The cause that the node wrote into an item which a process sent: see compute/outbox.ts, O1. */
function saidCause({ ownerAddress, tags }: DataItem, nodeAddress: string): string | undefined {
  const [processId, index] = [tagValue(tags, 'From-Process'), tagValue(tags, 'From-Outbox')]
  if (ownerAddress !== nodeAddress || processId === undefined || index === undefined) return undefined
  return `${processId}/${index.replace('.', '/')}`
}

/** I3: entries from one process to one target arrive in the order they were sent. */
function checkPairOrder(
  logs: ReadonlyMap<string, readonly LogEntry[]>,
  outbox: readonly OutboxEntry[],
  report: ReportViolation,
): void {
  const targets = new Map(outbox.map(({ cause, target }) => [causeKey(cause), target]))
  for (const [processId, log] of logs) {
    const last = new Map<string, Cause>()
    for (const { nonce, cause } of log) {
      // A notification, or an assignment by tag, belongs to an entry that was sent to another.
      if (cause === undefined || targets.get(causeKey(cause)) !== processId) continue
      const before = last.get(cause.processId)
      last.set(cause.processId, cause)
      if (before === undefined || isAfter(cause, before)) continue
      report(`I3: entry ${processId}/${nonce} came after ${causeKey(before)}, and was sent before it`)
    }
  }
}

function isAfter(cause: Cause, before: Cause): boolean {
  return cause.nonce > before.nonce || (cause.nonce === before.nonce && cause.index > before.index)
}

/** Each entry stands in the chain of what caused it, one deeper: what bounds chains relies on it. */
function checkChains(logs: ReadonlyMap<string, readonly LogEntry[]>, report: ReportViolation): void {
  for (const [id, log] of logs) {
    for (const { processId, nonce, cause, chain } of log) {
      const above = cause && logs.get(cause.processId)?.[cause.nonce]?.chain
      const expected = above === undefined ? { processId, nonce, depth: 0 } : { ...above, depth: above.depth + 1 }
      if (!isDeepStrictEqual(chain, expected)) report(`I9: entry ${id}/${nonce} is not in the chain of its cause`)
    }
  }
}

/** I3: a message to a wallet is an item that anyone can read. */
async function checkPublished(
  store: Store,
  logs: ReadonlyMap<string, unknown>,
  outbox: readonly OutboxEntry[],
  report: ReportViolation,
): Promise<void> {
  for (const entry of outbox) {
    const { cause, kind, target, itemId, item } = entry
    if (kind !== 'message' || logs.has(target) || outboxDetailOf(entry).undeliverable !== undefined) continue
    const stored = await store.getItem(itemId)
    if (stored?.target !== target || !equalBytes(stored.bytes, item)) {
      report(`I3: message ${causeKey(cause)} to wallet ${target} is not stored`)
    }
  }
}

/** I3: no entry waits, and the dead ones are those that must be, with their reasons. */
async function checkOutboxRows(
  store: Store,
  logs: ReadonlyMap<string, unknown>,
  outbox: readonly OutboxEntry[],
  dead: ReadonlyMap<string, ListedOutboxEntry>,
  report: ReportViolation,
): Promise<void> {
  const sent = new Map(outbox.map((entry) => [causeKey(entry.cause), entry]))
  for (const [cause, { reason }] of dead) {
    if (!sent.has(cause)) report(`I3: dead entry ${cause} was never sent`)
    if (reason === '') report(`I3: dead entry ${cause} has no reason`)
  }
  for (const [cause, entry] of sent) {
    const { undeliverable } = outboxDetailOf(entry)
    if (undeliverable !== undefined && dead.get(cause)?.reason !== undeliverable) {
      report(`I3: entry ${cause} cannot be delivered and is not dead because of it`)
    }
  }
  // Plain messages to wallets were stored with the result and have no row.
  const isPublished = ({ kind, target, detail }: OutboxEntry): boolean =>
    kind === 'message' && detail === '' && !logs.has(target)
  const rowCount = outbox.length - outbox.filter(isPublished).length
  const { pending, delivered, dead: deadCount } = await store.outboxStatus()
  const expected = { pending: 0, delivered: rowCount - dead.size, dead: dead.size }
  if (!isDeepStrictEqual({ pending, delivered, dead: deadCount }, expected)) {
    const found = JSON.stringify({ pending, delivered, dead: deadCount })
    report(`I3: the outbox has ${found}, and should have ${JSON.stringify(expected)}`)
  }
}

/** I6: what was acknowledged is there as it was acknowledged; and what no process sent, a client sent. */
async function checkAcknowledged(
  store: Store,
  logs: ReadonlyMap<string, readonly LogEntry[]>,
  { acknowledged, sent }: Known,
  report: ReportViolation,
): Promise<void> {
  const entries = new Map<string, LogEntry>()
  for (const [id, log] of logs) {
    for (const entry of log) {
      entries.set(`${id}/${entry.itemId}`, entry)
      if (entry.cause === undefined && !sent.has(entry.itemId) && entry.nonce > 0) {
        report(`I3: entry ${id}/${entry.nonce} was sent by nobody`)
      }
    }
  }
  for (const { processId, itemId, assignmentId, timestampMs } of acknowledged.entries) {
    const entry = entries.get(`${processId}/${itemId}`)
    const isSame = entry?.timestampMs === timestampMs && (assignmentId ?? entry.assignmentId) === entry.assignmentId
    if (entry === undefined) report(`I6: ${itemId} was acknowledged and is not in the log of ${processId}`)
    else if (!isSame) report(`I6: ${itemId} is not in the log of ${processId} as it was acknowledged`)
  }
  for (const { id, bytes } of acknowledged.items) {
    const stored = await store.getItem(id)
    if (stored === undefined || !equalBytes(stored.bytes, bytes))
      report(`I6: the upload of ${id} was acknowledged and is gone`)
  }
  for (const { processId, id, json } of acknowledged.results) {
    const nonce = entries.get(`${processId}/${id}`)?.nonce
    const stored = nonce === undefined ? undefined : await store.readResult(processId, nonce)
    if (stored?.json !== json) report(`I6: the result of ${processId}/${nonce} is not the one that was told`)
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
