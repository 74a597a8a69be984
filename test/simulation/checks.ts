import { loadRequestFor } from '../../src/compute/environment.ts'
import type { Evaluator } from '../../src/compute/evaluator.ts'
import type { ModuleReader } from '../../src/compute/module-reader.ts'
import type { OutboxDetail } from '../../src/compute/outbox.ts'
import { toThreadEntry } from '../../src/compute/state-loader.ts'
import type { EvaluatedEntry, StateKey } from '../../src/compute/thread-protocol.ts'
import { parseAssignment } from '../../src/protocol/assignment.ts'
import { parseDataItem, verifyDataItem } from '../../src/protocol/data-item.ts'
import { firstHashChain, nextHashChain } from '../../src/protocol/hash-chain.ts'
import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import { tagValue } from '../../src/protocol/tags.ts'
import { forkOriginOf } from '../../src/scheduler/genesis-tags.ts'
import type { Cause, LogEntry, OutboxEntry, Store } from '../../src/store/types.ts'
import { parseStatePath } from '../../src/vm/state-path.ts'
import type { Inspection } from '../../src/vm/types.ts'
import type { Observations } from './clients.ts'
import type { Plan } from './plan.ts'
import { countPath } from './programs.ts'
import { causeText, type StoreRecord } from './record.ts'

/** `I1` … `I9`: docs/architecture.md. `P3`: what was told holds. `rest`: the network comes to rest. */
export type Rule = 'I1' | 'I2' | 'I3' | 'I3 order' | 'I4' | 'I5' | 'I6' | 'I9' | 'P3' | 'rest' | 'answers'

export interface Violation {
  readonly rule: Rule
  readonly text: string
}

/** What a process's log gives when it is evaluated from nothing. */
export interface Replayed {
  readonly evaluated: readonly EvaluatedEntry[]
  /** After each entry, or after the last one alone, or none: a hash costs more than an evaluation. */
  readonly stateHashes: readonly string[]
  /** What the process had counted before the first entry and after each, as JSON; none unless all was looked at. */
  readonly counts: readonly string[]
}

export interface History {
  readonly record: StoreRecord
  readonly seen: Observations
  readonly replayed: ReadonlyMap<ProcessId, Replayed>
  /** Hashes that the network gave when all was done. */
  readonly stateHashes: ReadonlyMap<ProcessId, string>
  /** Causes of outbox entries that were sent again after they had been dead. */
  readonly revived: ReadonlySet<string>
  readonly chainLimits: Plan['chainLimits']
  /** Whether signatures are verified: it takes longer than everything else. */
  readonly verifiesSignatures: boolean
}

export interface ReplayDependencies {
  readonly evaluator: Evaluator
  readonly modules: ModuleReader
  readonly items: Pick<Store, 'getItem'>
  readonly processes: StoreRecord['processes']
}

/** Evaluates a log from nothing (I2). @param looks after which entries at the state. */
export async function replay(
  processId: ProcessId,
  deps: ReplayDependencies,
  looks: 'all' | 'last' | 'none',
): Promise<Replayed> {
  const { evaluator, processes } = deps
  const entries = processes.get(processId)?.entries ?? []
  const evaluated: EvaluatedEntry[] = []
  const stateHashes: string[] = []
  const counts: string[] = []
  if (entries.length === 0) return { evaluated, stateHashes, counts }
  const look = (): void => {
    if (looks === 'all') counts.push((evaluator.handle({ ...inspectCount, processId }) as Inspection).json)
  }
  await begin({ processId }, deps)
  look()
  const given = entries.map(toThreadEntry)
  for (const [i, entry] of given.entries()) {
    evaluated.push(...(evaluator.handle({ type: 'evaluate', processId, entries: [entry] }) as EvaluatedEntry[]))
    const isWanted = looks === 'all' || (looks === 'last' && i === given.length - 1)
    if (isWanted) stateHashes.push(evaluator.handle({ type: 'state-hash', processId }) as string)
    look()
  }
  evaluator.handle({ type: 'unload', processId })
  return { evaluated, stateHashes, counts }
}

const inspectCount = {
  type: 'inspect',
  path: parseStatePath(countPath),
  bounds: { entriesMax: 1, depthMax: 1, lengthMax: 1_000 },
} as const

/** Loads the state before the first entry: of a fork, what the logs of its ancestors give. */
async function begin({ processId, view }: StateKey, deps: ReplayDependencies): Promise<void> {
  const { evaluator, modules, items, processes } = deps
  const [genesis] = processes.get(processId as ProcessId)?.entries ?? []
  if (genesis === undefined) throw new Error(`There is no log of ${processId}.`)
  const load = { ...(await loadRequestFor(genesis, modules, items)), view }
  const forked = forkOriginOf(genesis)
  if (forked === undefined) {
    evaluator.handle(load)
    return
  }
  const origin = { processId: forked.processId, view: `origin of ${processId}` }
  await begin(origin, deps)
  const entries = processes.get(forked.processId)?.entries.slice(0, forked.nonce + 1) ?? []
  evaluator.handle({ type: 'replay', ...origin, entries: entries.map(toThreadEntry) })
  evaluator.handle({ ...load, type: 'fork', origin })
  evaluator.handle({ type: 'unload', ...origin })
}

/** Holds a history to the invariants, from the logs and from what clients have seen. */
export async function check(history: History): Promise<Violation[]> {
  const violations: Violation[] = []
  const report = (rule: Rule, text: string): void => {
    violations.push({ rule, text })
  }
  for (const [processId, { entries }] of history.record.processes) {
    await checkLog(processId, entries, history, report)
    checkFork(processId, history, report)
    checkTicks(processId, entries, report)
    checkOrder(processId, history, report)
    checkResults(processId, history, report)
  }
  checkDelivery(history, report)
  checkChainLimits(history, report)
  checkSeen(history, report)
  return violations
}

type Report = (rule: Rule, text: string) => void

/** I1. The items' ids are taken from their bytes. */
async function checkLog(
  processId: ProcessId,
  entries: readonly LogEntry[],
  { record, verifiesSignatures }: History,
  report: Report,
): Promise<void> {
  const byItem = new Map<ItemId, number>()
  const byCause = new Map<string, number>()
  for (const [i, entry] of entries.entries()) {
    const at = `log ${processId} #${i}`
    const before = entries[i - 1]
    const assignment = parseAssignment(entry.assignment)
    const item = parseDataItem(entry.item)
    if (verifiesSignatures) {
      await verifyDataItem(assignment.item).catch((error) => report('I1', `${at}: its assignment: ${error}`))
      await verifyDataItem(item).catch((error) => report('I1', `${at}: its item: ${error}`))
    }
    if (entry.nonce !== i || assignment.nonce !== i) report('I1', `${at} has nonce ${entry.nonce}/${assignment.nonce}`)
    if (assignment.id !== entry.assignmentId) report('I1', `${at}: its assignment has another id`)
    if (assignment.processId !== processId) report('I1', `${at}: its assignment is for ${assignment.processId}`)
    const isGenesis = i === 0
    if ((entry.kind === 'process') !== isGenesis) report('I1', `${at} is a ${entry.kind}`)
    if (assignment.messageId !== (isGenesis ? undefined : item.id)) {
      report('I1', `${at}: its assignment is of ${assignment.messageId}, its item is ${item.id}`)
    }
    const chain =
      before === undefined ? firstHashChain(processId) : nextHashChain(before.assignmentId, before.hashChain)
    if (assignment.hashChain !== chain || entry.hashChain !== chain) report('I1', `${at} breaks the hash chain`)
    if (before !== undefined && entry.timestampMs <= before.timestampMs) {
      report('I1', `${at} has time ${entry.timestampMs}, the one before ${before.timestampMs}`)
    }
    if (assignment.timestampMs !== entry.timestampMs) report('I1', `${at}: its assignment has another time`)
    const twin = byItem.get(item.id)
    if (twin !== undefined) report('I3', `log ${processId} has item ${item.id} at #${twin} and at #${i}`)
    byItem.set(item.id, i)
    if (entry.cause !== undefined) {
      const cause = causeText(entry.cause)
      const first = byCause.get(cause)
      if (first !== undefined) report('I3', `log ${processId} has the cause ${cause} at #${first} and at #${i}`)
      byCause.set(cause, i)
    }
    checkChain(entry, at, record, report)
  }
}

/** I1: a fork begins with what its item says, after an entry that was there before it. */
function checkFork(processId: ProcessId, { record }: History, report: Report): void {
  const [genesis] = record.processes.get(processId)?.entries ?? []
  if (genesis === undefined) return
  const { tags } = parseDataItem(genesis.item)
  const { extraTags } = parseAssignment(genesis.assignment)
  const [wanted, recorded] = [tags, extraTags].map((list) => tagValue(list, 'Forked-From'))
  const [wantedNonce, recordedNonce] = [tags, extraTags].map((list) => tagValue(list, 'Fork-Nonce'))
  if (wanted !== recorded) report('I1', `${processId} is to be a fork of ${wanted}, and is one of ${recorded}`)
  if (recorded === undefined) return
  const place = record.places.get(`${recorded}/${recordedNonce}`) ?? Number.POSITIVE_INFINITY
  const isBefore = place < (record.places.get(`${processId}/0`) ?? -1)
  if ((wantedNonce ?? recordedNonce) !== recordedNonce || !isBefore) {
    const text = `${processId} is to be a fork of ${recorded} after #${wantedNonce ?? 'its last'}`
    report('I1', `${text}, and is one after #${recordedNonce}, which is ${isBefore ? '' : 'not '}before it`)
  }
}

/** I1: each tick is there once, in order, and before each entry with a time at which it was due (docs/cron.md). */
function checkTicks(processId: ProcessId, entries: readonly LogEntry[], report: Report): void {
  const [genesis, ...others] = entries
  if (genesis === undefined) return
  const intervals = parseDataItem(genesis.item).tags.filter(({ name }) => name === 'Cron-Interval')
  const crons = intervals.map(({ value }, i) => ({
    name: `${i}-${value}`,
    ms: Number.parseInt(value, 10) * 1_000,
    ticks: 0,
  }))
  for (const { nonce, assignment, item, timestampMs } of others) {
    const at = `log ${processId} #${nonce}`
    const tick = tagValue(parseAssignment(assignment).extraTags, 'Cron-Tick')
    const ticking = crons.find(({ name }) => name === tick)
    if (ticking !== undefined) {
      ticking.ticks += 1
      const dueMs = genesis.timestampMs + ticking.ticks * ticking.ms
      const saidMs = Number(tagValue(parseDataItem(item).tags, 'Cron-Timestamp'))
      if (saidMs !== dueMs) report('I1', `${at} is tick ${tick} of ${saidMs}; next is ${dueMs}`)
      if (timestampMs < dueMs) report('I1', `${at} is tick ${tick} of ${dueMs}, before its time, at ${timestampMs}`)
    } else if (tick !== undefined) report('I1', `${at} is a tick of ${tick}, which the process has not`)
    else {
      for (const { name, ms, ticks } of crons) {
        const due = Math.floor((timestampMs - genesis.timestampMs) / ms)
        if (due !== ticks) report('I1', `${at} of ${timestampMs} has ${ticks} ticks of ${name} before it, not ${due}`)
      }
    }
  }
}

/** The place in a chain is that of the cause, and one deeper. */
function checkChain(entry: LogEntry, at: string, { processes }: StoreRecord, report: Report): void {
  const { cause, chain, processId, nonce } = entry
  const above = cause && processes.get(cause.processId)?.entries[cause.nonce]?.chain
  const due = above === undefined ? { processId, nonce, depth: 0 } : { ...above, depth: above.depth + 1 }
  if (chain.processId !== due.processId || chain.nonce !== due.nonce || chain.depth !== due.depth) {
    report('I1', `${at} has place ${JSON.stringify(chain)} in its chain, not ${JSON.stringify(due)}`)
  }
}

/**
 * I3: what one process sent to another arrives in the order in which it was sent. What an entry brings elsewhere, the news of
 * a spawn and what its `Assignments` name, has no order with what was sent there directly; nor has what was dead for a time.
 */
function checkOrder(processId: ProcessId, { record, replayed, revived }: History, report: Report): void {
  const last = new Map<string, LogEntry>()
  for (const entry of record.processes.get(processId)?.entries ?? []) {
    const { cause, nonce, itemId } = entry
    const sent = cause && replayed.get(cause.processId)?.evaluated[cause.nonce]?.outbox
    const isAssigned = entry.kind === 'assignment'
    const isDirect = sent?.some(
      (one) =>
        one.cause.index === cause?.index &&
        one.target === processId &&
        one.itemId === itemId &&
        (one.kind === 'assignment') === isAssigned,
    )
    if (cause === undefined || isDirect !== true || revived.has(causeText(cause))) continue
    const before = last.get(cause.processId)
    const from = before?.cause
    if (from !== undefined && (from.nonce > cause.nonce || (from.nonce === cause.nonce && from.index > cause.index))) {
      const text = `${cause.nonce}.${cause.index} of ${cause.processId} came to ${processId} as #${nonce}`
      report('I3 order', `${text}, after ${from.nonce}.${from.index}, which is #${before?.nonce}`)
    }
    last.set(cause.processId, entry)
  }
}

/** I2, I4: results and state are those that the log gives. */
function checkResults(processId: ProcessId, { record, replayed, stateHashes }: History, report: Report): void {
  const { entries, results } = record.processes.get(processId) ?? { entries: [], results: [] }
  const { evaluated, stateHashes: own } = replayed.get(processId) ?? { evaluated: [], stateHashes: [] }
  const last = own.at(-1)
  if (results.length !== entries.length) {
    report('rest', `log ${processId} has ${entries.length} entries and ${results.length} results`)
  }
  for (const [i, result] of results.entries()) {
    const due = evaluated[i]
    const isSame = due?.json === result.json && due.failed === result.failed && due.gasUsed === result.gasUsed
    if (result.nonce !== i || !isSame) {
      report('I2', `result #${i} of ${processId} is ${result.json}; the log gives ${due?.json}`)
    }
  }
  const given = stateHashes.get(processId)
  if (last !== undefined && given !== undefined && given !== last) {
    report('I2', `the state of ${processId} has hash ${given}; the log gives ${last}`)
  }
}

/** I3: each outbox entry took effect once, or is dead with a reason; and nothing else took effect. */
function checkDelivery({ record, replayed }: History, report: Report): void {
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
    const detail = detailOf(entry.detail)
    if (row?.state === 'pending') return this.#report('rest', `${name} to ${entry.target} is still not delivered`)
    const isDead = row !== undefined
    if (isDead && row.reason === '') this.#report('I3', `${name} is dead without a reason`)
    if (detail?.undeliverable !== undefined) {
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

  #message(entry: OutboxEntry, detail: OutboxDetail | undefined, isDead: boolean): void {
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
    for (const other of detail?.assignTo ?? []) this.#effect(entry, other as ProcessId, false)
  }

  #spawn(entry: OutboxEntry, detail: OutboxDetail | undefined, isDead: boolean): void {
    this.#effect(entry, entry.target as ProcessId, isDead)
    if (isDead || detail?.notification === undefined) return
    const { id } = parseDataItem(Buffer.from(detail.notification, 'base64'))
    this.#effect({ ...entry, itemId: id }, entry.cause.processId, false)
  }

  /** The item stands in the log of the target. That it stands there once is checked by I1. */
  #effect({ cause, itemId, detail: text }: OutboxEntry, target: ProcessId, isDead: boolean): void {
    const detail = detailOf(text)
    const found = this.#byItem.get(target)?.get(itemId)
    const name = causeText(cause)
    if (found === undefined) {
      if (!isDead) this.#report('I3', `${name} is not in the log of ${target}, and not dead`)
      return
    }
    const isOwn = found.cause !== undefined && causeText(found.cause) === name
    if (isOwn) this.#unclaimed.delete(`${target}/${found.nonce}`)
    // A message that is also assigned is dead when one of its assignments is.
    if (isDead && isOwn && detail?.assignTo === undefined)
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
 * lets its chain have as much again.
 */
function checkChainLimits({ record, replayed, chainLimits, revived }: History, report: Report): void {
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
    for (const { cause, detail } of evaluated.flatMap(({ outbox }) => outbox)) {
      const { assignTo = [], notification } = detailOf(detail) ?? {}
      count(sent, rootOf(cause), 1 + assignTo.length + (notification === undefined ? 0 : 1))
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
    const sizeMax = entriesMax * (1 + revived.size)
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

function detailOf(text: string): OutboxDetail | undefined {
  return text === '' ? undefined : (JSON.parse(text) as OutboxDetail)
}

/** I5, I6, P3: what clients were told is so. */
function checkSeen({ record, seen, replayed }: History, report: Report): void {
  const places = new Map<string, number>()
  for (const [processId, { entries }] of record.processes) {
    for (const entry of entries) places.set(`${processId}/${entry.itemId}`, entry.nonce)
  }
  const fresh = new Map<string, number>()
  for (const { processId, itemId, nonce, timestampMs, duplicate, kind } of seen.acknowledgements) {
    const name = `${processId}/${itemId}`
    const entry = record.processes.get(processId)?.entries[nonce]
    if (entry === undefined || entry.itemId !== itemId || entry.timestampMs !== timestampMs || entry.kind !== kind) {
      report('I6', `item ${itemId} was acknowledged as #${nonce} of ${processId}, where now is ${entry?.itemId}`)
    }
    if (!duplicate) fresh.set(name, (fresh.get(name) ?? 0) + 1)
  }
  for (const [name, count] of fresh) if (count > 1) report('I6', `${name} was acknowledged as new ${count} times`)
  checkRealTimeOrder(seen, report)
  for (const { processId, nonce, assignmentId } of seen.entries) {
    if (record.processes.get(processId)?.entries[nonce]?.assignmentId !== assignmentId) {
      report('I6', `#${nonce} of ${processId} was read as ${assignmentId}, and is another now`)
    }
  }
  for (const { itemId, result } of seen.results) {
    const { processId, nonce } = result
    const last = record.processes.get(processId)?.results[nonce]
    const isSame = last?.json === result.json && last.failed === result.failed && last.gasUsed === result.gasUsed
    if (places.get(`${processId}/${itemId}`) !== nonce || !isSame) {
      report('P3', `the result of ${itemId} was ${result.json} at #${nonce}, and is ${last?.json} now`)
    }
  }
  for (const [itemId, { processId, isMaybeStored }] of seen.refused) {
    if (isMaybeStored) continue
    const nonce = places.get(`${processId}/${itemId}`)
    if (nonce !== undefined) report('I6', `item ${itemId} was refused, but is #${nonce} of ${processId}`)
  }
  checkLooks(seen, report)
  for (const { processId, nonce, hash } of seen.stateHashes) {
    const due = replayed.get(processId)?.stateHashes ?? []
    const isDue = nonce === undefined ? due.includes(hash) : due[nonce] === hash
    if (!isDue)
      report('I2', `the state of ${processId} after #${nonce ?? 'some'} had hash ${hash}; the log gives ${due}`)
  }
  checkCounts(seen, replayed, report)
  for (const problem of seen.problems) report('answers', problem)
}

/** I2: values of the past, and the entries that made them, are those that the log gives. */
function checkCounts({ counts, lastChanges }: Observations, replayed: History['replayed'], report: Report): void {
  for (const { processId, nonce, json } of counts) {
    const due = replayed.get(processId)?.counts[nonce + 1]
    if (json !== due) report('I2', `${processId} had counted ${json} after #${nonce}; the log gives ${due}`)
  }
  for (const { processId, atNonce, change } of lastChanges) {
    const due = replayed.get(processId)?.counts ?? []
    let last = atNonce
    while (last >= 0 && due[last] === due[last + 1]) last -= 1
    const given = change.isFound ? change.nonce : change.sinceNonce
    const isSame = change.isFound && change.before === due[last] && change.after === due[last + 1]
    if (given !== last || isSame !== last >= 0) {
      const text = `${processId} counted last with ${JSON.stringify(change)}, up to #${atNonce}`
      report('I2', `${text}; the log gives ${due.slice(0, atNonce + 2).join(', ')}`)
    }
  }
}

/** I1: what was sent after something was acknowledged stands behind it. */
function checkRealTimeOrder({ acknowledgements }: Observations, report: Report): void {
  for (const a of acknowledgements) {
    for (const b of acknowledgements) {
      if (a.processId !== b.processId || a.answeredAtMs >= b.askedAtMs || b.duplicate || a.nonce < b.nonce) continue
      report('I1', `${b.itemId} was sent after ${a.itemId} was #${a.nonce} of ${a.processId}, and is #${b.nonce}`)
    }
  }
}

/** I5: a dry run sees a count that the process had, plus itself, and not less than a client of this run was told before. */
function checkLooks({ looks, results }: Observations, report: Report): void {
  const counts = results.map((told) => ({
    ...told,
    processId: told.result.processId,
    count: countIn(told.result.json),
  }))
  for (const look of looks) {
    const { processId, json, run, askedAtMs } = look
    const { Messages = [], Error: problem } = JSON.parse(json) as { Messages?: { Data: string }[]; Error?: string }
    const counted = Number(Messages[0]?.Data)
    if (problem !== undefined || Messages.length !== 1 || !(counted >= 1)) {
      report('I5', `a dry run of ${processId} gave ${json}`)
    }
    for (const told of counts) {
      const isEarlier = told.processId === processId && told.run === run && told.answeredAtMs < askedAtMs
      if (isEarlier && counted <= told.count) {
        report(
          'I5',
          `a dry run of ${processId} saw ${counted - 1}, after the result #${told.result.nonce} had ${told.count}`,
        )
      }
    }
  }
}

/** What a process had counted after a message; 0 when the result does not say. */
function countIn(json: string): number {
  const { Output } = JSON.parse(json) as { Output?: { data?: unknown } | string }
  return typeof Output === 'object' ? Number(/^\d+$/.exec(String(Output.data))?.[0] ?? 0) : 0
}
