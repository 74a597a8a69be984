/**
 * The model's list of handlers, and the walk over it. Process API 6.
 *
 * @module
 */
import { LuaError, UnspecifiedError } from './model-errors.ts'
import { meaningOf } from './model-matching.ts'
import type { ModelMessage } from './model-message.ts'
import type { MaxRuns, Verdict } from './pipeline-case.ts'

/** Code that runs in a coroutine: it yields when it waits, and goes on with the message it waited for. */
export type Run<T> = Generator<undefined, T, ModelMessage>

export type Match = (message: ModelMessage) => Run<Verdict>

export interface Entry {
  readonly name: string
  pattern: Match
  handle: (message: ModelMessage, entry: Entry) => Run<void>
  maxRuns: MaxRuns
}

/** One walk over the list. */
interface Pass {
  /** The entry being looked at, which may have been removed. */
  present: Entry | undefined
  /** What was looked at, or put before what is being looked at. */
  readonly done: Set<Entry>
  /** What was put exactly where the present entry stood before it was removed: before it or after it? */
  readonly unclear: Set<Entry>
}

export class HandlerList {
  #entries: readonly Entry[]
  /** The walks under way, also those that wait. */
  readonly #passes: Set<Pass> = new Set()
  readonly #observe: (event: string) => void
  onceNonce = 0

  /** @param observe - Is told of each entry looked at, and of what became of it. */
  constructor(entries: readonly Entry[], observe: (event: string) => void) {
    this.#entries = entries
    this.#observe = observe
  }

  get length(): number {
    return this.#entries.length
  }

  /** Names, with `maxRuns` where there is one. */
  describe(): string {
    return this.#entries.map(({ name, maxRuns }) => (maxRuns === undefined ? name : `${name}*${maxRuns}`)).join(' ')
  }

  /** `add`, `append` and `prepend`: changes the entry of that name in place, or puts in a new one. */
  register(place: 'first' | 'last', entry: Entry): void {
    const { name, ...rest } = entry
    const existing = this.#find(name)
    if (existing === undefined) this.put(place, entry)
    else Object.assign(existing, rest)
  }

  once(name: string | undefined, pattern: Match, handle: Entry['handle']): void {
    this.register('first', { name: name ?? this.#onceName(), pattern, handle, maxRuns: 1 })
  }

  #onceName(): string {
    this.onceNonce += 1
    return `_once_${this.onceNonce - 1}`
  }

  /** As `table.insert` does it: nobody looks for the name. */
  put(place: 'first' | 'last', entry: Entry): void {
    this.#insert(entry, place === 'first' ? 0 : this.length, place)
  }

  /** `before` and `after`. */
  putBeside(side: 'before' | 'after', anchor: string, entry: Entry): void {
    const index = this.#entries.findIndex(({ name }) => name === anchor)
    if (index < 0) return
    this.#observe('inserted beside')
    this.#insert(entry, side === 'before' ? index : index + 1, 'beside')
  }

  remove(name: string): void {
    this.removeEntry(this.#find(name))
  }

  removeEntry(entry: Entry | undefined): void {
    this.#entries = this.#entries.filter((candidate) => candidate !== entry)
  }

  #find(name: string): Entry | undefined {
    return this.#entries.find((entry) => entry.name === name)
  }

  /**
   * What is put before the present entry of a walk waits for the next message, what comes after it takes part. What a walk
   * has done with always stands together at the front, the present entry last.
   */
  #insert(entry: Entry, index: number, place: 'first' | 'last' | 'beside'): void {
    const before = this.#entries.slice(0, index)
    const after = this.#entries.slice(index)
    for (const { present, done, unclear } of this.#passes) {
      if (place === 'first' || after.some((following) => done.has(following))) done.add(entry)
      else if (place === 'beside' && before.every((each) => done.has(each)) && before.at(-1) !== present) {
        unclear.add(entry)
      }
    }
    this.#entries = [...before, entry, ...after]
  }

  /** Process API 6.3. */
  *walk(message: ModelMessage): Run<void> {
    const pass: Pass = { present: undefined, done: new Set(), unclear: new Set() }
    this.#passes.add(pass)
    try {
      for (;;) {
        const entry = this.#entries.find((candidate) => !pass.done.has(candidate))
        if (entry === undefined) break
        if (pass.unclear.has(entry)) throw new UnspecifiedError('put where the present entry stood')
        pass.present = entry
        pass.done.add(entry)
        if (entry.name === '_default') continue
        const meaning = meaningOf(yield* entry.pattern(message))
        this.#observe(meaning)
        if (meaning !== 'skip') yield* this.#run(entry, message)
        if (meaning === 'break') return
      }
      const last = this.#find('_default')
      // What is taken out during a pass is left out.
      if (last === undefined) return
      yield* this.#run(last, message)
    } finally {
      this.#passes.delete(pass)
    }
  }

  *#run(entry: Entry, message: ModelMessage): Run<void> {
    try {
      yield* entry.handle(message, entry)
    } catch (error) {
      if (error instanceof LuaError) error.throughHandle = true
      throw error
    }
    if (typeof entry.maxRuns !== 'number') return
    entry.maxRuns -= 1
    if (entry.maxRuns !== 0) return
    this.#observe('last run')
    this.removeEntry(entry)
  }
}
