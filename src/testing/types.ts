import type { Network } from '../network/types.ts'
import type { Address, ItemId, ProcessId } from '../protocol/ids.ts'
import type { Signer } from '../protocol/types.ts'

export interface TestNetworkOptions {
  /** Milliseconds since 1970; default `Date.now`. `createTestClock().now` makes time stand until the test moves it. */
  readonly now?: (() => number) | undefined
}

/** A key pair made of a name. */
export interface TestWallet {
  readonly name: string
  readonly address: Address
  readonly signer: Signer
}

/** Tags by name. Names may have any case: a process sees them in one spelling, such as `Reply-To`. */
export type TestTags = { readonly [name: string]: string }

export interface SpawnOptions {
  /** Owner of the process; default `wallet('owner')`. */
  readonly wallet?: TestWallet | undefined
  /** Blueprints of this package that the owner loads into the new process, in this order: `['token']`. */
  readonly blueprints?: readonly string[] | undefined
  /** Lua file that the owner loads after them, with the files that it requires: see {@link TestProcess.load}. */
  readonly file?: string | URL | undefined
  /** Lua that the owner evaluates after that, as `loom eval` would. */
  readonly code?: string | undefined
  /** Further tags of the process item; `Name` shows in the prompt. */
  readonly tags?: TestTags | undefined
  /** Data of the process item. */
  readonly data?: string | undefined
}

export interface ForkOptions {
  /** The fork begins with the state after the message with this nonce; default: after the last. */
  readonly at?: number | undefined
  /** Owner of the fork; default: the owner of the process. */
  readonly wallet?: TestWallet | undefined
  /** Default: the name of the process. */
  readonly name?: string | undefined
  /** Lua that the fork evaluates as its first message. */
  readonly code?: string | undefined
}

/** A message as a test writes it. */
export interface TestMessageDraft {
  /** Who signs it; default: the owner of the process. An address acts as whoever it is: a wallet of users, a process. */
  readonly from?: TestWallet | string | undefined
  /** Short for the tag `Action`. */
  readonly action?: string | undefined
  readonly tags?: TestTags | undefined
  readonly data?: string | undefined
}

/** A message as its recipient gets it. */
export interface TestMessage {
  /** The process or wallet that sent it. */
  readonly from: string
  readonly target: string
  /** The tag `Action`. */
  readonly action: string | undefined
  /** Tags by name; the first of a name, as `msg.Tags` has it. Includes those of the protocol, such as `Reference`. */
  readonly tags: TestTags
  /** Tables that a process sends are JSON text here. Empty data arrives as one space. */
  readonly data: string
}

/** What a message did. */
export interface TestEvaluation {
  /** What was printed, and for an Eval the value, without terminal colours. Empty when the message failed. */
  readonly output: string
  /** What went wrong, without terminal colours; undefined when the message succeeded. A failed message changed nothing. */
  readonly error: string | undefined
  /** What looks like a mistake in the process, each told once: text for people. */
  readonly hints: readonly string[]
  /** What the process sent, to anyone, in order. */
  readonly messages: readonly TestMessage[]
  /** The first of `messages` that goes to the sender. */
  readonly reply: TestMessage | undefined
  /** Number of processes that it asked to spawn. */
  readonly spawnCount: number
  readonly gasUsed: number
}

/** What a message did that stands in the log of its process. */
export interface TestResult extends TestEvaluation {
  /** Id of the message. */
  readonly id: ItemId
  readonly nonce: number
  /** `msg.Timestamp`, milliseconds since 1970. */
  readonly timestampMs: number
}

/** A message that a process has sent and that cannot be delivered. */
export interface UndeliverableMessage {
  /** The process that sent it. */
  readonly from: string
  readonly target: string
  readonly action: string | undefined
  readonly reason: string
}

/** A message in the `Inbox` of a process: no handler took it. */
export type InboxMessage = TestMessage & { readonly id: string | undefined }

/** A process of the test network. */
export interface TestProcess {
  readonly id: ProcessId
  readonly owner: TestWallet

  /**
   * Evaluates Lua in the process, as its owner. The value of an expression is in `output`.
   *
   * @throws {TestingError} `TESTING_EVAL_FAILED`: code of the test that fails would make the rest of it meaningless.
   */
  eval(code: string): Promise<TestResult>

  /**
   * Evaluates a Lua file in the process, as its owner, with every file that it requires: `require("lib.x")` is
   * `lib/x.lua` or `lib/x/init.lua` below the file's directory. Errors name file and line. Loading it again takes effect,
   * as an upgrade of a running process would.
   *
   * @param file - Absolute or from the working directory, or like `new URL('process.lua', import.meta.url)`.
   * @throws {ProjectError} `PROJECT_FILE_UNREADABLE` and other problems of the files themselves.
   * @throws {TestingError} `TESTING_EVAL_FAILED`
   */
  load(file: string | URL): Promise<TestResult>

  /**
   * Sends a message and resolves with its result, also when the process failed: see `error`. What the process sent in
   * turn may still be under way: {@link TestNetwork.idle}.
   *
   * @example
   * ```ts
   * const { reply, error } = await token.send({ from: alice, action: 'Transfer', tags: { Recipient: bob.address, Quantity: '5' } })
   * ```
   */
  send(message: TestMessageDraft): Promise<TestResult>

  /** What {@link send} would do now. Changes nothing, delivers nothing. */
  dryRun(message: TestMessageDraft): Promise<TestEvaluation>

  /**
   * Value of a Lua expression once the network is idle, read without changing anything.
   *
   * It travels as JSON: an empty table is `[]`, `nil` is undefined, integers above 14 digits lose digits (ask for
   * `tostring(x)`). `local` variables of the process's code are out of reach.
   *
   * @example `expect(await token.state('Balances')).toEqual({ [alice.address]: 5 })`
   * @throws {TestingError} `TESTING_STATE_UNREADABLE`: the expression fails, or has no JSON.
   */
  state(expression: string): Promise<unknown>

  /**
   * Value at a path of the state as it was after the message with that nonce; nothing of the process runs. Tables are objects
   * and lists, nothing is `null`; docs/time-travel.md says how paths and other values are written.
   *
   * @param path - Default: all globals that code of the process has made.
   * @example `expect(await token.stateAt(sent.nonce - 1, 'Balances.alice')).toBe('5')`
   * @throws {ComputeError} `COMPUTE_NONCE_UNKNOWN`; {VmError} `VM_PATH_INVALID`.
   */
  stateAt(nonce: number, path?: string): Promise<unknown>

  /**
   * A new process that begins with the state of this one, and from then on is on its own: docs/fork-and-rollback.md.
   *
   * @example
   * ```ts
   * const before = await token.fork({ at: 3 })
   * ```
   */
  fork(options?: ForkOptions): Promise<TestProcess>

  /** The `Inbox` once the network is idle, oldest first, without the message that made the process. */
  inbox(): Promise<readonly InboxMessage[]>
}

/** A whole AO network in memory, for one test file. */
export interface TestNetwork {
  /** The network itself, for everything this object has no word for. */
  readonly network: Network

  /** The wallet of that name; a name is the same wallet in every run. */
  wallet(name: string): TestWallet

  /**
   * Spawns a process of the built-in Lua library, and loads `blueprints`, `file` and `code` into it.
   *
   * @example
   * ```ts
   * const shop = await loom.spawn({ file: new URL('process.lua', import.meta.url) })
   * ```
   * @throws {ProjectError} when a blueprint or a file cannot be read.
   * @throws {TestingError} `TESTING_EVAL_FAILED` when the code fails.
   */
  spawn(options?: SpawnOptions): Promise<TestProcess>

  /** Messages that processes sent to a wallet, oldest first, once the network is idle; at most 1,000. */
  received(wallet: TestWallet): Promise<readonly TestMessage[]>

  /**
   * Remembers the present moment, to {@link revert} to, in less than a millisecond. Set up once, and go back before each test.
   *
   * @returns its id.
   */
  snapshot(): Promise<string>

  /** Takes the whole network back to a snapshot, its time included. What came after it is gone, later snapshots too. */
  revert(snapshot: string): Promise<void>

  /**
   * Makes messages from here on so much later. Goes well with `createTestClock`, or without.
   *
   * @returns the time now, milliseconds since 1970.
   */
  advanceClock(byMs: number): number

  /** What processes have sent and cannot be delivered, with the reason, once the network is idle; at most 1,000. */
  undeliverable(): Promise<readonly UndeliverableMessage[]>

  /** Resolves when every message is evaluated and everything that processes sent has arrived. */
  idle(): Promise<void>

  /** Ends the network. Idempotent. */
  close(): Promise<void>
}
