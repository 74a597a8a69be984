import { expect } from 'vitest'
import { loadRequestFor } from '../../src/compute/environment.ts'
import { Evaluator } from '../../src/compute/evaluator.ts'
import { ModuleReader } from '../../src/compute/module-reader.ts'
import type { EvaluatedEntry } from '../../src/compute/thread-protocol.ts'
import { parseAssignment } from '../../src/protocol/assignment.ts'
import { verifyDataItem } from '../../src/protocol/data-item.ts'
import { nextHashChain } from '../../src/protocol/hash-chain.ts'
import type { ProcessId } from '../../src/protocol/ids.ts'
import type { Signer } from '../../src/protocol/types.ts'
import type { LogEntry, OutboxEntry, Store } from '../../src/store/types.ts'
import { createLuaEngine, type LuaEngine } from '../../src/vm/lua/lua-vm.ts'

/** The whole log of a process. */
export async function readWholeLog(store: Store, processId: ProcessId): Promise<LogEntry[]> {
  const { next } = await store.head(processId)
  const log: LogEntry[] = []
  while (log.length < next) log.push(...(await store.readLog(processId, log.length)))
  return log
}

/** I1: nonces without gap, a sound hash chain, rising timestamps, each item and each cause once, genuine signatures. */
export async function expectSoundLog(log: readonly LogEntry[]): Promise<void> {
  expect(log.map(({ nonce }) => nonce)).toEqual(log.map((_, i) => i))
  expect(new Set(log.map(({ itemId }) => itemId)).size).toBe(log.length)
  const causes = log.flatMap(({ cause }) => (cause === undefined ? [] : [JSON.stringify(cause)]))
  expect(new Set(causes).size).toBe(causes.length)
  for (const [i, entry] of log.entries()) {
    const before = log[i - 1]
    const assignment = parseAssignment(entry.assignment)
    await verifyDataItem(assignment.item)
    expect(assignment).toMatchObject({ id: entry.assignmentId, nonce: entry.nonce, timestampMs: entry.timestampMs })
    if (before === undefined) continue
    expect(entry.timestampMs).toBeGreaterThan(before.timestampMs)
    expect(assignment.hashChain).toBe(nextHashChain(before.assignmentId, before.hashChain))
  }
}

let engine: LuaEngine | undefined

/** I2: everything a log gives, computed again from nothing in this thread. */
export async function replay(
  log: readonly LogEntry[],
  store: Store,
  signer: Signer,
): Promise<{ evaluated: readonly EvaluatedEntry[]; stateHash: string }> {
  const [genesis] = log
  if (genesis === undefined) throw new Error('The log is empty.')
  engine ??= createLuaEngine()
  const evaluator = new Evaluator(engine, signer)
  const { processId } = genesis
  evaluator.handle(await loadRequestFor(genesis, new ModuleReader(store), store))
  const entries = log.map((entry) => ({
    ...entry,
    assignment: entry.kind === 'assignment' ? entry.assignment : undefined,
  }))
  const evaluated = evaluator.handle({ type: 'evaluate', processId, entries }) as readonly EvaluatedEntry[]
  return { evaluated, stateHash: evaluator.handle({ type: 'state-hash', processId }) as string }
}

/** The stored results are those that the log gives. */
export async function expectResultsOf(
  store: Store,
  processId: ProcessId,
  evaluated: readonly EvaluatedEntry[],
): Promise<void> {
  for (const { nonce, json, failed, gasUsed } of evaluated) {
    expect(await store.readResult(processId, nonce)).toEqual({ processId, nonce, json, failed, gasUsed })
  }
}

/** I3: each entry of an outbox took effect at its target exactly once, and nothing else did. */
export async function expectDeliveredOnce(
  store: Store,
  outbox: readonly OutboxEntry[],
  logs: ReadonlyMap<string, readonly LogEntry[]>,
): Promise<void> {
  const arrived = new Map<string, number>()
  for (const log of logs.values()) {
    for (const { cause, itemId } of log) {
      if (cause !== undefined) arrived.set(`${cause.processId}/${cause.nonce}/${cause.index}/${itemId}`, 1)
    }
  }
  let toProcesses = 0
  for (const { cause, target, itemId } of outbox) {
    if (logs.has(target)) {
      toProcesses += 1
      expect(arrived.get(`${cause.processId}/${cause.nonce}/${cause.index}/${itemId}`)).toBe(1)
    } else {
      expect(await store.getItem(itemId)).toMatchObject({ id: itemId, target })
    }
  }
  expect(arrived.size).toBe(toProcesses)
}

/** I3: entries from one process to one target arrive in the order they were sent. */
export function expectInOrder(log: readonly LogEntry[]): void {
  const last = new Map<string, [number, number]>()
  for (const { cause } of log) {
    if (cause === undefined) continue
    const [nonce, index] = last.get(cause.processId) ?? [-1, -1]
    expect(cause.nonce > nonce || (cause.nonce === nonce && cause.index > index)).toBe(true)
    last.set(cause.processId, [cause.nonce, cause.index])
  }
}
