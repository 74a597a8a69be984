import type { Tag } from '../protocol/types.ts'
import type { StatePath } from './state-path.ts'

/** A JSON value as processes may put it into tags and data. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** What a process is told about itself and its module, once, before its first message. Process API 2.2. */
export interface VmEnvironment {
  readonly process: VmIdentity
  readonly module: VmIdentity
  /** Errors explain themselves, and mistakes are pointed out. Recorded at nonce 0, since results depend on it (I2). */
  readonly development?: boolean | undefined
  /** Files that the process can read, by absolute path. */
  readonly files?: ReadonlyMap<string, Uint8Array> | undefined
}

export interface VmIdentity {
  readonly id: string
  readonly owner: string
  readonly tags: readonly Tag[]
}

/** A message as a process sees it. Process API 2.1; identity rules: wire protocol 4.5. */
export interface VmMessage {
  /** Absent on cron messages. */
  readonly id?: string | undefined
  readonly target: string
  readonly from: string
  readonly owner: string
  readonly data?: Uint8Array | string | undefined
  readonly anchor?: string | undefined
  readonly forwardedBy?: string | undefined
  readonly hashChain?: string | undefined
  readonly timestampMs: number
  readonly blockHeight: number
  readonly nonce?: number | undefined
  readonly epoch?: number | undefined
  readonly cron: boolean
  readonly readOnly: boolean
  readonly tags: readonly Tag[]
}

/** `Data` of an outgoing message: text, bytes that are not UTF-8, or another JSON value. Undefined: absent. */
export type OutgoingData = JsonValue | Uint8Array | undefined

export interface OutgoingTag {
  readonly name: string
  /** Undefined when the process gave something that has no value, such as a function. */
  readonly value: JsonValue | undefined
}

/** Wire protocol 7.1, `Messages[]`. */
export interface OutgoingMessage {
  readonly target: JsonValue | undefined
  readonly data: OutgoingData
  readonly anchor: JsonValue | undefined
  readonly tags: readonly OutgoingTag[]
}

/** Wire protocol 7.1, `Spawns[]`. */
export interface OutgoingSpawn {
  readonly data: OutgoingData
  readonly anchor: JsonValue | undefined
  readonly tags: readonly OutgoingTag[]
}

export interface EvaluationOutput {
  readonly data: OutgoingData
  readonly prompt: JsonValue | undefined
  readonly print: boolean
  readonly test: string | undefined
  /** What looks like a mistake, in development mode; each is told once. */
  readonly hints: readonly string[]
}

/** The outcome of one message. A failed one left the state as it was (I4). */
export type Evaluation =
  | {
      readonly ok: true
      readonly output: EvaluationOutput
      readonly messages: readonly OutgoingMessage[]
      readonly spawns: readonly OutgoingSpawn[]
      readonly assignments: readonly JsonValue[]
      readonly gasUsed: number
    }
  | { readonly ok: false; readonly error: JsonValue; readonly gasUsed: number }

/** What belongs to a state besides its pages: numbers that the engine restores with them. */
export interface SnapshotMarks {
  /** First address that may be non-zero above static data, and the program break. */
  readonly low: number
  readonly high: number
  readonly stackLow: number
  readonly stackPointer: number
  readonly memorySizeBytes: number
}

/** Immutable copy of a process's state: the non-zero pages of its memory. */
export interface Snapshot {
  readonly marks: SnapshotMarks
  /** By page number. Pages that are as in the template are the template's own; none is ever written again. */
  readonly pages: ReadonlyMap<number, Uint8Array>
  /** Of all pages. */
  readonly sizeBytes: number
  /** Of the pages that are not the template's: what this snapshot costs. */
  readonly ownSizeBytes: number
}

/** What one process may use. All of it follows from the log, never from the host (I2). */
export interface VmLimits {
  readonly gasPerMessage: number
  readonly memoryBytes: number
}

/** How much of a state is written at most. */
export interface InspectionBounds {
  /** Entries of each table. */
  readonly entriesMax: number
  /** Tables in tables. */
  readonly depthMax: number
  /** Length of the text; some more for closing it. */
  readonly lengthMax: number
  /** Entries looked at, written or not: to know the first of a table, all are. Default 4,000,000, some 4 s. */
  readonly scanMax?: number | undefined
}

/** A value of a state, as docs/time-travel.md writes it. */
export interface Inspection {
  readonly json: string
  /** False when the bounds left something out; the text says where. */
  readonly isComplete: boolean
}

/** Evaluates messages against the state of one process. Not safe for concurrent use. */
export interface Vm {
  /** Evaluates and keeps the new state; a message that fails is undone. */
  evaluate(message: VmMessage): Evaluation
  /** Evaluates and gives the state back as it was (I5). */
  dryRun(message: VmMessage): Evaluation
  /** Another process in this one's state, which is told its own environment; this one stays as it is. */
  fork(environment: VmEnvironment, limits: VmLimits): Vm
  /**
   * Reads a value of the state; nothing of the process runs (I5). What is not there is `null`.
   *
   * @throws {VmError} `VM_STATE_UNREADABLE` when the module was rejected, or has damaged its memory;
   *   `VM_STATE_TOO_LARGE` beyond `scanMax`.
   */
  inspect(path: StatePath, bounds: InspectionBounds): Inspection
  /** The same process in the same state, which goes its own way from here. */
  copy(): Vm
  snapshot(): Snapshot
  /** Of its linear memory. */
  readonly memoryBytes: number
  /** Merkle root over the pages of the state, hex. Equal states have equal hashes on every machine (I2). */
  stateHash(): string
  /** Gives the instance back. */
  close(): void
}
