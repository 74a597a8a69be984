import type { NetworkGround } from '../../src/network/network.ts'
import { composeNetwork } from '../../src/network/network.ts'
import type { Logger, Network, NetworkOptions } from '../../src/network/types.ts'
import type { SimulatedDisk } from './disk.ts'
import type { Speeds } from './plan.ts'
import type { Random } from './random.ts'
import { type EvaluatorPool, SimulatedThread } from './thread.ts'
import { Lifetime, type World } from './world.ts'

/** From one start of the node to its end. */
export interface Run {
  readonly network: Network
  readonly lifetime: Lifetime
}

export interface NodeOptions {
  readonly world: World
  readonly random: Random
  readonly speeds: Speeds
  readonly disk: SimulatedDisk
  readonly pool: EvaluatorPool
  readonly ground: Pick<NetworkGround, 'signerSeed'> & Partial<NetworkGround>
  readonly options: Pick<NetworkOptions, 'hotMemoryBytes' | 'chainDepthMax' | 'chainEntriesMax'>
  extraThreadMs(): number
  hostFailsAfter(): number | undefined
}

/** The whole network, again and again: it crashes, and starts on what the disk has. */
export class SimulatedNode {
  /** The run that takes requests. */
  current: Run | undefined
  startCount = 0
  threadDeathCount = 0
  /** What must not happen to a node. */
  readonly problems: string[] = []
  readonly #options: NodeOptions
  #lifetime = new Lifetime()
  #threads: readonly SimulatedThread[] = []
  #stopping: Promise<void> | undefined

  constructor(options: NodeOptions) {
    this.#options = options
    this.#lifetime.end()
  }

  get isUp(): boolean {
    return this.current !== undefined
  }

  start(): void {
    const { world, disk, speeds, random, pool, ground, options, extraThreadMs, hostFailsAfter } = this.#options
    if (!this.#lifetime.ended) return
    const lifetime = new Lifetime()
    this.#lifetime = lifetime
    this.startCount += 1
    const name = `run ${this.startCount}`
    world.note(`the node starts (${name})`)
    const threads = Array.from({ length: speeds.threads }, (_, index) => {
      const own = random.fork(`${name} thread ${index}`)
      const common = { world, speeds, lifetime, pool, index, extraMs: extraThreadMs, failsAfter: hostFailsAfter }
      return new SimulatedThread({ ...common, random: own })
    })
    this.#threads = threads
    const composed = composeNetwork(
      { ...ground, store: disk.mount(lifetime), threads, clock: world.clockFor(lifetime) },
      { ...options, log: this.#logger(lifetime) },
    )
    composed.then(
      (network) => {
        if (lifetime.ended) return
        world.note(`the node is up (${name})`)
        this.current = { network, lifetime }
      },
      (error: unknown) => {
        if (lifetime.ended) return
        // As in the command: a node that cannot start ends, and somebody starts it again.
        world.note(`the node cannot start: ${String(error)}`)
        this.crash(random.magnitude(500, 20_000))
      },
    )
  }

  /** The node is gone at once. It starts again after so long. */
  crash(downMs: number, keepsWrite = false): void {
    if (this.#lifetime.ended) return
    this.#options.world.note('the node is gone')
    this.#end(keepsWrite)
    this.#startAfter(downMs)
  }

  /** The node is stopped in order, and starts again after so long. */
  async restart(downMs: number): Promise<void> {
    if (this.current === undefined) return
    await this.stop()
    this.#startAfter(downMs)
  }

  /** Resolves when the node has closed; never, when it crashes meanwhile. */
  async stop(): Promise<void> {
    const run = this.current
    if (run === undefined) return this.#stopping
    this.#options.world.note('the node is stopped')
    this.current = undefined
    this.#stopping = run.network.close().catch((error: unknown) => {
      this.problems.push(`close() failed: ${stackOf(error)}`)
    })
    await this.#stopping
    if (run.lifetime.ended) return
    this.#options.world.note('the node has stopped')
    this.#end()
  }

  killThread(index: number): void {
    if (this.#lifetime.ended) return
    this.threadDeathCount += 1
    this.#threads[index % this.#threads.length]?.die()
  }

  /** Gives back what the host has lent. */
  dispose(): void {
    this.#end()
  }

  #end(keepsWrite = false): void {
    this.current = undefined
    this.#lifetime.end()
    this.#options.disk.unmount(keepsWrite).catch((error: unknown) => this.problems.push(stackOf(error)))
    for (const thread of this.#threads) thread.dispose()
    this.#threads = []
  }

  #startAfter(downMs: number): void {
    this.#options.world.after(downMs, 'start', () => this.start())
  }

  #logger(lifetime: Lifetime): Logger {
    const { world } = this.#options
    const tell = (values: object, text: string): void => {
      if (!lifetime.ended) world.note(`the node says: ${text} ${JSON.stringify(values)}`)
    }
    return { debug() {}, info() {}, warn: tell, error: tell }
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
