import { Random } from './random.ts'

/**
 * What a history is made of: a list of what clients do and a list of faults, each with its time, and how fast things are.
 * All of it is plain data, so that a history can be shortened, printed and kept.
 */

/** Processes that clients spawn, by number. */
export const processCount = 4
export const walletCount = 3

/** How a client gets through. */
export interface Way {
  readonly wallet: number
  readonly atMs: number
  /** Copies of each request that arrive. */
  readonly copies: 1 | 2
  /** Requests that get lost before one arrives. */
  readonly lostRequests: number
  /** Answers that get lost before one arrives. */
  readonly lostAnswers: number
  /** Whether the client tries again until it has an answer. */
  readonly isPatient: boolean
  readonly timeoutMs: number
}

/** What a client does. `id` is its number in the history that it was first drawn for. */
export type Operation = { readonly id: number; readonly way: Way } & (
  | { readonly kind: 'spawn'; readonly process: number }
  /** `levels`: see `programs.ts`; a number that stands for a process is replaced by its id. */
  | {
      readonly kind: 'send'
      readonly process: number
      readonly levels: readonly (readonly string[])[]
      readonly readsResult: boolean
    }
  /** Assigns the item of another operation. */
  | { readonly kind: 'assign'; readonly process: number; readonly of: number }
  | { readonly kind: 'upload' }
  /** An item that must be refused. */
  | { readonly kind: 'send-wrong'; readonly process: number; readonly wrong: 'signature' | 'target' | 'type' }
  | { readonly kind: 'look'; readonly process: number }
  | { readonly kind: 'state-hash'; readonly process: number }
  /** Of the state after an entry: `share` of those that the log has then. */
  | { readonly kind: 'read-past'; readonly process: number; readonly share: number; readonly what: PastRead }
  | { readonly kind: 'read-result'; readonly of: number }
  | { readonly kind: 'read-log'; readonly process: number }
  | { readonly kind: 'monitor' | 'unmonitor'; readonly process: number }
  /** Sends the dead outbox entries of a process again. */
  | { readonly kind: 'send-again'; readonly process: number }
)

/** Its hash, what the process has counted, or the message that counted last. */
export type PastRead = 'hash' | 'count' | 'last-change'

/** A process of a client that begins with the state of another. */
export interface PlannedFork {
  readonly process: number
  /** A lower number, because the item of the fork names it. */
  readonly of: number
  /** Absent: the last entry that is there then. */
  readonly nonce?: number | undefined
}

/** What a process of a client asks for at its spawn. Each tick does the words, which name no process. */
export interface PlannedCron {
  readonly process: number
  readonly seconds: number
  readonly words: string
}

/** Writes by which faults are placed. */
export const placedWrites = [
  ...(['append', 'commitResults', 'settleOutbox', 'claimOutbox', 'acquire', 'putItems'] as const),
  ...(['putPages', 'putCheckpoint'] as const),
]
export type PlacedWrite = (typeof placedWrites)[number]

/** The transaction with call number `count` (1, 2, …) of that name. */
export interface WritePlace {
  readonly write: PlacedWrite
  readonly count: number
}

export type Fault = {
  readonly id: number
} /** The node dies as by SIGKILL. What was being written is there, or it is not. */ & (
  | { readonly kind: 'crash'; readonly atMs: number; readonly downMs: number; readonly keepsWrite: boolean }
  /** The node dies right before or after a transaction takes effect. */
  | { readonly kind: 'crash-at-write'; readonly at: WritePlace; readonly after: boolean; readonly downMs: number }
  /** The node is stopped in order. */
  | { readonly kind: 'restart'; readonly atMs: number; readonly downMs: number }
  /** A transaction fails, and with it all that waited for it. It may have happened all the same. */
  | { readonly kind: 'write-failure'; readonly at: WritePlace; readonly happened: boolean }
  /** Reads number `count` and the next fail. */
  | { readonly kind: 'read-failure'; readonly count: number; readonly reads: number }
  | { readonly kind: 'full-disk'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'slow-disk'; readonly atMs: number; readonly forMs: number; readonly syncMs: number }
  | { readonly kind: 'thread-death'; readonly atMs: number; readonly thread: number }
  /** The host fails in the middle of evaluation request number `count`, after so many of its entries. */
  | { readonly kind: 'host-fault'; readonly count: number; readonly afterEntries: number }
  | { readonly kind: 'slow-thread'; readonly atMs: number; readonly forMs: number; readonly extraMs: number }
  /** Somebody takes the network back to this moment, so much later. Only in memory. */
  | { readonly kind: 'revert'; readonly atMs: number; readonly forMs: number }
  /** Somebody sets the clock. */
  | { readonly kind: 'clock-jump'; readonly atMs: number; readonly byMs: number }
)

/** Mean durations. */
export interface Speeds {
  readonly threads: number
  readonly readMs: number
  readonly gatherMs: number
  readonly syncMs: number
  readonly answerMs: number
  readonly threadMs: number
  readonly clientMs: number
}

export interface Plan {
  /** What is drawn while the history runs follows from it. */
  readonly seed: string
  /** Whether processes have the process library; else a small module of their own. */
  readonly hasLibrary: boolean
  /** Whether it is a network in memory: no disk fails, and no crash leaves anything. */
  readonly isInMemory?: boolean | undefined
  /** Memory that loaded processes may take; absent: enough. */
  readonly hotMemoryBytes?: number | undefined
  /** Snapshots after so many entries; absent: as a real node takes them, which these short histories hardly reach. */
  readonly entriesPerSnapshot?: number | undefined
  readonly speeds: Speeds
  /** How deep and how long a chain of messages may be; absent: as a real node has it, which is more than any here. */
  readonly chainLimits?: { readonly depthMax: number; readonly entriesMax: number } | undefined
  readonly crons?: readonly PlannedCron[] | undefined
  readonly forks?: readonly PlannedFork[] | undefined
  readonly operations: readonly Operation[]
  readonly faults: readonly Fault[]
}

/** The history of a seed. */
export function planFor(seed: string): Plan {
  const random = new Random(seed)
  const crons = random.chance(0.2) ? drawCrons(random.fork('crons')) : undefined
  // Crons count in seconds.
  const spanMs = crons === undefined ? random.magnitude(20, 2_000) : random.magnitude(2_000, 60_000)
  const forks = random.chance(0.25) ? drawForks(random.fork('forks')) : undefined
  const speeds = drawSpeeds(random.fork('speeds'))
  const operations = drawOperations(random.fork('operations'), spanMs, forks)
  const isInMemory = random.chance(0.15)
  const chainLimits = random.chance(0.25)
    ? { depthMax: random.integer(1, 6), entriesMax: random.integer(2, 25) }
    : undefined
  const faults = drawFaults(random.fork('faults'), spanMs, isInMemory)
  const hasLibrary = random.chance(0.25)
  // With room for none, a process is freed as soon as another comes.
  const hotMemoryBytes = random.chance(0.3) ? 1 : undefined
  const entriesPerSnapshot = random.chance(0.5) ? random.integer(1, 8) : undefined
  return {
    seed,
    isInMemory,
    chainLimits,
    hasLibrary,
    hotMemoryBytes,
    entriesPerSnapshot,
    crons,
    forks,
    speeds,
    operations,
    faults,
  }
}

function drawCrons(random: Random): PlannedCron[] {
  return Array.from({ length: random.integer(1, 3) }, () => ({
    process: random.integer(0, processCount - 1),
    seconds: random.pick([1, 2, 7, 30]),
    words: random.pick(['', 'note', 'fail', 'tell child', 'tell child; wallet wallet0']),
  }))
}

function drawForks(random: Random): PlannedFork[] {
  const forks: PlannedFork[] = []
  for (let process = 1; process < processCount; process += 1) {
    if (!random.chance(0.5)) continue
    const of = random.integer(0, process - 1)
    forks.push({ process, of, nonce: random.chance(0.5) ? random.integer(0, 6) : undefined })
  }
  return forks
}

function drawSpeeds(random: Random): Speeds {
  return {
    threads: random.integer(1, 3),
    readMs: random.magnitude(0.01, 1),
    gatherMs: random.magnitude(0.01, 2),
    syncMs: random.magnitude(0.1, 20),
    answerMs: random.magnitude(0.01, 2),
    threadMs: random.magnitude(0.05, 10),
    clientMs: random.magnitude(0.1, 20),
  }
}

function drawOperations(random: Random, spanMs: number, forks: readonly PlannedFork[] = []): Operation[] {
  const operations: Operation[] = []
  const spawned = random.integer(1, processCount)
  const add = (atMs: number, rest: (id: number) => object): void => {
    const id = operations.length
    operations.push({ id, way: drawWay(random, atMs), ...rest(id) } as Operation)
  }
  for (let process = 0; process < spawned; process += 1) {
    // One of them may come late: messages to it were messages to nobody until then.
    const isFork = forks.some((fork) => fork.process === process)
    const isLate = process > 0 && random.chance(isFork ? 0.8 : 0.15)
    add(random.between(0, isLate ? spanMs : 5), () => ({ kind: 'spawn', process }))
  }
  const count = random.integer(3, 24)
  for (let i = 0; i < count; i += 1) {
    add(random.between(0, spanMs), (id) => drawOperation(random, id, spawned))
  }
  return operations
}

function drawOperation(random: Random, id: number, spawned: number): object {
  const process = random.integer(0, spawned - 1)
  const kind = random.weighted({
    send: 20,
    assign: 2,
    upload: 1,
    'send-wrong': 1,
    look: 2,
    'state-hash': 0.5,
    'read-past': 3,
    'read-result': 3,
    'read-log': 1,
    monitor: 1,
    unmonitor: 0.3,
    'send-again': 1,
  })
  switch (kind) {
    case 'send':
      return { kind, process, levels: drawLevels(random), readsResult: random.chance(0.5) }
    case 'assign':
    case 'read-result':
      return { kind, process, of: random.integer(0, Math.max(0, id - 1)) }
    case 'read-past':
      return { kind, process, share: random.next(), what: random.pick(['hash', 'count', 'last-change'] as const) }
    case 'send-wrong':
      return { kind, process, wrong: random.pick(['signature', 'target', 'type'] as const) }
    default:
      return { kind, process }
  }
}

function drawWay(random: Random, atMs: number): Way {
  return {
    wallet: random.integer(0, walletCount - 1),
    atMs,
    copies: random.chance(0.1) ? 2 : 1,
    lostRequests: random.chance(0.1) ? random.integer(1, 2) : 0,
    lostAnswers: random.chance(0.15) ? random.integer(1, 2) : 0,
    isPatient: random.chance(0.85),
    timeoutMs: random.magnitude(200, 60_000),
  }
}

/** At most four levels; the deeper, the less branches. */
function drawLevels(random: Random): string[][] {
  const depth = random.integer(1, 4)
  return Array.from({ length: depth }, (_, level) => {
    const wordsMax = level === 0 ? 3 : 2
    return Array.from({ length: random.integer(1, wordsMax) }, () => drawWord(random))
  })
}

function drawWord(random: Random): string {
  const target = (): string => (random.chance(0.15) ? 'child' : String(random.integer(0, processCount - 1)))
  const word = random.weighted({
    tell: 12,
    reply: 5,
    forward: 1,
    burst: 1,
    share: 1.5,
    assign: 1.5,
    spawn: 0.8,
    adopt: 0.8,
    fork: 0.5,
    ask: 2,
    wallet: 2,
    nowhere: 0.4,
    note: 0.4,
    fail: 1,
    grow: 0.3,
    burn: 0.5,
  })
  switch (word) {
    case 'tell':
    case 'forward':
    case 'assign':
    case 'ask':
    case 'fork':
      return `${word} ${target()}`
    case 'burst':
      return `${word} ${target()} ${random.integer(2, 5)}`
    case 'share':
      return `${word} ${target()} ${target()}`
    case 'wallet':
      return `${word} wallet${random.integer(0, walletCount - 1)}`
    case 'grow':
      return `${word} ${random.integer(1_000, 200_000)}`
    case 'burn':
      return `${word} ${Math.round(random.magnitude(1_000, 150_000))}`
    default:
      return word
  }
}

/** How often each comes, against the others. */
const diskFaults: Readonly<Record<Fault['kind'], number>> = {
  crash: 4,
  'crash-at-write': 5,
  restart: 2,
  'write-failure': 4,
  'read-failure': 1,
  'full-disk': 1,
  'slow-disk': 1,
  'thread-death': 2,
  'host-fault': 2,
  'slow-thread': 0.5,
  'clock-jump': 1,
  revert: 0,
}
const noDisk = {
  crash: 0,
  'crash-at-write': 0,
  restart: 0,
  'write-failure': 0,
  'read-failure': 0,
  'full-disk': 0,
  'slow-disk': 0,
}
const memoryFaults: typeof diskFaults = { ...diskFaults, ...noDisk, revert: 6 }

function drawFaults(random: Random, spanMs: number, isInMemory: boolean): Fault[] {
  // A quarter of the histories has none: a bug that needs none is found with less around it.
  const count = random.chance(0.25) ? 0 : random.integer(1, 5)
  return Array.from({ length: count }, (_, id): Fault => ({ id, ...drawFault(random, spanMs, isInMemory) }) as Fault)
}

function drawFault(random: Random, spanMs: number, isInMemory: boolean): object {
  const atMs = random.between(0, spanMs * 1.5)
  const forMs = random.magnitude(1, random.chance(0.2) ? 100_000 : spanMs)
  const downMs = random.magnitude(0.1, 3_000)
  const kind = random.weighted(isInMemory ? memoryFaults : diskFaults)
  switch (kind) {
    case 'crash':
      return { kind, atMs, downMs, keepsWrite: random.chance(0.5) }
    case 'crash-at-write':
      return { kind, at: drawPlace(random), after: random.chance(0.5), downMs }
    case 'restart':
      return { kind, atMs, downMs }
    case 'write-failure':
      return { kind, at: drawPlace(random), happened: random.chance(0.5) }
    case 'read-failure':
      return { kind, count: random.integer(1, 60), reads: random.integer(1, 3) }
    case 'full-disk':
      return { kind, atMs, forMs }
    case 'slow-disk':
      return { kind, atMs, forMs, syncMs: random.magnitude(10, Math.max(20, forMs)) }
    case 'thread-death':
      return { kind, atMs, thread: random.integer(0, 2) }
    case 'host-fault':
      return { kind, count: random.integer(1, 20), afterEntries: random.integer(0, 3) }
    case 'slow-thread':
      return { kind, atMs, forMs, extraMs: random.magnitude(1, Math.max(2, forMs)) }
    case 'revert':
      return { kind, atMs, forMs }
    case 'clock-jump':
      // Forwards alone: set back, entries of the outbox are not due until that time comes again (docs/simulation.md).
      return { kind, atMs, byMs: random.magnitude(1, 120_000) }
  }
}

function drawPlace(random: Random): WritePlace {
  const weights = {
    ...{ append: 6, commitResults: 6, settleOutbox: 4, claimOutbox: 2, acquire: 1.5, putItems: 0.5 },
    ...{ putPages: 1, putCheckpoint: 1 },
  } satisfies Record<PlacedWrite, number>
  return { write: random.weighted(weights), count: random.integer(1, random.pick([3, 10, 30])) }
}
