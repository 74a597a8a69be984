import { luaModuleFormat } from '../../src/compute/module-format.ts'
import type { LastChange } from '../../src/compute/time-travel.ts'
import type { DryRunMessage, Submission } from '../../src/network/types.ts'
import { createDataItem } from '../../src/protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import { errorCode } from '../../src/protocol/loom-error.ts'
import { createEd25519Signer } from '../../src/protocol/signers.ts'
import type { DataItem, Signer } from '../../src/protocol/types.ts'
import type { StoredResult } from '../../src/store/types.ts'
import { readFailureCode } from './disk.ts'
import type { Run, SimulatedNode } from './node.ts'
import { type Operation, type Plan, processCount, walletCount } from './plan.ts'
import { countPath, libraryProgram, smallModule } from './programs.ts'
import type { Random } from './random.ts'
import type { Lifetime, World } from './world.ts'

/** A write that the node acknowledged. */
export interface Acknowledgement extends Submission {
  /** The item that was sent, or assigned. */
  readonly itemId: ItemId
  readonly askedAtMs: number
  readonly answeredAtMs: number
}

/** When a client was told something, and by which run of the node. */
interface Told {
  readonly run: Run
  readonly askedAtMs: number
  readonly answeredAtMs: number
}

/** What the clients of a history have seen. Answers count when the node has given them, also when they then got lost. */
export interface Observations {
  readonly acknowledgements: Acknowledgement[]
  readonly results: (Told & { readonly itemId: ItemId; readonly result: StoredResult })[]
  readonly entries: { readonly processId: ProcessId; readonly nonce: number; readonly assignmentId: ItemId }[]
  /** Answers of dry runs: what the process had counted. */
  readonly looks: (Told & { readonly processId: ProcessId; readonly json: string })[]
  /** Hashes of states; without a nonce of the present one. */
  readonly stateHashes: { readonly processId: ProcessId; readonly nonce: number | undefined; readonly hash: string }[]
  /** What processes had counted after an entry, as JSON. */
  readonly counts: { readonly processId: ProcessId; readonly nonce: number; readonly json: string }[]
  /** Which entry up to `atNonce` counted last. */
  readonly lastChanges: { readonly processId: ProcessId; readonly atNonce: number; readonly change: LastChange }[]
  /** Items of which every request was refused. */
  readonly refused: Map<ItemId, { readonly processId: ProcessId; isMaybeStored: boolean }>
  /** Answers that must not be. */
  readonly problems: string[]
}

export interface ClientOptions {
  readonly world: World
  readonly random: Random
  readonly plan: Plan
  readonly node: SimulatedNode
}

interface OpenCall {
  readonly label: string
  readonly lifetime: Lifetime
  readonly askedAtMs: number
}

/** Refusals for good. Everything else may pass. */
const final = /^(SCHEDULER|PROTOCOL|NETWORK_MESSAGE|NETWORK_PROCESS)_/
/** What a client may be told while the node or its disk fails. */
const passing = new RegExp(
  `^(STORE_(FULL|WRITE_FAILED|CLOSED)|COMPUTE_(CLOSED|FENCED|THREAD_FAILED)|NETWORK_CLOSED|${readFailureCode})$`,
)
/** What a client may be told when the network went back meanwhile. */
const forgotten = /^(NETWORK_REVERTED|COMPUTE_NONCE_UNKNOWN)$/
/** A process or an item may be on its way: a refusal for want of it is taken as final after so many tries. */
const triesMax = 4

const wallets: readonly Signer[] = Array.from({ length: walletCount }, (_, i) =>
  createEd25519Signer(Buffer.from(`wallet ${i}`.padEnd(32, '.'))),
)

/** The module of processes without the process library. */
export const smallModuleItem: DataItem = createDataItem(
  {
    tags: tagList({ 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: 'Module', 'Module-Format': luaModuleFormat }),
    data: smallModule,
  },
  walletAt(0),
)

/** Wallets that send, read and try again, each operation for itself. */
export class SimulatedClients {
  readonly seen: Observations = {
    ...{ acknowledgements: [], results: [], entries: [], looks: [], problems: [] },
    ...{ stateHashes: [], counts: [], lastChanges: [] },
    refused: new Map(),
  }
  readonly counts = {
    requests: 0,
    lostRequests: 0,
    lostAnswers: 0,
    doubledRequests: 0,
    unanswered: 0,
    lostAgain: 0,
    retries: 0,
    timeouts: 0,
  }
  readonly #options: ClientOptions
  readonly #processes: DataItem[] = []
  readonly #items = new Map<number, { readonly item: DataItem; readonly processId: ProcessId }>()
  readonly #openCalls = new Set<OpenCall>()
  #running = 0

  constructor(options: ClientOptions) {
    this.#options = options
    // In order: forks name those before them.
    for (let index = 0; index < processCount; index += 1) this.#processes.push(this.#processItem(index))
  }

  get isDone(): boolean {
    return this.#running === 0
  }

  /** Names of ids, for people. */
  names(): Map<string, string> {
    const names = new Map(this.#processes.map(({ id }, i): [string, string] => [id, `p${i}`]))
    wallets.forEach(({ address }, i) => {
      names.set(address, `wallet${i}`)
    })
    for (const [id, { item }] of this.#items) if (!names.has(item.id)) names.set(item.id, `item${id}`)
    return names
  }

  start(): void {
    const { world, plan, random } = this.#options
    this.#running = plan.operations.length
    for (const operation of plan.operations) {
      const own = random.fork(`operation ${operation.id}`)
      world.after(operation.way.atMs, `client ${operation.id}`, () => {
        this.#perform(operation, own)
          .catch((error: unknown) => this.seen.problems.push(`client ${operation.id} failed: ${stackOf(error)}`))
          .finally(() => {
            this.#running -= 1
          })
      })
    }
  }

  /** Remembers what was seen until now. @returns what forgets what was seen since. */
  markSeen(): () => void {
    const { refused: _, ...lists } = this.seen
    const lengths = Object.values(lists).map((list) => list.length)
    return () => {
      for (const [i, list] of Object.values(lists).entries())
        (list as unknown[]).length = Math.min(list.length, lengths[i] ?? 0)
    }
  }

  /** Calls of a run that it has not answered. */
  unanswered(lifetime: Lifetime | undefined): string[] {
    return [...this.#openCalls].filter((call) => call.lifetime === lifetime).map(({ label }) => label)
  }

  async #perform(operation: Operation, random: Random): Promise<void> {
    const { world } = this.#options
    switch (operation.kind) {
      case 'spawn': {
        const item = this.#process(operation.process)
        const processId = item.id as ProcessId
        this.#items.set(operation.id, { item, processId })
        await this.#submit(operation, random, item, processId)
        return
      }
      case 'send': {
        const processId = this.#process(operation.process).id as ProcessId
        const data = scriptOf(operation.levels, (name) => this.#idOf(name))
        const item = this.#messageItem(operation, processId, { Action: 'Work' }, data)
        this.#items.set(operation.id, { item, processId })
        const submission = await this.#submit(operation, random, item, processId)
        if (submission !== undefined && operation.readsResult) await this.#readResult(operation, random, operation.id)
        return
      }
      case 'assign':
        return this.#assign(operation, random)
      case 'upload': {
        const tags = [{ name: 'Content-Type', value: 'text/plain' }]
        const draft = { anchor: this.#anchor(operation.id), tags, data: 'a file' }
        const item = createDataItem(draft, this.#wallet(operation))
        await this.#request(operation, random, 'uploads', ({ network }) => network.upload(item.bytes))
        return
      }
      case 'send-wrong':
        return this.#sendWrong(operation, random)
      case 'look':
        return this.#look(operation, random)
      case 'state-hash': {
        const processId = this.#process(operation.process).id as ProcessId
        await this.#request(operation, random, 'asks for a state hash', async ({ network }) => {
          this.seen.stateHashes.push({ processId, nonce: undefined, hash: await network.stateHash(processId) })
        })
        return
      }
      case 'read-past':
        return this.#readPast(operation, random)
      case 'read-result':
        return this.#readResult(operation, random, operation.of)
      case 'read-log':
        return this.#readLog(operation, random)
      case 'send-again': {
        const processId = this.#process(operation.process).id as ProcessId
        await this.#request(operation, random, 'sends again', async ({ network }) => {
          const count = await network.retryOutbox(processId)
          world.note(`client ${operation.id} has ${count} sent again`)
        })
        return
      }
      case 'monitor':
      case 'unmonitor': {
        const { kind } = operation
        const processId = this.#process(operation.process).id as ProcessId
        await this.#request(operation, random, `${kind}s`, ({ network }) => network[kind](processId))
        return
      }
    }
  }

  async #submit(
    operation: Operation,
    random: Random,
    item: DataItem,
    processId: ProcessId,
  ): Promise<Submission | undefined> {
    const { world } = this.#options
    const known = this.seen.refused.get(item.id) ?? { processId, isMaybeStored: false }
    this.seen.refused.set(item.id, known)
    return this.#request(
      operation,
      random,
      `submits ${operation.kind}`,
      async ({ network }) => {
        const askedAtMs = world.timeMs
        try {
          const submission = await network.submit(item.bytes)
          known.isMaybeStored = true
          const answeredAtMs = world.timeMs
          this.seen.acknowledgements.push({ ...submission, itemId: item.id, askedAtMs, answeredAtMs })
          world.note(
            `client ${operation.id} is acknowledged #${submission.nonce}${submission.duplicate ? ' again' : ''}`,
          )
          return submission
        } catch (error) {
          if (!final.test(errorCode(error) ?? '')) known.isMaybeStored = true
          throw error
        }
      },
      () => {
        known.isMaybeStored = true
      },
    )
  }

  async #assign(operation: Operation & { kind: 'assign' }, random: Random): Promise<void> {
    const { world } = this.#options
    const processId = this.#process(operation.process).id as ProcessId
    const itemId = this.#items.get(operation.of)?.item.id
    if (itemId === undefined) return
    await this.#request(operation, random, 'assigns', async ({ network }) => {
      const askedAtMs = world.timeMs
      const submission = await network.assign({ processId, itemId })
      this.seen.acknowledgements.push({ ...submission, itemId, askedAtMs, answeredAtMs: world.timeMs })
      world.note(`client ${operation.id} is acknowledged #${submission.nonce}`)
    })
  }

  async #sendWrong(operation: Operation & { kind: 'send-wrong' }, random: Random): Promise<void> {
    const { wrong } = operation
    const target = wrong === 'target' ? this.#anchorId(operation.id) : this.#process(operation.process).id
    const type = wrong === 'type' ? 'Other' : 'Message'
    const item = this.#messageItem(operation, target, { Action: 'Work', Type: type }, 'fail')
    const bytes = Uint8Array.from(item.bytes)
    if (wrong === 'signature') bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
    await this.#request(operation, random, `submits an item with a wrong ${wrong}`, async ({ network }) => {
      const { nonce } = await network.submit(bytes)
      this.seen.problems.push(`an item with a wrong ${wrong} was accepted as #${nonce}`)
    })
  }

  async #readPast(operation: Operation & { kind: 'read-past' }, random: Random): Promise<void> {
    const processId = this.#process(operation.process).id as ProcessId
    await this.#request(operation, random, 'reads a state of the past', async ({ network }) => {
      const latest = await network.latestEntry(processId)
      if (latest === undefined) return
      const nonce = Math.floor(operation.share * (latest.nonce + 1))
      const { stateHashes, counts, lastChanges } = this.seen
      switch (operation.what) {
        case 'hash':
          stateHashes.push({ processId, nonce, hash: await network.stateHashAt(processId, nonce) })
          return
        case 'count':
          counts.push({ processId, ...(await network.stateAt(processId, { nonce, path: countPath })) })
          return
        case 'last-change': {
          const change = await network.lastChange(processId, countPath, { atNonce: nonce })
          lastChanges.push({ processId, atNonce: nonce, change })
        }
      }
    })
  }

  async #look(operation: Operation & { kind: 'look' }, random: Random): Promise<void> {
    const { world } = this.#options
    const processId = this.#process(operation.process).id as ProcessId
    const message: DryRunMessage = {
      owner: this.#wallet(operation).address,
      tags: [{ name: 'Action', value: 'Look' }],
    }
    await this.#request(operation, random, 'looks', async (run) => {
      const askedAtMs = world.timeMs
      const json = await run.network.dryRun(processId, message)
      this.seen.looks.push({ run, askedAtMs, answeredAtMs: world.timeMs, processId, json })
    })
  }

  async #readResult(operation: Operation, random: Random, of: number): Promise<void> {
    const sent = this.#items.get(of)
    if (sent === undefined) return
    const { item, processId } = sent
    const { world } = this.#options
    await this.#request(operation, random, `reads the result of item${of}`, async (run) => {
      const isAcknowledged = (): boolean =>
        this.seen.acknowledgements.some((known) => known.itemId === item.id && known.processId === processId)
      const wasAcknowledged = isAcknowledged()
      const askedAtMs = world.timeMs
      try {
        const result = await run.network.result(processId, item.id)
        this.seen.results.push({ run, askedAtMs, answeredAtMs: world.timeMs, itemId: item.id, result })
      } catch (error) {
        const code = errorCode(error)
        // A network that went back may have forgotten it meanwhile.
        if (
          wasAcknowledged &&
          isAcknowledged() &&
          code !== undefined &&
          /^NETWORK_(MESSAGE|PROCESS)_UNKNOWN$/.test(code)
        ) {
          this.seen.problems.push(`item${of} was acknowledged, and then its result was refused with ${code}`)
        }
        throw error
      }
    })
  }

  async #readLog(operation: Operation & { kind: 'read-log' }, random: Random): Promise<void> {
    const processId = this.#process(operation.process).id as ProcessId
    await this.#request(operation, random, 'reads the log', async ({ network }) => {
      const entries = await network.entries(processId, 0, 1_000, 1_000)
      entries.forEach(({ nonce, assignmentId }, i) => {
        if (nonce !== i) this.seen.problems.push(`a log was read with #${nonce} at place ${i}`)
        this.seen.entries.push({ processId, nonce, assignmentId })
      })
    })
  }

  /** Asks until there is an answer, or the client gives up. @param lost a request was sent, and its fate is unknown. */
  async #request<T>(
    operation: Operation,
    random: Random,
    what: string,
    call: (run: Run) => Promise<T>,
    lost: () => void = () => undefined,
  ): Promise<T | undefined> {
    const { world, plan } = this.#options
    const { way } = operation
    const label = `client ${operation.id} ${what}`
    let { lostRequests, lostAnswers } = way
    for (let tries = 1; ; tries += 1) {
      await world.sleep(random.duration(plan.speeds.clientMs), `${label}, try ${tries}`)
      this.counts.requests += 1
      if (tries > 1) this.counts.retries += 1
      if (lostRequests > 0) {
        lostRequests -= 1
        this.counts.lostRequests += 1
      } else {
        const deathsBefore = this.#options.node.threadDeathCount
        const answers = Array.from({ length: way.copies }, () => this.#attempt(label, way.timeoutMs, call))
        this.counts.doubledRequests += way.copies - 1
        const answered = await Promise.all(answers)
        const [answer] = answered
        await world.sleep(random.duration(plan.speeds.clientMs), `${label}, answer`)
        if (answered.includes(undefined)) lost()
        if (answer === undefined) this.counts.unanswered += 1
        else if (lostAnswers > 0) {
          lostAnswers -= 1
          this.counts.lostAnswers += 1
        } else if (answer.ok) return answer.value
        else if (this.#isLostAgain(answer.error, deathsBefore)) this.counts.lostAgain += 1
        else if (!this.#mayRetry(label, answer.error, tries)) return undefined
      }
      if (!way.isPatient) return undefined
      await world.sleep(random.magnitude(1, 500) * Math.min(tries, 10), `${label}, waits`)
    }
  }

  async #attempt<T>(
    label: string,
    timeoutMs: number,
    call: (run: Run) => Promise<T>,
  ): Promise<{ ok: true; value: T } | { ok: false; error: unknown } | undefined> {
    const { world, node } = this.#options
    const run = node.current
    if (run === undefined) return undefined
    const open = { label, lifetime: run.lifetime, askedAtMs: world.timeMs }
    this.#openCalls.add(open)
    const answer = call(run).then(
      (value) => ({ ok: true, value }) as const,
      (error: unknown) => ({ ok: false, error }) as const,
    )
    answer.finally(() => this.#openCalls.delete(open)).catch(() => undefined)
    const timeout = world.sleep(timeoutMs, `${label}, timeout`).then(() => 'timeout' as const)
    const first = await Promise.race([answer, run.lifetime.whenEnded, timeout])
    if (first === 'timeout') this.counts.timeouts += 1
    return typeof first === 'object' ? first : undefined
  }

  /** A read is made once more when its thread dies, and fails when the next one dies too. */
  #isLostAgain(error: unknown, deathsBefore: number): boolean {
    return errorCode(error) === 'COMPUTE_STATE_LOST' && this.#options.node.threadDeathCount >= deathsBefore + 2
  }

  #mayRetry(label: string, error: unknown, tries: number): boolean {
    const code = errorCode(error) ?? ''
    if (passing.test(code) || (this.#options.plan.isInMemory === true && forgotten.test(code))) return true
    if (!final.test(code)) {
      this.seen.problems.push(`${label} and was told: ${stackOf(error)}`)
      return false
    }
    return /_UNKNOWN$/.test(code) && tries < triesMax
  }

  #processItem(index: number): DataItem {
    const { hasLibrary, crons = [], forks = [] } = this.#options.plan
    const fork = forks.find(({ process }) => process === index)
    const tags: Record<string, string> = {
      ...{ 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: 'Process', Scheduler: 'SCHEDULER_ADDRESS' },
      Module: hasLibrary ? 'MODULE_TX_ID' : smallModuleItem.id,
    }
    if (fork !== undefined) {
      tags['Forked-From'] = this.#process(fork.of).id
      if (fork.nonce !== undefined) tags['Fork-Nonce'] = String(fork.nonce)
    } else if (hasLibrary) tags['On-Boot'] = 'Data'
    const cronTags = crons
      .filter(({ process }) => process === index)
      .flatMap(({ seconds, words }) =>
        tagList({
          ...{ 'Cron-Interval': `${seconds}-seconds`, 'Cron-Tag-Action': 'Work' },
          'Cron-Tag-Script': words.replaceAll(/wallet\d/g, (name) => this.#idOf(name)),
        }),
      )
    const data = hasLibrary ? libraryProgram : 'small'
    const draft = { anchor: this.#anchor(1_000_000 + index), tags: [...tagList(tags), ...cronTags], data }
    return createDataItem(draft, walletAt(index))
  }

  #messageItem(operation: Operation, target: string, tags: Record<string, string>, data: string): DataItem {
    const all = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: 'Message', ...tags }
    const draft = { target, anchor: this.#anchor(operation.id), tags: tagList(all), data: data || ' ' }
    return createDataItem(draft, this.#wallet(operation))
  }

  /** Tells items of the same content apart, also those of other histories. */
  #anchor(number: number): string {
    return `${this.#options.plan.seed} ${number}`.padStart(32, '.').slice(-32)
  }

  /** The id of nothing. */
  #anchorId(number: number): string {
    return Buffer.from(this.#anchor(number)).toString('base64url')
  }

  #idOf(name: string): string {
    if (/^\d+$/.test(name)) return this.#process(Number(name)).id
    return name.startsWith('wallet') ? walletAt(Number(name.slice('wallet'.length))).address : name
  }

  #process(index: number): DataItem {
    const item = this.#processes[index]
    if (item === undefined) throw new RangeError(`There is no process ${index}.`)
    return item
  }

  #wallet({ way }: Operation): Signer {
    return walletAt(way.wallet)
  }
}

function walletAt(index: number): Signer {
  const wallet = wallets[index % wallets.length]
  if (wallet === undefined) throw new RangeError(`There is no wallet ${index}.`)
  return wallet
}

/** Some words have numbers as arguments; every other argument is a name. */
function scriptOf(levels: readonly (readonly string[])[], idOf: (name: string) => string): string {
  const wordOf = (word: string): string => {
    const [name = '', first, second] = word.split(' ')
    if (first === undefined || name === 'grow' || name === 'burn') return word
    return [name, idOf(first), ...(second === undefined ? [] : [name === 'burst' ? second : idOf(second)])].join(' ')
  }
  return levels.map((words) => words.map(wordOf).join(';')).join('|')
}

function tagList(tags: Record<string, string>): { name: string; value: string }[] {
  return Object.entries(tags).map(([name, value]) => ({ name, value }))
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
