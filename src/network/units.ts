import { type Compute, createCompute } from '../compute/compute.ts'
import { luaModuleFormat } from '../compute/module-format.ts'
import type { SnapshotRules } from '../compute/snapshot-rules.ts'
import type { EvaluationThread } from '../compute/thread-protocol.ts'
import type { ChainLimitOptions } from '../messenger/chain-limit-options.ts'
import { createMessenger, type Messenger } from '../messenger/messenger.ts'
import type { DataItem, Signer } from '../protocol/types.ts'
import { ProcessDirectory } from '../scheduler/process-directory.ts'
import { createScheduler, type Scheduler } from '../scheduler/scheduler.ts'
import type { Clock } from '../store/clock.ts'
import type { LogEntry, NewItem, OutboxEntry, Store } from '../store/types.ts'
import { moduleAliases } from './builtin-module.ts'
import { CronTimer } from './cron-timer.ts'
import type { EventBus } from './event-bus.ts'
import type { Logger } from './types.ts'

/** Named in leases and claims. A data directory has one owner, so its name may be the same after every start. */
const workerId = 'node'

const hotProcessesMax = 512

/** The ring above the store. It keeps nothing that the store has not, so it can end and begin again. */
export interface Units {
  readonly scheduler: Scheduler
  readonly compute: Compute
  readonly messenger: Messenger
  readonly crons: CronTimer
  /** An entry is durable: it is told, and evaluated. */
  readonly onScheduled: (entry: LogEntry) => void
}

export interface UnitsGround {
  readonly store: Store
  readonly threads: readonly EvaluationThread[]
  /** For leases, delays and due times. */
  readonly clock: Clock
  /** The time of day as messages have it. */
  readonly now: () => number
  readonly signer: Signer
  readonly builtin: DataItem
  readonly stampItem: (item: DataItem) => NewItem
  readonly events: EventBus
  readonly log: Logger
  readonly hotMemoryBytes: number
  readonly snapshotRules: SnapshotRules
  readonly chainLimits: ChainLimitOptions
  readonly development: boolean
}

/** Builds the ring, and takes up what is in the store without result or delivery. */
export async function composeUnits(ground: UnitsGround): Promise<Units> {
  const { store, threads, clock, now, signer, builtin, stampItem, events, log, hotMemoryBytes, development } = ground
  const { snapshotRules } = ground
  const directory = new ProcessDirectory(store)
  const scheduler = createScheduler(
    {
      development,
      moduleFormats: [luaModuleFormat],
      moduleAliases: development ? moduleAliases : new Set(),
      builtinModuleId: builtin.id,
    },
    {
      ...{ store, directory, signer, now },
      isMonitored: (processId) => crons.isMonitored(processId),
      pause: () => clock.delay(0),
      onTick: (entry) => onScheduled(entry),
      onAppendUnknown: (processId) => compute.lookFor(processId),
    },
  )
  const publishDelivered = ({ target, itemId, cause }: OutboxEntry): void => {
    events.publish({ type: 'delivered', target, itemId, source: cause.processId })
  }
  const crons = new CronTimer({ store, scheduler, clock, now, log })
  // Compute and messenger each need the other: the callbacks are where the ring is closed.
  const onScheduled = (entry: LogEntry): void => {
    events.publish({ type: 'scheduled', entry })
    compute.enqueue(entry)
  }
  const compute = createCompute(
    { hotProcessesMax, hotMemoryBytesMax: hotMemoryBytes, snapshotRules, workerId },
    {
      ...{ store, threads, directory, stampItem, clock, log },
      onCommitted(result, outbox, published) {
        events.publish({ type: 'evaluated', result })
        for (const entry of published) publishDelivered(entry)
        if (outbox.length > 0) messenger.deliver(outbox)
      },
      onCommitUnknown() {
        messenger.recover().catch((error: unknown) => log.error({ error: String(error) }, 'outbox not taken up'))
      },
    },
  )
  const messenger = createMessenger(ground.chainLimits, {
    ...{ store, scheduler, directory, workerId, clock, stampItem, log },
    onScheduled,
    onDelivered: publishDelivered,
    onUndeliverable({ target, cause }, reason) {
      events.publish({ type: 'undeliverable', target, source: cause.processId, reason })
    },
    onChainStopped({ root, messageId, limit, max, entry: { target, cause } }) {
      events.publish({ type: 'chain-stopped', root, messageId, limit, max, target, source: cause.processId })
    },
  })
  await compute.prepare(builtin.id, Buffer.from(builtin.data).toString('utf8'))
  await compute.resume()
  messenger.start().catch((error: unknown) => log.error({ error: String(error) }, 'outbox not taken up'))
  await crons.start()
  return { scheduler, compute, messenger, crons, onScheduled }
}
