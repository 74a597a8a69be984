import { setImmediate } from 'node:timers'
import type { Clock } from '../../src/store/clock.ts'

/** The span in which something runs. When it ends, its tasks are dropped and whatever waits in it waits for ever. */
export class Lifetime {
  #ended = false
  #end: () => void = () => undefined
  /** Resolves at the end. */
  readonly whenEnded: Promise<void> = new Promise((resolve) => {
    this.#end = resolve
  })

  get ended(): boolean {
    return this.#ended
  }

  end(): void {
    this.#ended = true
    this.#end()
  }
}

interface Task {
  readonly timeMs: number
  readonly order: number
  readonly label: string
  readonly lifetime: Lifetime | undefined
  work(): void
}

/** Something that happened, for people. */
export interface Note {
  readonly timeMs: number
  readonly text: string
}

export interface WorldOptions {
  /** Told of each note as it comes, and of each task before it runs. */
  readonly onNote?: ((note: Note) => void) | undefined
  readonly onTask?: ((note: Note) => void) | undefined
}

/** A history that needs more tasks than this does not come to rest. */
const tasksMax = 100_000

/** When simulated time begins: 2025-01-01, UTC. */
const startMs = 1_735_689_600_000

/**
 * Simulated time. Everything that takes time is a task; one task runs after another, in the order of their times, and the
 * next begins when all promises that the one before has moved have settled down. Two runs of the same tasks are the same
 * run.
 */
export class World {
  readonly notes: Note[] = []
  readonly #options: WorldOptions
  readonly #tasks = new TaskQueue()
  #timeMs = 0
  #skewMs = 0
  #taskCount = 0
  #digest = 0x811c9dc5
  #digestHigh = 0x01000193

  constructor(options: WorldOptions = {}) {
    this.#options = options
  }

  /** Milliseconds since the beginning. */
  get timeMs(): number {
    return this.#timeMs
  }

  get taskCount(): number {
    return this.#taskCount
  }

  /** Time of day, as the machine has it: it can be set. */
  now(): number {
    return startMs + Math.floor(this.#timeMs + this.#skewMs)
  }

  /** Somebody sets the machine's clock. */
  jump(byMs: number): void {
    this.#skewMs += byMs
  }

  after(delayMs: number, label: string, work: () => void, lifetime?: Lifetime): void {
    this.#tasks.push(this.#timeMs + Math.max(0, delayMs), label, lifetime, work)
  }

  sleep(ms: number, label: string, lifetime?: Lifetime): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, label, resolve, lifetime)
    })
  }

  /** The clock of something that may end: then its timers are no more. */
  clockFor(lifetime: Lifetime): Clock {
    return {
      now: () => this.now(),
      delay: (ms) => this.sleep(ms, 'delay', lifetime),
      every: (ms, work) => {
        const timer = new Lifetime()
        const tick = (): void => {
          if (lifetime.ended) return
          this.after(ms, 'every', tick, timer)
          work()
        }
        this.after(ms, 'every', tick, timer)
        return () => timer.end()
      },
    }
  }

  /** Whether a history was ended because it had more tasks than any that comes to rest. */
  get hasTooManyTasks(): boolean {
    return this.#taskCount > tasksMax
  }

  /** Runs tasks until there is nothing more to wait for. @returns false when that is not so in time. */
  async run(isDone: () => boolean, limitMs: number): Promise<boolean> {
    while (!isDone()) {
      const task = this.#tasks.first
      if (task === undefined || task.timeMs > limitMs || this.hasTooManyTasks) return false
      this.#tasks.pop()
      if (task.lifetime?.ended === true) continue
      this.#taskCount += 1
      this.#timeMs = task.timeMs
      this.#mix(task.label)
      this.#mixNumber(task.timeMs)
      this.#options.onTask?.({ timeMs: task.timeMs, text: task.label })
      task.work()
      await settled()
    }
    return true
  }

  /** Tells people what happened. Part of the digest. */
  note(text: string): void {
    const note = { timeMs: this.#timeMs, text }
    this.notes.push(note)
    this.#mix(text)
    this.#options.onNote?.(note)
  }

  /** Of all that happened: equal for equal runs. */
  digest(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
    return hex(this.#digestHigh) + hex(this.#digest)
  }

  /** FNV-1a in two lanes. */
  #mix(text: string): void {
    for (let i = 0; i < text.length; i += 1) this.#mixNumber(text.charCodeAt(i))
  }

  #mixNumber(value: number): void {
    const whole = Math.floor(value * 1_024) | 0
    this.#digest = Math.imul(this.#digest ^ whole, 0x01000193)
    this.#digestHigh = Math.imul(this.#digestHigh ^ this.#digest, 0x85ebca6b) + 1
  }
}

/** `12.345 ms` with a fixed width. */
export function formatTime(timeMs: number): string {
  return `${timeMs.toFixed(3).padStart(12)} ms`
}

/**
 * Resolves when no promise can go on any more: immediates come after all microtasks, and nothing here waits for anything
 * outside of the simulation.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** A binary heap by time; tasks of the same time in the order they came. */
class TaskQueue {
  readonly #heap: Task[] = []
  #lastOrder = 0

  get first(): Task | undefined {
    return this.#heap[0]
  }

  push(timeMs: number, label: string, lifetime: Lifetime | undefined, work: () => void): void {
    const task: Task = { timeMs, order: ++this.#lastOrder, label, lifetime, work }
    const heap = this.#heap
    let index = heap.push(task) - 1
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || !isBefore(task, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = task
  }

  /** Takes the first one away. */
  pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      let child = heap[childIndex]
      const right = heap[childIndex + 1]
      if (right !== undefined && child !== undefined && isBefore(right, child)) {
        child = right
        childIndex += 1
      }
      if (child === undefined || !isBefore(child, last)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order)
}
