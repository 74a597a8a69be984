import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { ProcessId } from '../../protocol/ids.ts'
import type { Lease, Store, StoreClock } from '../types.ts'
import { spawnOf } from './requests.fixture.ts'

/** Makes an empty store that reads the given clock. `dispose` closes it and removes what it left. */
export type CreateStore = (clock: StoreClock) => Promise<{ readonly store: Store; dispose(): Promise<void> }>

/** A clock that stands still until it is told. */
export class TestClock implements StoreClock {
  #nowMs = 1_000_000

  now(): number {
    return this.#nowMs
  }

  advance(byMs: number): void {
    this.#nowMs += byMs
  }
}

export interface Bench {
  readonly store: Store
  readonly clock: TestClock
}

/** A fresh store, closed when the test ends. */
export async function open(create: CreateStore): Promise<Bench> {
  const clock = new TestClock()
  const { store, dispose } = await create(clock)
  onTestFinished(dispose)
  return { store, clock }
}

/** One store for a table of cases that only read. Call it within `describe`; the answer is for use within tests. */
export function openShared(create: CreateStore, fill: (store: Store) => Promise<void>): () => Store {
  let made: Awaited<ReturnType<CreateStore>> | undefined
  beforeAll(async () => {
    made = await create(new TestClock())
    await fill(made.store)
  })
  afterAll(() => made?.dispose())
  return () => {
    if (made === undefined) throw new Error('The shared store exists within tests only.')
    return made.store
  }
}

/** Spawns the process and takes its lease, for an hour. */
export async function spawnAndLease(store: Store, processId: ProcessId, workerId = 'worker'): Promise<Lease> {
  await store.append([spawnOf(processId)])
  return await lease(store, processId, workerId)
}

/** Takes the lease for an hour, or fails. */
export async function lease(store: Store, processId: ProcessId, workerId = 'worker'): Promise<Lease> {
  const [taken] = await store.acquire({ workerId, ttlMs: 3_600_000, max: 1, processIds: [processId] })
  if (taken === undefined) throw new Error(`No lease for ${processId}.`)
  return taken
}
