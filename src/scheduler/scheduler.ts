import { createAssignment } from '../protocol/assignment.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import { type Address, type ItemId, isItemId, type ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import { isTransactionBytes } from '../protocol/transaction.ts'
import type { DataItem, Signer, Tag } from '../protocol/types.ts'
import type { AppendRequest, AppendResult, Assignment, Cause, Head, LogEntry, Store } from '../store/types.ts'
import { blockHeightAt } from './block-time.ts'
import {
  type CronTick,
  createCronSchedule,
  dueTicks,
  nextTickMs,
  parseCrons,
  tickTimestampMs,
} from './cron-schedule.ts'
import { createTickItem, tickAssignmentTags } from './cron-tick.ts'
import { SchedulerError } from './errors.ts'
import { findForkOrigin } from './fork-rules.ts'
import { genesisTags } from './genesis-tags.ts'
import { impersonatedTag } from './impersonation.ts'
import { classifyItem, tagError } from './item-rules.ts'
import { CronDirectory, type ProcessCrons } from './process-crons.ts'
import type { ProcessDirectory } from './process-directory.ts'

/**
 * Gives each message its place: nonce, timestamp, hash chain (I1).
 *
 * S1 It owns no state: the head of each process is the store's, and `assign` runs under its lock.
 * S2 Ticks of crons are entries like others. An entry with timestamp t stands behind all ticks that are due by t: `assign`
 *    refuses it otherwise, the ticks are appended, and it is tried again.
 * S3 Wherever an append ends, the ticks in a log are therefore those that are due by the timestamp of its last entry. Which come
 *    next follows from the head alone, so after a crash none is skipped; and a tick is always the same item, which a log
 *    takes once.
 *
 * @module
 */

/** Ticks of one process that are appended together, in some 10 ms. A few more when several are due at the same time. */
export const ticksPerBatchMax = 64

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
  /** Whether what a process sends when its crons tick is delivered. */
  readonly isMonitored: (processId: ProcessId) => boolean
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>
  /** A tick is durable and is to be evaluated. */
  onTick(entry: LogEntry): void
  /** An append failed, and may have happened all the same or in part: then the log has an entry that nobody was told of. */
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
  /** Appends the ticks of a process that are due, at most some {@link ticksPerBatchMax}. */
  tick(processId: ProcessId): Promise<Ticked>
  /** Appends all ticks of a process that are due, batch by batch. */
  bringUp(processId: ProcessId): Promise<void>
}

export interface Ticked {
  /** How many ticks were appended. */
  readonly count: number
  /** When the next one is due: not later than now if there are more; infinity when the process has no crons. */
  readonly nextMs: number
}

/** Ticks have to come before an entry. It never leaves the scheduler. */
class TicksDue extends Error {}

interface AssignmentParts {
  readonly messageId: ItemId | undefined
  readonly exclude?: readonly string[] | undefined
  readonly extraTags?: readonly Tag[]
}

export function createScheduler(options: SchedulerOptions, dependencies: SchedulerDependencies): Scheduler {
  const { store, directory, signer, now, isMonitored, pause, onTick, onAppendUnknown } = dependencies
  const knownModules = new Set<string>()
  const crons = new CronDirectory(store)
  /** Batches of ticks on their way, by process. */
  const ticking = new Map<ProcessId, Promise<Ticked>>()

  function assignTo(head: Head, processId: ProcessId, parts: AssignmentParts): Assignment {
    const timestampMs = timestampAfter(head)
    const schedule = crons.get(processId)?.schedule
    if (schedule !== undefined && nextTickMs(schedule, head.timestampMs) <= timestampMs) throw new TicksDue()
    return assignAt(timestampMs, head, processId, parts)
  }

  /** I1: timestamps of a process strictly increase, because clients page by them. */
  function timestampAfter(head: Head): number {
    return Math.max(now(), head.timestampMs + 1)
  }

  function assignAt(timestampMs: number, head: Head, processId: ProcessId, parts: AssignmentParts): Assignment {
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
      throw tagError(
        'Scheduler',
        scheduler,
        `name this node, ${signer.address}: it is strict, and schedules no process of another scheduler`,
      )
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
    const parsedCrons = parseCrons(item.tags)
    if (parsedCrons.length > 0) extraTags.push({ name: genesisTags.cron, value: 'true' })
    // Refused now and not when it ticks: the tags of a tick may be too many for an item.
    for (const cron of parsedCrons) createTickItem(processId, { cron, atMs: Number.MAX_SAFE_INTEGER }, signer)
    if (options.development) {
      extraTags.push({ name: genesisTags.authority, value: signer.address })
      extraTags.push({ name: genesisTags.development, value: 'true' })
    }
    return {
      ...{ processId, kind: 'process', item, cause },
      assign(head) {
        if (head.next !== 0) throw new SchedulerError({ code: 'SCHEDULER_CONFLICT', processId })
        const assignment = assignAt(timestampAfter(head), head, processId, { messageId: undefined, extraTags })
        // Known before it is durable, because the next entry may be planned before that.
        const owner = (tagValue(given, impersonatedTag) ?? item.ownerAddress) as Address
        const schedule = createCronSchedule(parsedCrons, assignment)
        crons.learn(processId, parsedCrons.length === 0 ? undefined : { schedule, owner })
        return assignment
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

  /** Appends requests in order; where ticks are due, behind them (S2). */
  async function appendAll(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    for (const { processId, kind } of requests) {
      if (kind !== 'process' && !crons.isKnown(processId)) await crons.load(processId)
    }
    const results = [...(await appendOnce(requests))]
    try {
      for (;;) {
        const early = results.flatMap((result, index) => (isEarly(result) ? [index] : []))
        if (early.length === 0) return results
        const again = early.flatMap((index) => requests[index] ?? [])
        for (const processId of new Set(again.map((request) => request.processId))) await bringUp(processId)
        for (const [position, result] of (await appendOnce(again)).entries()) results[early[position] ?? 0] = result
      }
    } catch (error) {
      // The caller does not learn of those that were appended, and a repetition finds duplicates.
      tellUnknown(requests)
      throw error
    }
  }

  async function bringUp(processId: ProcessId): Promise<void> {
    while ((await tick(processId)).nextMs <= now()) await pause()
  }

  function tick(processId: ProcessId): Promise<Ticked> {
    const running = ticking.get(processId)
    if (running !== undefined) return running
    const started = tickBatch(processId).finally(() => ticking.delete(processId))
    ticking.set(processId, started)
    return started
  }

  async function tickBatch(processId: ProcessId): Promise<Ticked> {
    const known = await crons.load(processId)
    if (known === undefined) return { count: 0, nextMs: Number.POSITIVE_INFINITY }
    const { schedule } = known
    const head = await store.head(processId)
    // An entry that waits for them would have this timestamp at least.
    const due = { afterMs: head.timestampMs, throughMs: timestampAfter(head), max: ticksPerBatchMax }
    const requests = dueTicks(schedule, due).map((one) => tickRequest(processId, one, known))
    let [count, lastMs] = [0, head.timestampMs]
    let failure: Error | undefined
    for (const result of await appendOnce(requests)) {
      const scheduled = toScheduled(result, { processId })
      if (scheduled instanceof Error) {
        failure ??= scheduled
        continue
      }
      lastMs = scheduled.entry.timestampMs
      // The head may have been behind those on their way: their scheduling has told of them.
      if (scheduled.duplicate) continue
      count += 1
      onTick(scheduled.entry)
    }
    if (failure !== undefined) throw failure
    return { count, nextMs: nextTickMs(schedule, lastMs) }
  }

  function tickRequest(processId: ProcessId, due: CronTick, { owner }: ProcessCrons): AppendRequest {
    const item = createTickItem(processId, due, signer)
    return {
      ...{ processId, kind: 'message', item },
      assign(head) {
        if (head.next === 0) throw new SchedulerError({ code: 'SCHEDULER_PROCESS_UNKNOWN', processId })
        const extraTags = tickAssignmentTags(due, owner, isMonitored(processId))
        const timestampMs = tickTimestampMs(due, head.timestampMs)
        return assignAt(timestampMs, head, processId, { messageId: item.id, extraTags })
      },
    }
  }

  async function appendOnce(requests: readonly AppendRequest[]): Promise<readonly AppendResult[]> {
    if (requests.length === 0) return []
    try {
      return await store.append(requests)
    } catch (error) {
      tellUnknown(requests)
      throw error
    }
  }

  function tellUnknown(requests: readonly AppendRequest[]): void {
    for (const processId of new Set(requests.map((request) => request.processId))) {
      directory.forget(processId)
      onAppendUnknown(processId)
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
    tick,
    bringUp,
    scheduleAs: (address, item) => schedule(item, undefined, [{ name: impersonatedTag, value: address }]),
    async scheduleMessages(requests) {
      const appends = requests.map(({ item, cause }) => messageRequest(item, item.target as ProcessId, cause))
      const results = await appendAll(appends)
      return appends.map((request, i) => toScheduled(results[i], request))
    },
    async assign({ processId, itemId, exclude, cause }) {
      const stored = await store.getItem(itemId)
      if (stored === undefined) throw new SchedulerError({ code: 'SCHEDULER_ITEM_UNKNOWN', itemId })
      if (isTransactionBytes(stored.bytes))
        throw new SchedulerError({ code: 'SCHEDULER_BASE_LAYER_UNSUPPORTED', itemId })
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

function isEarly(result: AppendResult): boolean {
  return !result.ok && result.why === 'refused' && result.error instanceof TicksDue
}

function toScheduled(
  result: AppendResult | undefined,
  { processId }: Pick<AppendRequest, 'processId'>,
): Scheduled | Error {
  if (result?.ok) return { entry: result.entry, duplicate: result.duplicate }
  if (result?.why === 'refused') return result.error instanceof Error ? result.error : new Error(String(result.error))
  return new SchedulerError({ code: 'SCHEDULER_CONFLICT', processId })
}
