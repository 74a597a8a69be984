import type { NetworkEvent } from './types.ts'

/** Carries what the rooms report to whoever listens: logs, streams, metrics. Never part of a unit's own work. */
export class EventBus {
  readonly #listeners = new Set<(event: NetworkEvent) => void>()

  publish(event: NetworkEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  subscribe(listener: (event: NetworkEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
