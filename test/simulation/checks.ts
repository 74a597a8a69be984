import { parseAssignment } from '../../src/protocol/assignment.ts'
import { parseDataItem, verifyDataItem } from '../../src/protocol/data-item.ts'
import { firstHashChain, nextHashChain } from '../../src/protocol/hash-chain.ts'
import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import { tagValue } from '../../src/protocol/tags.ts'
import type { LogEntry } from '../../src/store/types.ts'
import { checkChainLimits, checkDelivery } from './delivery-checks.ts'
import { causeText, type StoreRecord } from './record.ts'
import type { History, Report, Rule, Violation } from './rules.ts'
import { checkSeen } from './seen-checks.ts'

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
