import { createDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import type { DataItem, Signer, Tag } from '../protocol/types.ts'
import type { Network } from './types.ts'

/** A signer of its own for each name; the same name is the same wallet. For tests. */
export function testWallet(name: string): Signer {
  return createEd25519Signer(Buffer.from(name.padEnd(32, '.').slice(0, 32)))
}

let lastSequence = 0

/** Items are told apart by a sequence tag: signatures are deterministic, so equal drafts would be one item. */
function aoTags(type: 'Process' | 'Message', tags: Record<string, string>): Tag[] {
  lastSequence += 1
  const all = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: type, Sequence: String(lastSequence), ...tags }
  return Object.entries(all).map(([name, value]) => ({ name, value }))
}

export function processItem(wallet: Signer, tags: Record<string, string> = {}, data = ' '): DataItem {
  const all = aoTags('Process', { Module: 'MODULE_TX_ID', Scheduler: 'SCHEDULER_ADDRESS', ...tags })
  return createDataItem({ tags: all, data }, wallet)
}

export function messageItem(wallet: Signer, target: string, tags: Record<string, string>, data = ' '): DataItem {
  return createDataItem({ target, tags: aoTags('Message', tags), data }, wallet)
}

/** The parts of the legacy result object that tests look at. */
export interface TestResult {
  readonly Output: { readonly data: string; readonly prompt: string } | ''
  readonly Messages: readonly { Target: string; Data: unknown; Tags: readonly { name: string; value: unknown }[] }[]
  readonly Spawns: readonly unknown[]
  readonly Assignments: readonly unknown[]
  readonly Error?: unknown
}

/** Sends a message and waits for its result. */
export async function send(
  network: Network,
  wallet: Signer,
  target: ProcessId,
  tags: Record<string, string>,
  data?: string,
): Promise<TestResult> {
  const { processId, id } = await network.submit(messageItem(wallet, target, tags, data).bytes)
  return JSON.parse((await network.result(processId, id)).json) as TestResult
}

/** Evaluates code as the owner; the text it printed or gave. Throws what the result says went wrong. */
export async function evaluate(network: Network, wallet: Signer, target: ProcessId, code: string): Promise<string> {
  const result = await send(network, wallet, target, { Action: 'Eval' }, code)
  if (result.Error !== undefined || result.Output === '') throw new Error(String(result.Error))
  return result.Output.data
}

/** Spawns a process of the built-in library and evaluates code in it. */
export async function spawnProcess(network: Network, wallet: Signer, code?: string): Promise<ProcessId> {
  const { processId } = await network.submit(processItem(wallet).bytes)
  if (code !== undefined) await evaluate(network, wallet, processId, code)
  return processId
}
