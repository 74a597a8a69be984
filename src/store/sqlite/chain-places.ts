import type { ProcessId } from '../../protocol/ids.ts'
import type { ChainPlace } from '../types.ts'

/** Entries of a generation. Two are remembered, at about 250 bytes an entry: what they cause mostly comes soon. */
const generationCount = 8_192

/** Where the latest entries stand in their chains. */
export class ChainPlaces {
  /** By process, then by nonce. */
  #young = new Map<ProcessId, Map<number, ChainPlace>>()
  #old: ReadonlyMap<ProcessId, Map<number, ChainPlace>> = new Map()
  #youngCount = 0

  get(processId: ProcessId, nonce: number): ChainPlace | undefined {
    return this.#young.get(processId)?.get(nonce) ?? this.#old.get(processId)?.get(nonce)
  }

  set(processId: ProcessId, nonce: number, place: ChainPlace): void {
    const known = this.#young.get(processId)
    if (known === undefined) this.#young.set(processId, new Map([[nonce, place]]))
    else known.set(nonce, place)
    this.#youngCount += 1
  }

  /** Takes back one of the latest `set`s. */
  delete(processId: ProcessId, nonce: number): void {
    if (this.#young.get(processId)?.delete(nonce) === true) this.#youngCount -= 1
  }

  /** Forgets what was set longest ago, but for the last `keptCount`. */
  trim(keptCount: number): void {
    if (this.#youngCount < Math.max(generationCount, keptCount)) return
    this.#old = this.#young
    this.#young = new Map()
    this.#youngCount = 0
  }

  clear(): void {
    this.#young = new Map()
    this.#old = new Map()
    this.#youngCount = 0
  }
}
