import { Evaluator } from '../../src/compute/evaluator.ts'
import { ModuleReader } from '../../src/compute/module-reader.ts'
import { loadState, type StateLoaderDependencies, toThreadEntry } from '../../src/compute/state-loader.ts'
import type { EvaluatedEntry, ThreadRequest } from '../../src/compute/thread-protocol.ts'
import type { ProcessId } from '../../src/protocol/ids.ts'
import { createEd25519Signer } from '../../src/protocol/signers.ts'
import type { LogEntry, Store } from '../../src/store/types.ts'
import { createLuaEngine, type LuaEngine } from '../../src/vm/lua/lua-vm.ts'

/** Takes what does not hold; the text begins with the invariant. */
export type ReportViolation = (text: string) => void

let engine: LuaEngine | undefined

/** Computes again what logs give, in this thread, from nothing. */
export class Replayer {
  readonly #report: ReportViolation
  readonly #evaluator: Evaluator
  readonly #loader: StateLoaderDependencies

  constructor(store: Store, signerSeed: Uint8Array, report: ReportViolation) {
    engine ??= createLuaEngine()
    const evaluator = new Evaluator(engine, createEd25519Signer(signerSeed))
    const handle = {
      onDeath: () => undefined,
      request: async (request: ThreadRequest) => evaluator.handle(request) as never,
      close: async () => undefined,
    }
    const known = new Set<string>()
    const thread = { handle, knowsModule: (id: string) => known.has(id), learnModule: (id: string) => known.add(id) }
    const warn = (values: object, text: string): void => report(`I2: ${text} ${JSON.stringify(values)}`)
    this.#report = report
    this.#evaluator = evaluator
    this.#loader = { store, modules: new ModuleReader(store), thread, log: { warn } }
  }

  /** I2 and I4. @returns what each entry gives. */
  async replay(log: readonly LogEntry[], liveStateHash: string | undefined): Promise<readonly EvaluatedEntry[]> {
    const processId = log[0]?.processId
    if (processId === undefined) return []
    const { store } = this.#loader
    const snapshots = new Set((await store.listCheckpoints(processId)).map(({ nonce }) => nonce))
    await loadState(this.#loader, { processId, beforeNonce: 0 })
    const evaluated: EvaluatedEntry[] = []
    for (const entry of log) {
      const request = { type: 'evaluate', processId, entries: [toThreadEntry(entry)] } as const
      evaluated.push(...(this.#evaluator.handle(request) as EvaluatedEntry[]))
      if (snapshots.has(entry.nonce)) await this.#checkSnapshot(processId, entry.nonce)
    }
    if (liveStateHash !== this.#stateHash(processId)) {
      this.#report(`I2: the state of ${processId} is not what its log gives`)
    }
    await this.#checkIsolation(processId, log)
    this.#evaluator.handle({ type: 'unload', processId })
    return evaluated
  }

  /** I4: without the messages that failed, the log must lead to the same state, which is loaded. */
  async #checkIsolation(processId: ProcessId, log: readonly LogEntry[]): Promise<void> {
    const { store } = this.#loader
    const results = await Promise.all(log.map(({ nonce }) => store.readResult(processId, nonce)))
    const entries = log.filter((_, index) => results[index]?.failed === false).map(toThreadEntry)
    if (entries.length === log.length) return
    const view = 'without failures'
    await loadState(this.#loader, { processId, beforeNonce: 0, view })
    this.#evaluator.handle({ type: 'replay', processId, view, entries })
    const isSame = this.#stateHash(processId, view) === this.#stateHash(processId)
    if (!isSame) this.#report(`I4: messages of ${processId} that failed changed its state`)
    this.#evaluator.handle({ type: 'unload', processId, view })
  }

  /** I2: it must lead to the state that the log leads to, which is loaded. */
  async #checkSnapshot(processId: ProcessId, nonce: number): Promise<void> {
    const view = 'from snapshot'
    const { checkpoint } = await loadState(this.#loader, { processId, beforeNonce: nonce + 1, view })
    const isSame = checkpoint === nonce && this.#stateHash(processId, view) === this.#stateHash(processId)
    if (!isSame) this.#report(`I2: the snapshot after ${processId}/${nonce} is not the state that the log gives`)
    this.#evaluator.handle({ type: 'unload', processId, view })
  }

  #stateHash(processId: ProcessId, view?: string): string {
    return this.#evaluator.handle({ type: 'state-hash', processId, view }) as string
  }
}
