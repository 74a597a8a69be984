import { parseDataItem } from '../protocol/data-item.ts'
import { isItemId, type ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { DataItem } from '../protocol/types.ts'
import type { LogEntry, Store } from '../store/types.ts'
import { SchedulerError } from './errors.ts'
import { type ForkOrigin, forkOriginOf, genesisTags, moduleIdOf } from './genesis-tags.ts'
import { tagError } from './item-rules.ts'

/** How many forks may lie between a process and the first of its line: a cold start goes through all of them. */
export const forkDepthMax = 32

/**
 * What a process item asks to be forked from: `Forked-From` is a process of this node and `Fork-Nonce` one of its entries,
 * by default the last. Anyone may fork anything, because the state of a process is public.
 *
 * @returns undefined when it is no fork.
 * @throws {SchedulerError} `SCHEDULER_TAG_INVALID`, `SCHEDULER_FORK_NONCE_UNKNOWN`, `SCHEDULER_FORK_TOO_DEEP`.
 */
export async function findForkOrigin(
  { tags }: DataItem,
  store: Pick<Store, 'head' | 'readLog'>,
): Promise<(ForkOrigin & { readonly moduleId: string }) | undefined> {
  const processId = tagValue(tags, genesisTags.forkedFrom)
  if (processId === undefined) return undefined
  const genesis = isItemId(processId) ? await genesisOf(processId as ProcessId, store) : undefined
  if (genesis === undefined) throw tagError(genesisTags.forkedFrom, processId, 'give the id of a process of this node')
  const { next } = await store.head(genesis.processId)
  const nonce = readNonce(tagValue(tags, genesisTags.forkNonce)) ?? next - 1
  if (nonce >= next) throw new SchedulerError({ code: 'SCHEDULER_FORK_NONCE_UNKNOWN', processId, nonce, next })
  await checkDepth(genesis, store)

  const moduleId = moduleIdOf(genesis)
  const module = tagValue(tags, 'Module')
  // What an alias stands for may have changed since; a state runs on the module that made it.
  if (module !== moduleId && module !== tagValue(parseDataItem(genesis.item).tags, 'Module')) {
    throw tagError('Module', module, `a fork of ${processId} has the module of its state, ${moduleId}`)
  }
  return { processId: genesis.processId, nonce, moduleId }
}

function readNonce(given: string | undefined): number | undefined {
  if (given === undefined || /^\d{1,15}$/.test(given)) return given === undefined ? undefined : Number(given)
  throw tagError(genesisTags.forkNonce, given, 'give a nonce: a whole number from 0')
}

async function checkDepth(parent: LogEntry, store: Pick<Store, 'readLog'>): Promise<void> {
  let ancestor: LogEntry | undefined = parent
  for (let depth = 1; ancestor !== undefined; depth++) {
    if (depth > forkDepthMax) {
      throw new SchedulerError({
        code: 'SCHEDULER_FORK_TOO_DEEP',
        processId: parent.processId,
        depthMax: forkDepthMax,
      })
    }
    const origin = forkOriginOf(ancestor)
    ancestor = origin && (await genesisOf(origin.processId, store))
  }
}

async function genesisOf(processId: ProcessId, store: Pick<Store, 'readLog'>): Promise<LogEntry | undefined> {
  const [genesis] = await store.readLog(processId, 0, 0)
  return genesis
}
