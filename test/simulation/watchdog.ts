import { Worker } from 'node:worker_threads'

let worker: Worker | undefined

/**
 * Ends this program with a word about the seed when its history takes a minute: promises that go round for ever
 * let nothing else run in their thread, so only another thread can tell.
 */
export function watch(seed: string): void {
  worker ??= new Worker(new URL('./watchdog.worker.ts', import.meta.url))
  worker.unref()
  worker.postMessage(seed)
}

/** The history has ended. */
export function unwatch(): void {
  worker?.postMessage(undefined)
}
