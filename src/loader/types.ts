/**
 * As loose as in the loader that suites were written for: they read fields without asking whether they are there, and
 * call memory an `ArrayBuffer`. Those in TypeScript shall compile as they are.
 */
// biome-ignore lint/suspicious/noExplicitAny: the reason is above
type Unchecked = any

/** Options that are not listed are accepted and do nothing. */
export interface AoLoaderOptions {
  /**
   * Most gas for one message, as a number or its text; above the engine's limit of 10,000,000,000 it does not matter.
   *
   * @default 10,000,000,000, some 10 seconds
   */
  readonly computeLimit?: number | string | undefined
  /**
   * Most memory of the process in bytes, as a number or its text; at most 1 GiB.
   *
   * @default 268,435,456 (256 MiB)
   */
  readonly memoryLimit?: number | string | undefined
  /**
   * Errors explain themselves, and `Output.hints` points out mistakes (docs/development-mode.md). Texts then differ from those of
   * the public network.
   *
   * @default false
   */
  readonly development?: boolean | undefined
  readonly [option: string]: unknown
}

/** What a message led to. Process API 1.2 and 1.3. */
export interface AoResult {
  /** The state after the message, for any number of later calls. Opaque: it has no bytes to look at. */
  readonly Memory: Unchecked
  /** What a failed message failed with, mostly text. `Output` and the lists are undefined then. */
  readonly Error: Unchecked
  /** `{ data, prompt, print?, test? }`. */
  readonly Output: Unchecked
  readonly Messages: Unchecked
  readonly Spawns: Unchecked
  readonly Assignments: Unchecked
  /** A list, empty unless the process answers with one. */
  readonly Patches: Unchecked
  /** Gas the message used: about one unit for each instruction. The same in every run. */
  readonly GasUsed: number
}

/**
 * Evaluates one message. Process API 1.2.
 *
 * @param memory - `Memory` of an earlier result, also of another handle: the message is evaluated in that state. Null
 *   or undefined: in the state that the call before has left, also one that rejected; at first in that of a new process.
 * @param message - Process API 2.1. Copied as JSON, never changed.
 * @param environment - Process API 2.2. Copied as JSON, never changed.
 * @returns The result, also when the process failed: see `Error`.
 * @throws {string} When the message failed outside the handlers (Process API 15, class E), ran out of gas, or trapped.
 * @throws {LoaderError} `LOADER_MEMORY_UNKNOWN`.
 */
export type AoHandle = (memory: unknown, message: object, environment: object) => Promise<AoResult>
