import { replayCost, type SnapshotRules } from '../../src/compute/snapshot-rules.ts'
import type { ProcessId } from '../../src/protocol/ids.ts'
import { errorCode } from '../../src/protocol/loom-error.ts'
import { recordedTick } from '../../src/scheduler/cron-tick.ts'
import { forkOriginOf } from '../../src/scheduler/genesis-tags.ts'
import { check } from './checks.ts'
import { SimulatedClients, smallModuleItem } from './clients.ts'
import { type DiskFlaw, SimulatedDisk, type WriteEvent } from './disk.ts'
import { nodeSeed, type SimulationHost } from './host.ts'
import { withNames } from './names.ts'
import { type Run, SimulatedNode } from './node.ts'
import type { Fault, Plan } from './plan.ts'
import { Random } from './random.ts'
import { readRecord, type StoreRecord } from './record.ts'
import { type Replayed, replay } from './replay.ts'
import type { Violation } from './rules.ts'
import { unwatch, watch } from './watchdog.ts'
import { formatTime, type Note, World } from './world.ts'

export interface HistoryOptions {
  /** Control: what is wrong with the disk. */
  readonly flaw?: DiskFlaw | undefined
  /** Is given a line for each note as it comes: what happens, for people. */
  readonly tell?: ((line: string) => void) | undefined
  /** Whether there is a line for each task too. */
  readonly tellsTasks?: boolean | undefined
  /** Changes what the checks see, to show that they see it. */
  readonly tamper?: (record: StoreRecord) => StoreRecord
}

/** How much of everything there was. */
export type Counts = Record<string, number>

export interface HistoryReport {
  readonly violations: readonly Violation[]
  /** Of everything that happened: equal for equal plans. */
  readonly digest: string
  readonly counts: Counts
  readonly notes: readonly Note[]
  /** Names of ids, for people. */
  readonly names: ReadonlyMap<string, string>
}

/** Simulated time that clients have to get their answers when all is well again. */
const answerLimitMs = 600_000
/** Simulated time until the network rests, when nobody asks anything any more. */
const restLimitMs = 300_000

/** Runs a plan from the beginning to the end, and checks what came of it. */
export async function runHistory(
  plan: Plan,
  host: SimulationHost,
  options: HistoryOptions = {},
): Promise<HistoryReport> {
  const history = new HistoryRun(plan, host, options)
  const onRejection = (error: unknown): void =>
    history.report('answers', `a rejection that nobody handles: ${stackOf(error)}`)
  process.on('unhandledRejection', onRejection)
  watch(plan.seed)
  try {
    return await history.run()
  } finally {
    unwatch()
    process.off('unhandledRejection', onRejection)
  }
}

class HistoryRun {
  readonly #plan: Plan
  readonly #host: SimulationHost
  readonly #options: HistoryOptions
  readonly #world: World
  readonly #disk: SimulatedDisk
  readonly #node: SimulatedNode
  readonly #clients: SimulatedClients
  readonly #violations: Violation[] = []
  readonly #counts: Counts = {}
  /** Faults that are placed by time and have not struck yet. */
  #faultsLeft = 0
  #evaluationCount = 0
  /** No fault strikes any more. */
  #isWell = false
  #threadSlowUntilMs = 0
  #threadExtraMs = 0

  constructor(plan: Plan, host: SimulationHost, options: HistoryOptions) {
    this.#plan = plan
    this.#host = host
    this.#options = options
    const { speeds } = plan
    const random = new Random(`${plan.seed}/run`)
    const tell = ({ timeMs, text }: Note): void =>
      options.tell?.(withNames(`${formatTime(timeMs)} ${text}`, this.#clients.names()))
    const world = new World({
      onNote: options.tell && tell,
      onTask: options.tellsTasks === true ? ({ timeMs, text }) => tell({ timeMs, text: `  (${text})` }) : undefined,
    })
    this.#world = world
    this.#disk = new SimulatedDisk({
      ...{ world, speeds, random: random.fork('disk'), flaw: options.flaw, isInMemory: plan.isInMemory === true },
      onMark: () => this.#clients.markSeen(),
      readFails: (count) => this.#readFails(count),
      eventAt: (write, count) => this.#writeEvent(write, count),
    })
    this.#node = new SimulatedNode({
      ...{ world, speeds, random: random.fork('node'), disk: this.#disk, pool: host },
      ground: { signerSeed: nodeSeed, builtin: host.builtin, snapshotRules: snapshotRulesOf(plan) },
      options: {
        hotMemoryBytes: plan.hotMemoryBytes,
        ...{ chainDepthMax: plan.chainLimits?.depthMax, chainEntriesMax: plan.chainLimits?.entriesMax },
      },
      extraThreadMs: () => (world.timeMs < this.#threadSlowUntilMs ? this.#threadExtraMs : 0),
      hostFailsAfter: () => this.#hostFailsAfter(),
    })
    this.#clients = new SimulatedClients({ world, plan, node: this.#node, random: random.fork('clients') })
  }

  report(rule: Violation['rule'], text: string): void {
    this.#violations.push({ rule, text })
  }

  async run(): Promise<HistoryReport> {
    const world = this.#world
    const module = { item: smallModuleItem, timestampMs: world.now(), blockHeight: 1 }
    await this.#disk.committed.putItems([module])
    this.#node.start()
    this.#clients.start()
    this.#placeFaults()
    const isOver = (): boolean => this.#clients.isDone && this.#faultsLeft === 0
    const lastFaultMs = Math.max(0, ...this.#plan.faults.map(endOf))
    if (!(await world.run(isOver, lastFaultMs + answerLimitMs))) {
      this.report('rest', `clients still wait ${answerLimitMs / 1_000} s after the last fault`)
    }
    this.#disk.heal()
    const stateHashes = await this.#comeToRest()
    const { record, replayed } = await this.#readBack()
    const history = {
      record,
      replayed,
      stateHashes,
      seen: this.#clients.seen,
      revived: this.#disk.revived,
      ...{ chainLimits: this.#plan.chainLimits, faultCount: this.#plan.faults.length },
      verifiesSignatures: this.#draw('verify'),
    }
    this.#violations.push(...(await check(history)))
    this.#node.dispose()
    if (world.hasTooManyTasks) this.report('rest', `${world.taskCount} tasks were not enough`)
    for (const problem of this.#node.problems) this.report('rest', problem)
    return {
      ...{ violations: this.#violations, digest: world.digest(), counts: this.#allCounts(record, replayed) },
      ...{ notes: world.notes, names: this.#clients.names() },
    }
  }

  /** Some checks are costly: each is made in some histories. */
  #draw(name: string): boolean {
    return new Random(`${this.#plan.seed}/check ${name}`).chance(0.15)
  }

  /** Everything is well now: what is under way ends, and then nothing is left to do. */
  async #comeToRest(): Promise<ReadonlyMap<ProcessId, string>> {
    const hashes = new Map<ProcessId, string>()
    const limitMs = this.#world.timeMs + restLimitMs
    let step = 'idle()'
    const finish = async (): Promise<void> => {
      // Faults that are placed by a write may still strike.
      const run = await this.#restingRun()
      this.#isWell = true
      step = 'calls that clients gave up'
      while (this.#clients.unanswered(run.lifetime).length > 0) await this.#world.sleep(100, 'waits for answers')
      step = 'idle() after them'
      await run.network.idle()
      const { pending } = await this.#disk.committed.outboxStatus()
      if (pending > 0) {
        if (this.#plan.faults.length === 0) this.report('rest', `idle() resolved with ${pending} entries to deliver`)
        this.#count('idle too early')
      }
      step = 'crons to end'
      for (const processId of run.network.monitored()) await run.network.unmonitor(processId)
      step = 'the outbox to be delivered'
      while ((await this.#disk.committed.outboxStatus()).pending > 0) await this.#world.sleep(500, 'waits for delivery')
      step = 'idle() again'
      await run.network.idle()
      step = 'state hashes'
      for (const processId of await this.#disk.committed.listProcesses({ limit: 1_000 })) {
        if (this.#draw(processId)) hashes.set(processId, await run.network.stateHash(processId))
      }
      step = 'close()'
      await this.#node.stop()
    }
    let isDone = false
    const finished = finish()
      .catch((error: unknown) => this.report('rest', `waiting for ${step}: ${stackOf(error)}`))
      .then(() => {
        isDone = true
      })
    if (await this.#world.run(() => isDone, limitMs)) await finished
    else {
      const open = this.#clients.unanswered(this.#node.current?.lifetime).join(', ')
      this.report('rest', `waited for ${step} for ${restLimitMs / 1_000} s without any fault; open calls: ${open}`)
    }
    return hashes
  }

  /** A run that has come to rest. */
  async #restingRun(): Promise<Run> {
    for (;;) {
      const run = this.#node.current
      if (run === undefined) await this.#world.sleep(10, 'waits for the node')
      else {
        const end = await Promise.race([run.network.idle(), run.lifetime.whenEnded.then(() => 'ended')])
        if (end !== 'ended' && this.#node.current === run) return run
      }
    }
  }

  async #readBack(): Promise<{ record: StoreRecord; replayed: Map<ProcessId, Replayed> }> {
    const { tamper = (record) => record } = this.#options
    const store = this.#disk.committed
    const record = tamper(await readRecord(store, this.#disk.appended))
    this.#host.readFrom(store)
    const evaluator = this.#host.take()
    const replayed = new Map<ProcessId, Replayed>()
    const { stateHashes, counts, lastChanges } = this.#clients.seen
    const seen = new Set([...stateHashes, ...counts, ...lastChanges].map(({ processId }) => processId))
    const deps = { evaluator, modules: this.#host.modules, items: store, processes: record.processes }
    for (const processId of record.processes.keys()) {
      const looks = seen.has(processId) ? 'all' : this.#draw(processId) ? 'last' : 'none'
      replayed.set(processId, await replay(processId, deps, looks))
    }
    this.#host.put(evaluator)
    return { record, replayed }
  }

  #placeFaults(): void {
    for (const fault of this.#plan.faults) {
      if (!('atMs' in fault)) continue
      this.#faultsLeft += 1
      this.#world.after(fault.atMs, `fault ${fault.kind}`, () => {
        this.#strike(fault)
        this.#faultsLeft -= 1
      })
    }
  }

  #strike(fault: Extract<Fault, { readonly atMs: number }>): void {
    this.#fault(fault.kind)
    switch (fault.kind) {
      case 'crash':
        return this.#node.crash(fault.downMs, fault.keepsWrite)
      case 'restart':
        // It may crash while it stops, and then this never ends.
        this.#node.restart(fault.downMs).catch((error: unknown) => this.report('rest', stackOf(error)))
        return
      case 'full-disk':
        return this.#disk.fillUp(fault.forMs)
      case 'slow-disk':
        return this.#disk.slowDown(fault.forMs, fault.syncMs)
      case 'thread-death':
        return this.#node.killThread(fault.thread)
      case 'slow-thread':
        this.#threadSlowUntilMs = this.#world.timeMs + fault.forMs
        this.#threadExtraMs = fault.extraMs
        return
      case 'revert':
        this.#faultsLeft += 1
        this.#takeBack(fault.forMs)
          .catch((error: unknown) => this.report('rest', `a revert failed: ${stackOf(error)}`))
          .finally(() => {
            this.#faultsLeft -= 1
          })
        return
      case 'clock-jump':
        return this.#world.jump(fault.byMs)
    }
  }

  /** Takes the network back to this moment, so much later. */
  async #takeBack(forMs: number): Promise<void> {
    const run = this.#node.current
    if (run === undefined) return
    const snapshot = await run.network.snapshot()
    await this.#world.sleep(forMs, 'fault revert')
    // One that was taken earlier may have been gone back to meanwhile.
    const isKnown = await run.network.revert(snapshot).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) !== 'NETWORK_SNAPSHOT_UNKNOWN') throw error
        return false
      },
    )
    if (!isKnown) return
    this.#world.note(`the network is back at snapshot ${snapshot}`)
    this.#count('reverts')
  }

  #writeEvent(write: string, count: number): WriteEvent | undefined {
    if (this.#isWell) return undefined
    for (const fault of this.#plan.faults) {
      if (!('at' in fault) || fault.at.write !== write || fault.at.count !== count) continue
      if (fault.kind === 'crash-at-write') {
        const strike = (): void => {
          this.#fault(`crash ${fault.after ? 'after' : 'before'} ${write}`)
          this.#node.crash(fault.downMs)
        }
        return { kind: fault.after ? 'crash-after' : 'crash-before', strike }
      }
      const strike = (): void => this.#fault(`write-failure of ${write}, ${fault.happened ? '' : 'not '}happened`)
      return { kind: fault.happened ? 'fail-after' : 'fail-before', strike }
    }
    return undefined
  }

  #readFails(count: number): boolean {
    if (this.#isWell) return false
    const fault = this.#plan.faults.find(
      (one) => one.kind === 'read-failure' && count >= one.count && count < one.count + one.reads,
    )
    if (fault !== undefined) this.#fault('read-failure')
    return fault !== undefined
  }

  #hostFailsAfter(): number | undefined {
    this.#evaluationCount += 1
    if (this.#isWell) return undefined
    const fault = this.#plan.faults.find((one) => one.kind === 'host-fault' && one.count === this.#evaluationCount)
    if (fault?.kind !== 'host-fault') return undefined
    this.#fault('host-fault')
    return fault.afterEntries
  }

  #fault(name: string): void {
    this.#world.note(`FAULT ${name}`)
    this.#count(`fault: ${name}`)
  }

  #count(name: string, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by
  }

  #allCounts({ processes, undelivered }: StoreRecord, replayed: ReadonlyMap<ProcessId, Replayed>): Counts {
    const { seen } = this.#clients
    let [messages, sent, failed, ticks, forks] = [0, 0, 0, 0, 0]
    for (const { entries, results } of processes.values()) {
      const [genesis] = entries
      if (genesis !== undefined && forkOriginOf(genesis) !== undefined) forks += 1
      messages += entries.length
      ticks += entries.filter(({ assignment }) => recordedTick(assignment) !== undefined).length
      failed += results.filter((result) => result.failed).length
    }
    for (const { evaluated } of replayed.values()) for (const { outbox } of evaluated) sent += outbox.length
    return {
      ...{ histories: 1, operations: this.#plan.operations.length, processes: processes.size, messages, failed, sent },
      ...{ ticks, forks },
      ...{ dead: undelivered.size, starts: this.#node.startCount, tasks: this.#world.taskCount },
      ...{ acknowledged: seen.acknowledgements.length, results: seen.results.length },
      ...{ stateHashes: seen.stateHashes.length, counts: seen.counts.length, lastChanges: seen.lastChanges.length },
      ...this.#clients.counts,
      ...this.#counts,
    }
  }
}

/** A snapshot when a process of some megabytes rests after so many entries, and one that is kept after some more. */
function snapshotRulesOf({ entriesPerSnapshot }: Plan): SnapshotRules | undefined {
  if (entriesPerSnapshot === undefined) return undefined
  return {
    workingCostPerByte: 0.1 * entriesPerSnapshot,
    restingCostPerByte: 0,
    costMin: replayCost(0, entriesPerSnapshot),
  }
}

/** When a fault is over; those that are placed by a write come before the clients are done. */
function endOf(fault: Fault): number {
  const beganMs = 'atMs' in fault ? fault.atMs : 0
  return beganMs + ('forMs' in fault ? fault.forMs : 0) + ('downMs' in fault ? fault.downMs : 0)
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
