import { createAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import { type Address, type ItemId, isItemId, type ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import type { DataItem, Signer, Tag } from '../protocol/types.ts'
import type { AppendRequest, AppendResult, Assignment, Cause, Head, LogEntry, Store } from '../store/types.ts'
import { SchedulerError } from './errors.ts'
import { findForkOrigin } from './fork-rules.ts'
import { genesisTags } from './genesis-tags.ts'
import { impersonatedTag } from './impersonation.ts'
import { classifyItem, tagError } from './item-rules.ts'
import type { ProcessDirectory } from './process-directory.ts'

/**
 * Gives each message its place: nonce, timestamp, hash chain (I1).
 *
 * Owns no state: the head of each process is the store's, and `assign` runs under its lock.
 *
 * @module
 */

export interface SchedulerOptions {
  /** Trust this node in every new process, and take processes of any scheduler address. */
  readonly development: boolean
  /** Module formats that compute can run. */
  readonly moduleFormats: readonly string[]
  /** Ids, and placeholders of tutorials, that stand for the built-in module. */
  readonly moduleAliases: ReadonlySet<string>
  readonly builtinModuleId: ItemId
}

export interface SchedulerDependencies {
  readonly store: Store
  readonly directory: ProcessDirectory
  readonly signer: Signer
  readonly now: () => number
  readonly blockHeightAt: (timestampMs: number) => number
  /** An append failed and may have happened all the same: then the log has an entry that nobody was told of. */
  onAppendUnknown(processId: ProcessId): void
}

export interface Scheduled {
  readonly entry: LogEntry
  readonly duplicate: boolean
}

export interface Scheduler {
  /**
   * Appends a verified item to the log of its process; resolves once durable.
   *
   * @throws {SchedulerError} when the item is refused; nothing is stored then.
   */
  schedule(item: DataItem, cause?: Cause): Promise<Scheduled>
  /** Like {@link schedule}, of an item that counts as if it were of that address. The log says so. */
  scheduleAs(address: Address, item: DataItem): Promise<Scheduled>
  /** Like {@link schedule}, of several items in order, in one transaction. Each may be refused alone. */
  scheduleMessages(requests: readonly { item: DataItem; cause: Cause }[]): Promise<readonly (Scheduled | Error)[]>
  /** Assigns a stored item to another process (wire protocol 6.5). @throws {SchedulerError} as above. */
  assign(request: {
    readonly processId: ProcessId
    readonly itemId: ItemId
    readonly exclude?: readonly string[] | undefined
    readonly cause?: Cause | undefined
  }): Promise<Scheduled>
}

export function createScheduler(options: SchedulerOptions, dependencies: SchedulerDependencies): Scheduler {
  const { store, directory, signer, now, blockHeightAt, onAppendUnknown } = dependencies
  const knownModules = new Set<string>()

  function assignTo(
    head: Head,
    processId: ProcessId,
    parts: { messageId: ItemId | undefined; exclude?: readonly string[] | undefined; extraTags?: readonly Tag[] },
  ): Assignment {
    // I1: timestamps of a process strictly increase, because clients page by them.
    const timestampMs = Math.max(now(), head.timestampMs + 1)
    return createAssignment(
      {
        processId,
        nonce: head.next,
        previousHashChain: head.hashChain,
        previousAssignmentId: head.assignmentId,
        timestampMs,
        blockHeight: blockHeightAt(timestampMs),
        ...parts,
      },
      signer,
    )
  }

  function messageRequest(
    item: DataItem,
    processId: ProcessId,
    cause: Cause | undefined,
    extraTags: readonly Tag[] = [],
  ): AppendRequest {
    return {
      ...{ processId, kind: 'message', item, cause },
      assign(head) {
        if (head.next === 0) throw new SchedulerError({ code: 'SCHEDULER_PROCESS_UNKNOWN', processId })
        return assignTo(head, processId, { messageId: item.id, extraTags })
      },
    }
  }

  async function processRequest(
    item: DataItem,
    cause: Cause | undefined,
    given: readonly Tag[] = [],
  ): Promise<AppendRequest> {
    const scheduled = classifyItem(item)
    if (scheduled.kind !== 'process') throw tagError('Type', scheduled.kind, "must be 'Process'")
    const { processId, module, scheduler } = scheduled
    if (!options.development && scheduler !== signer.address) {
      throw tagError('Scheduler', scheduler, `this node is ${signer.address} and is strict about it`)
    }
    const extraTags: Tag[] = [...given]
    const origin = await findForkOrigin(item, store)
    const resolved = origin === undefined ? await resolveModule(module) : origin.moduleId
    if (resolved !== module) extraTags.push({ name: genesisTags.resolvedModule, value: resolved })
    if (origin !== undefined) {
      extraTags.push({ name: genesisTags.forkedFrom, value: origin.processId })
      extraTags.push({ name: genesisTags.forkNonce, value: String(origin.nonce) })
    }
    const bootItem = await findBootItem(item)
    if (bootItem !== undefined) extraTags.push({ name: genesisTags.bootItem, value: bootItem })
    if (options.development) {
      extraTags.push({ name: genesisTags.authority, value: signer.address })
      extraTags.push({ name: genesisTags.development, value: 'true' })
    }
    return {
      ...{ processId, kind: 'process', item, cause },
      assign(head) {
        if (head.next !== 0) throw new SchedulerError({ code: 'SCHEDULER_CONFLICT', processId })
        return assignTo(head, processId, { messageId: undefined, extraTags })
      },
    }
  }

  async function resolveModule(module: string): Promise<string> {
    if (module === options.builtinModuleId || knownModules.has(module)) return module
    const stored = isItemId(module) ? await store.getItem(module) : undefined
    if (stored === undefined) {
      if (options.moduleAliases.has(module)) return options.builtinModuleId
      throw new SchedulerError({ code: 'SCHEDULER_MODULE_UNKNOWN', module })
    }
    const format = tagValue(stored.tags, 'Module-Format') ?? ''
    if (tagValue(stored.tags, 'Type') !== 'Module' || !options.moduleFormats.includes(format)) {
      const supported = options.moduleFormats.join(', ')
      throw new SchedulerError({ code: 'SCHEDULER_MODULE_UNSUPPORTED', module, format, supported })
    }
    knownModules.add(module)
    return module
  }

  /** Recorded, because an item that comes later must not change what a replay gives (I2). */
  async function findBootItem({ tags }: DataItem): Promise<ItemId | undefined> {
    const onBoot = tagValue(tags, 'On-Boot')
    if (onBoot === undefined || !isItemId(onBoot)) return undefined
    return (await store.getItem(onBoot)) === undefined ? undefined : onBoot
  }

  async function appendAll(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    try {
      return await store.append(requests)
    } catch (error) {
      for (const processId of new Set(requests.map((request) => request.processId))) {
        directory.forget(processId)
        onAppendUnknown(processId)
      }
      throw error
    }
  }

  async function append(request: AppendRequest): Promise<Scheduled> {
    const [result] = await appendAll([request])
    const scheduled = toScheduled(result, request)
    if (scheduled instanceof Error) throw scheduled
    return scheduled
  }

  async function schedule(item: DataItem, cause?: Cause, extraTags?: readonly Tag[]): Promise<Scheduled> {
    const { kind, processId } = classifyItem(item)
    if (kind === 'message') return append(messageRequest(item, processId, cause, extraTags))
    const scheduled = await append(await processRequest(item, cause, extraTags))
    directory.learn(processId)
    return scheduled
  }

  return {
    schedule: (item, cause) => schedule(item, cause),
    scheduleAs: (address, item) => schedule(item, undefined, [{ name: impersonatedTag, value: address }]),
    async scheduleMessages(requests) {
      const appends = requests.map(({ item, cause }) => messageRequest(item, item.target as ProcessId, cause))
      const results = await appendAll(appends)
      return appends.map((request, i) => toScheduled(results[i], request))
    },
    async assign({ processId, itemId, exclude, cause }) {
      const stored = await store.getItem(itemId)
      if (stored === undefined) throw new SchedulerError({ code: 'SCHEDULER_ITEM_UNKNOWN', itemId })
      return append({
        ...{ processId, kind: 'assignment', item: parseDataItem(stored.bytes), cause },
        assign(head) {
          if (head.next === 0) throw new SchedulerError({ code: 'SCHEDULER_PROCESS_UNKNOWN', processId })
          return assignTo(head, processId, { messageId: itemId, exclude })
        },
      })
    },
  }
}

function toScheduled(result: AppendResult | undefined, { processId }: AppendRequest): Scheduled | Error {
  if (result?.ok) return { entry: result.entry, duplicate: result.duplicate }
  if (result?.why === 'refused') return result.error instanceof Error ? result.error : new Error(String(result.error))
  return new SchedulerError({ code: 'SCHEDULER_CONFLICT', processId })
}
