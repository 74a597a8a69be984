import { loadRequestFor } from '../../src/compute/environment.ts'
import type { Evaluator } from '../../src/compute/evaluator.ts'
import type { ModuleReader } from '../../src/compute/module-reader.ts'
import { toThreadEntry } from '../../src/compute/state-loader.ts'
import type { EvaluatedEntry, StateKey } from '../../src/compute/thread-protocol.ts'
import type { ProcessId } from '../../src/protocol/ids.ts'
import { forkOriginOf } from '../../src/scheduler/genesis-tags.ts'
import type { Store } from '../../src/store/types.ts'
import { parseStatePath } from '../../src/vm/state-path.ts'
import type { Inspection } from '../../src/vm/types.ts'
import { countPath } from './programs.ts'
import type { StoreRecord } from './record.ts'

/** What a process's log gives when it is evaluated from nothing. */
export interface Replayed {
  readonly evaluated: readonly EvaluatedEntry[]
  /** After each entry, or after the last one alone, or none: a hash costs more than an evaluation. */
  readonly stateHashes: readonly string[]
  /** What the process had counted before the first entry and after each, as JSON; none unless all was looked at. */
  readonly counts: readonly string[]
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
