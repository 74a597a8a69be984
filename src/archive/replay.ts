import { createHash, hash } from 'node:crypto'
import { loadRequestFor } from '../compute/environment.ts'
import { ModuleReader } from '../compute/module-reader.ts'
import { toThreadEntry } from '../compute/state-loader.ts'
import type { EvaluatedEntry, EvaluationThread } from '../compute/thread-protocol.ts'
import { parseAnyItem, verifyAnyItem } from '../protocol/any-item.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import type { ItemId, ProcessId } from '../protocol/ids.ts'
import { tagValue } from '../protocol/tags.ts'
import { recordedTick } from '../scheduler/cron-tick.ts'
import type { ForkOrigin } from '../scheduler/genesis-tags.ts'
import { impersonatedBy } from '../scheduler/impersonation.ts'
import type { LogEntry, StoredItem } from '../store/types.ts'
import { luaEngineVersion } from '../vm/lua/lua-wasm.ts'
import { ArchiveError, type Difference } from './errors.ts'
import { excerpts } from './excerpts.ts'
import { encodeResult } from './export-format.ts'
import type { History, HistoryEntry, LogStart, LogSummary } from './history.ts'
import { readGenesis } from './history-source.ts'
import { type CheckedEntry, LogChecker } from './log-checker.ts'

/**
 * Computes histories again, and compares what they say with what they give.
 *
 * R1 Nothing is believed: items and assignments are checked for signatures and place (`log-checker.ts`), the rest is computed.
 * R2 The first difference is named: whatever is found at an entry, all before it was compared and is the same.
 * R3 While the thread evaluates one batch, the signatures of the next are checked.
 *
 * @module
 */

export interface ReplayOptions {
  /** Holds no process that is in the history. */
  readonly thread: EvaluationThread
  /** Entries of the log below this nonce are evaluated and not looked at, if they are from a store. Default: 0, none. */
  readonly verifyFrom?: ((start: LogStart) => number) | undefined
  /** What else is compared. */
  readonly comparisonOf?: ((start: LogStart) => Promise<LogComparison>) | undefined
  /** For a history that does not begin at nonce 0. */
  readonly resume?: ReplayResume | undefined
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined
}

/** Where a replay begins that takes all before it as given. */
export interface ReplayResume {
  readonly genesis: LogEntry
  /** The entry before the first one. */
  readonly before: LogEntry
  /** Brings the state after it into the thread. */
  load(): Promise<void>
}

export interface ReplayProgress {
  readonly processId: ProcessId
  /** Of the entries of this log. */
  readonly doneCount: number
  readonly totalCount: number
}

/** Comparisons with what is known beside the history. */
export interface LogComparison {
  /** The state hash is taken after these entries, and after the last. */
  readonly stops?: ReadonlySet<number> | undefined
  result?(checked: CheckedEntry, evaluated: EvaluatedEntry): Promise<readonly Difference[]>
  state?(nonce: number, stateHash: string): Promise<readonly Difference[]>
}

/** What a log has turned out to be. */
export interface ReplayedLog {
  readonly summary: LogSummary
  /** What the process item asked for, if it was replayed; the scheduler may have taken something else. */
  readonly named: { readonly module: string | undefined; readonly scheduler: string | undefined }
  readonly origin: ForkOrigin | undefined
  /** SHA-256 of the module's source, hex. */
  readonly moduleHash: string
  readonly evaluatedCount: number
  /** Of those, the ones whose results were compared. */
  readonly comparedCount: number
  readonly failedCount: number
  /**
   * Entries that count as sent by another than who signed them, because a scheduler in development mode has said so. Without
   * ticks of crons, which are checked.
   */
  readonly impersonatedCount: number
  readonly gasUsed: number
  /** After the last entry. */
  readonly stateHash: string
  /** By nonce: after the last entry and wherever else the state hash was taken, if all before it was compared. */
  readonly points: ReadonlyMap<number, HistoryPoint>
}

/** A moment of a history, as a certificate names it. */
export interface HistoryPoint {
  readonly nonce: number
  /** Of the entry's assignment: it commits to the item and, with `hashChain`, to all entries before. */
  readonly assignmentId: string
  readonly hashChain: string
  readonly stateHash: string
  /** SHA-256 of the entry's result as an export has it, hex. */
  readonly resultHash: string
  /** SHA-256 of the value before (32 zero bytes for nonce 0) and `resultHash`: commits to all results up to here. Hex. */
  readonly resultChain: string
}

/**
 * Evaluates a history from its beginning. The states of the last log stay in the thread.
 *
 * @returns the logs in their order; the last one is the process that the history is of.
 * @throws {ArchiveError} `ARCHIVE_DIFFERS` with the first entry that is not as it should be, `ARCHIVE_ENGINE_OTHER`; and
 *   what the history throws.
 */
export async function replayHistory(history: History, options: ReplayOptions): Promise<readonly ReplayedLog[]> {
  const done: ReplayedLog[] = []
  let log: LogReplay | undefined
  let evaluating: Promise<void> = Promise.resolve()
  try {
    for await (const part of history) {
      if (part.type === 'log') {
        await evaluating
        if (log !== undefined) done.push(log.finish())
        log = await LogReplay.begin(part, log?.start.summary, options)
        continue
      }
      const { checked, failure } = await (log as LogReplay).check(part.entries)
      await evaluating
      evaluating = (log as LogReplay).evaluate(checked)
      // Handled where it is awaited: without this an early failure would count as unhandled.
      evaluating.catch(() => undefined)
      if (failure !== undefined) throw failure
    }
  } catch (error) {
    // What is evaluated now comes before what failed (R2).
    await evaluating
    throw error
  }
  await evaluating
  if (log !== undefined) done.push(log.finish())
  return done
}

const noHash: Buffer = Buffer.alloc(32)

class LogReplay {
  readonly start: LogStart
  readonly #options: ReplayOptions
  readonly #comparison: LogComparison
  readonly #verifyFrom: number
  readonly #before: LogSummary | undefined
  #checker: LogChecker | undefined
  /** Of the entries that were given: the last one that may be evaluated. */
  #last: LogEntry | undefined
  /** The genesis, once it was evaluated. */
  #genesis: LogEntry | undefined
  /** The genesis, once it was given. */
  #givenGenesis: LogEntry | undefined
  #origin: ForkOrigin | undefined
  #moduleHash = ''
  #evaluatedCount = 0
  #comparedCount = 0
  #failedCount = 0
  #impersonatedCount = 0
  #gasUsed = 0
  #resultChain = noHash
  #stateHash = ''
  readonly #points = new Map<number, HistoryPoint>()

  private constructor(
    start: LogStart,
    before: LogSummary | undefined,
    options: ReplayOptions,
    comparison: LogComparison,
  ) {
    this.start = start
    this.#before = before
    this.#options = options
    this.#comparison = comparison
    this.#verifyFrom = options.verifyFrom?.(start) ?? 0
    this.#last = options.resume?.before
    this.#givenGenesis = options.resume?.genesis
  }

  /** @param before - The log before this one. */
  static async begin(start: LogStart, before: LogSummary | undefined, options: ReplayOptions): Promise<LogReplay> {
    const { engine } = start.summary
    if (engine !== luaEngineVersion) {
      throw new ArchiveError({ code: 'ARCHIVE_ENGINE_OTHER', made: engine, here: luaEngineVersion })
    }
    return new LogReplay(start, before, options, (await options.comparisonOf?.(start)) ?? {})
  }

  /** Checks signatures and places. @returns the good entries before the first bad one, and what is wrong with that. */
  async check(entries: readonly HistoryEntry[]): Promise<{ checked: readonly CheckedEntry[]; failure?: unknown }> {
    const checked: CheckedEntry[] = []
    try {
      for (const given of entries) {
        const entry = this.#isUnverified(given) ? { entry: given.row, given } : await this.#check(given)
        this.#last = entry.entry
        this.#givenGenesis ??= entry.entry
        checked.push(entry)
      }
      return { checked }
    } catch (failure) {
      return { checked, failure }
    }
  }

  #isUnverified(given: HistoryEntry): given is HistoryEntry & { readonly row: LogEntry } {
    return given.row !== undefined && given.row.nonce < this.#verifyFrom
  }

  #check(given: HistoryEntry): Promise<CheckedEntry> {
    const [genesis, before] = [this.#givenGenesis, this.#last]
    const start = genesis === undefined || before === undefined ? undefined : { genesis, before }
    this.#checker ??= new LogChecker(this.start.summary, start)
    return this.#checker.check(given)
  }

  async evaluate(entries: readonly CheckedEntry[]): Promise<void> {
    const [first] = entries
    if (first === undefined) return
    if (this.#evaluatedCount === 0) await this.#load(first.entry)
    // The thread answers in order, so the requests of all runs may be on their way together.
    const work = runsOf(entries, (nonce) => this.#isStop(nonce), this.#verifyFrom).map((run) => this.#request(run))
    for (const { run, evaluated, stateHash } of work) await this.#settle(run, await evaluated, await stateHash)
    const { processId, lastNonce } = this.start.summary
    const doneCount = (entries.at(-1)?.entry.nonce ?? 0) + 1
    this.#options.onProgress?.({ processId, doneCount, totalCount: lastNonce + 1 })
  }

  #isStop(nonce: number): boolean {
    return nonce === this.start.summary.lastNonce || this.#comparison.stops?.has(nonce) === true
  }

  #request(run: Run) {
    const { thread } = this.#options
    const key = { processId: this.start.summary.processId }
    const entries = run.entries.map(({ entry }) => toThreadEntry(entry))
    const evaluated = run.isVerified
      ? thread.request({ ...key, type: 'evaluate', entries })
      : thread.request({ ...key, type: 'replay', entries })
    const stateHash = run.isStop ? thread.request({ ...key, type: 'state-hash' }) : undefined
    // All are awaited in turn; when one fails the others fail with it.
    evaluated.catch(() => undefined)
    stateHash?.catch(() => undefined)
    return { run, evaluated, stateHash }
  }

  async #settle(
    { entries }: Run,
    evaluated: readonly EvaluatedEntry[] | number,
    stateHash: string | undefined,
  ): Promise<void> {
    const last = entries.at(-1)?.entry
    if (typeof evaluated === 'number') {
      this.#gasUsed += evaluated
      this.#evaluatedCount += entries.length
    } else {
      for (const [index, checked] of entries.entries()) {
        const isLast = checked.entry === last
        const result = evaluated[index] as EvaluatedEntry
        const differences = await this.#compare(checked, result)
        if (isLast && stateHash !== undefined) {
          differences.push(...((await this.#comparison.state?.(result.nonce, stateHash)) ?? []))
        }
        if (differences.length > 0) throw this.#differs(result.nonce, differences)
      }
    }
    if (last === undefined || stateHash === undefined) return
    this.#stateHash = stateHash
    if (typeof evaluated === 'number' || this.#comparedCount !== last.nonce + 1) return
    const { nonce, assignmentId, hashChain } = last
    const resultHash = resultHashOf(evaluated.at(-1) as EvaluatedEntry).toString('hex')
    const resultChain = this.#resultChain.toString('hex')
    this.#points.set(nonce, { nonce, assignmentId, hashChain, stateHash, resultHash, resultChain })
  }

  async #compare(checked: CheckedEntry, evaluated: EvaluatedEntry): Promise<Difference[]> {
    const { failed, gasUsed, nonce } = evaluated
    this.#evaluatedCount += 1
    this.#gasUsed += gasUsed
    if (failed) this.#failedCount += 1
    const { assignment } = checked.entry
    if (impersonatedBy(assignment) !== undefined && recordedTick(assignment) === undefined) this.#impersonatedCount += 1
    this.#resultChain = createHash('sha256').update(this.#resultChain).update(resultHashOf(evaluated)).digest()
    const given = checked.given.result
    if (given !== undefined) this.#comparedCount += 1
    const differences: Difference[] = []
    if (given !== undefined || nonce < this.start.evaluated) differences.push(...resultDifferences(evaluated, given))
    differences.push(...((await this.#comparison.result?.(checked, evaluated)) ?? []))
    return differences
  }

  /** Brings the state before the first entry into the thread. */
  async #load(first: LogEntry): Promise<void> {
    const { thread, resume } = this.#options
    if (resume !== undefined) {
      await resume.load()
      return
    }
    this.#genesis = first
    const origin = this.#checkStart(first)
    const items = await this.#readItems()
    const getItem = async (id: ItemId): Promise<StoredItem | undefined> => items.get(id)
    const request = await loadRequestFor(first, new ModuleReader({ getItem }), { getItem })
    this.#moduleHash = hash('sha256', parseAnyItem(this.start.module).data, 'hex')
    if (origin === undefined) {
      await thread.request(request)
      return
    }
    // The log before this one was evaluated up to the entry that the fork begins with.
    await thread.request({ ...request, type: 'fork', origin: { processId: origin.processId } })
    await thread.request({ type: 'unload', processId: origin.processId })
  }

  /** Compares what the log was said to be with what its scheduler recorded. */
  #checkStart(genesis: LogEntry): ForkOrigin | undefined {
    const { moduleId, bootItemId } = this.start.summary
    const { origin, ...recorded } = readGenesis(genesis)
    const pairs: readonly [string, unknown, unknown][] = [
      ['module', recorded.moduleId, moduleId],
      ['boot item', recorded.bootItemId, bootItemId],
      ['process that it was forked from', origin?.processId, this.#before?.processId],
      ['nonce that it was forked at', origin?.nonce, this.#before?.lastNonce],
    ]
    const differences = pairs
      .filter(([, expected, got]) => expected !== got)
      .map(([what, expected, got]) => ({ what, expected: String(expected), got: String(got) }))
    if (differences.length > 0) throw this.#differs(0, differences)
    this.#origin = origin
    return origin
  }

  /** Module and boot item, if they are what the log says. */
  async #readItems(): Promise<ReadonlyMap<ItemId, StoredItem>> {
    const { module, bootItem, summary } = this.start
    const items = new Map<ItemId, StoredItem>()
    const read = async (what: string, bytes: Uint8Array, id: string | undefined): Promise<void> => {
      try {
        const item = parseAnyItem(bytes)
        if (item.id !== id) throw new RangeError(`it is ${item.id}`)
        await verifyAnyItem(item)
        items.set(item.id, { ...item, blockHeight: 0, timestampMs: 0, cursor: '' })
      } catch (error) {
        const got = error instanceof Error ? error.message : String(error)
        throw this.#differs(0, [{ what, expected: `the signed item ${id}`, got }])
      }
    }
    await read('module', module, summary.moduleId)
    if (bootItem !== undefined) await read('boot item', bootItem, summary.bootItemId)
    return items
  }

  /** @throws {ArchiveError} `ARCHIVE_DIFFERS` when the log is not the one that was announced. */
  finish(): ReplayedLog {
    const { summary } = this.start
    const last = this.#last
    const differences: Difference[] = []
    for (const [what, expected, got] of [
      ['last nonce', last?.nonce, summary.lastNonce],
      ['last assignment', last?.assignmentId, summary.assignmentId],
      ['last hash chain value', last?.hashChain, summary.hashChain],
    ] as const) {
      if (expected !== got) differences.push({ what, expected: String(expected), got: String(got) })
    }
    if (differences.length > 0) throw this.#differs(last?.nonce ?? 0, differences)
    const tags = this.#genesis === undefined ? [] : parseDataItem(this.#genesis.item).tags
    return {
      summary,
      named: { module: tagValue(tags, 'Module'), scheduler: tagValue(tags, 'Scheduler') },
      origin: this.#origin,
      moduleHash: this.#moduleHash,
      evaluatedCount: this.#evaluatedCount,
      comparedCount: this.#comparedCount,
      failedCount: this.#failedCount,
      impersonatedCount: this.#impersonatedCount,
      gasUsed: this.#gasUsed,
      stateHash: this.#stateHash,
      points: this.#points,
    }
  }

  #differs(nonce: number, differences: readonly Difference[]): ArchiveError {
    return new ArchiveError({
      code: 'ARCHIVE_DIFFERS',
      processId: this.start.summary.processId,
      nonce,
      differences,
    })
  }
}

/** Entries that are evaluated by one request. */
interface Run {
  readonly entries: CheckedEntry[]
  readonly isVerified: boolean
  /** The state hash is taken after it. */
  isStop: boolean
}

function runsOf(entries: readonly CheckedEntry[], isStop: (nonce: number) => boolean, verifyFrom: number): Run[] {
  const runs: Run[] = []
  for (const checked of entries) {
    const { nonce } = checked.entry
    const isVerified = nonce >= verifyFrom
    let run = runs.at(-1)
    if (run === undefined || run.isStop || run.isVerified !== isVerified) {
      run = { entries: [], isVerified, isStop: false }
      runs.push(run)
    }
    run.entries.push(checked)
    run.isStop = isStop(nonce)
  }
  return runs
}

function resultHashOf(result: EvaluatedEntry): Buffer {
  return hash('sha256', encodeResult(result), 'buffer')
}

function resultDifferences(evaluated: EvaluatedEntry, given: HistoryEntry['result']): Difference[] {
  if (given === undefined) return [{ what: 'result', expected: excerpts(evaluated.json, '')[0], got: 'none' }]
  const differences: Difference[] = []
  if (evaluated.json !== given.json) {
    const [expected, got] = excerpts(evaluated.json, given.json)
    differences.push({ what: 'result', expected, got })
  }
  for (const [what, expected, got] of [
    ['failure', evaluated.failed, given.failed],
    ['gas', evaluated.gasUsed, given.gasUsed],
  ] as const) {
    if (expected !== got) differences.push({ what, expected: String(expected), got: String(got) })
  }
  return differences
}
