/**
 * What a fuzz case is: a list of messages, some of which carry a program. Plain data, so that it can be generated, shrunk,
 * rendered as Lua (`pipeline-lua.ts`) and run by the model (`pipeline-model.ts`).
 *
 * @module
 */
import type { Tag } from '../../src/protocol/types.ts'
import type { JsonValue, VmEnvironment, VmMessage } from '../../src/vm/types.ts'

export const processId = 'PROCESS'
export const owner = 'OWNER'
/** The wallet that the process trusts to push messages of other processes. */
export const authority = 'AUTHORITY'

/** Who a message is from: its address, and the wallet that signed or pushed it. Process API 2.1. */
export const senders = {
  owner: { from: owner, owner },
  alice: { from: 'ALICE', owner: 'ALICE' },
  bob: { from: 'Bob-Process', owner: authority },
  self: { from: processId, owner: authority },
  mallory: { from: 'MALLORY-PROCESS', owner: 'MALLORY' },
} as const

export type SenderName = keyof typeof senders

const moduleId = 'MODULE'

export const environment: VmEnvironment = {
  process: {
    id: processId,
    owner,
    tags: [
      { name: 'Module', value: moduleId },
      { name: 'Authority', value: authority },
    ],
  },
  module: { id: moduleId, owner, tags: [] },
}

/** The first message of every case's process. */
export const processMessage: VmMessage = {
  id: processId,
  target: processId,
  from: owner,
  owner,
  data: '',
  timestampMs: 1,
  blockHeight: 999,
  nonce: 0,
  cron: false,
  readOnly: false,
  tags: [{ name: 'Type', value: 'Process' }, ...environment.process.tags],
}

export interface PipelineCase {
  readonly messages: readonly CaseMessage[]
}

export interface CaseMessage {
  readonly sender: SenderName
  /** Whether it names another recipient, as an assigned message does. Process API 2.8. */
  readonly assigned: boolean
  readonly tags: readonly Tag[]
  /** Text, a program (rendered as Lua, for Eval), or nothing. */
  readonly data: string | Program | undefined
  readonly answers: Answer | undefined
}

/** Makes a message the answer to an earlier sent one, if there is one. */
export interface Answer {
  /** Which: 0 the latest, 1 the one before, and so on. */
  readonly back: number
  /** Whether it comes from where that one was sent to; else from the sender of the case. */
  readonly isFromTarget: boolean
}

/** The code of an Eval: its steps, then what it returns. */
export interface Program {
  readonly steps: readonly Step[]
  readonly returns: readonly Verdict[]
}

/** A value of Lua: undefined is nil, and `{}` a table. */
export type Verdict = boolean | number | string | undefined | Readonly<Record<string, never>>

/** The message that the surrounding handle was called with (in an Eval: the last of the Inbox), or last waited for. */
export type Subject = 'msg' | 'received'

export type Step =
  | { readonly do: 'print'; readonly value: Expression }
  | { readonly do: 'set'; readonly of: Subject; readonly key: string; readonly value: string }
  | { readonly do: 'when'; readonly of: Subject; readonly key: string; readonly is: string; readonly steps: Steps }
  | {
      readonly do: 'send'
      readonly by: 'ao.send' | 'Send'
      readonly fields: SendFields
      readonly then: Then | undefined
    }
  | { readonly do: 'reply'; readonly to: Subject; readonly fields: SendFields; readonly then: Then | undefined }
  | { readonly do: 'forward'; readonly of: Subject; readonly target: string; readonly fields: SendFields | undefined }
  | { readonly do: 'assign'; readonly to: string }
  | { readonly do: 'receive'; readonly pattern: Pattern }
  | { readonly do: 'receiveInSort'; readonly pattern: Pattern }
  | { readonly do: 'register'; readonly registration: Registration }
  | { readonly do: 'remove'; readonly name: string; readonly by: 'Handlers' | 'table' }
  | { readonly do: 'error'; readonly kind: 'text' | 'bare' | 'table'; readonly text: string }
  | { readonly do: 'pcall'; readonly steps: Steps }
  | { readonly do: 'coroutine'; readonly steps: Steps }
  | { readonly do: 'evaluate'; readonly message: Subject | InnerMessage }
  | { readonly do: 'fail'; readonly text: string }
  | { readonly do: 'authorities'; readonly add: string | undefined }
  | { readonly do: 'addAssignable'; readonly name: string | undefined; readonly pattern: Pattern }
  | { readonly do: 'removeAssignable'; readonly which: string | number }
  | { readonly do: 'emptyInbox' }

export type Steps = readonly Step[]

export type Expression =
  | { readonly text: string }
  | { readonly of: Subject; readonly key: string }
  | { readonly of: Subject; readonly tag: string }
  | { readonly whole: Subject }
  | { readonly global: 'time' | 'inbox' | 'list' | 'onceNonce' | 'reference' | 'waiting' }

/** A message that user code makes itself and hands to `Handlers.evaluate`: no `reply`, no `forward`. */
export interface InnerMessage {
  readonly action: string
  readonly data: string | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** The table that goes to `ao.send`, `Send`, `msg.reply`, `msg.forward`. */
export interface SendFields {
  /** Everything but `Tags`. */
  readonly root: Readonly<Record<string, JsonValue>>
  readonly tags?: undefined | { readonly shape: 'array' | 'map'; readonly tags: readonly Tag[] }
}

/** The texts that messages carry, and what they are as Lua, should they be evaluated: no code, or a value. */
export const dataTexts: Readonly<
  Record<string, { readonly compiles: false } | { readonly compiles: true; readonly value: Verdict }>
> = {
  '': { compiles: true, value: undefined },
  ping: { compiles: true, value: undefined },
  A1: { compiles: true, value: undefined },
  null: { compiles: true, value: undefined },
  text: { compiles: true, value: undefined },
  '"text"': { compiles: true, value: 'text' },
  true: { compiles: true, value: true },
  '5': { compiles: true, value: 5 },
  '12': { compiles: true, value: 12 },
  '{"a":1}': { compiles: false },
  '[1,2]': { compiles: false },
  'a text of more than twenty bytes': { compiles: false },
}

/** What is done with the answer: waited for, or left to a one-time handler. Process API 5.2. */
export type Then =
  | { readonly do: 'receive'; readonly from: string | undefined }
  | { readonly do: 'onReply'; readonly from: string | undefined; readonly handle: Handle }

/** One call of a function that registers a handler. Process API 6.1. */
export type Registration =
  | {
      readonly by: 'add' | 'append' | 'prepend'
      readonly name: string
      /** Undefined: the form with two arguments. */
      readonly pattern: Pattern | undefined
      readonly handle: Handle
      readonly maxRuns?: MaxRuns
    }
  | { readonly by: 'once'; readonly name: string | undefined; readonly pattern: Pattern; readonly handle: Handle }
  | {
      readonly by: 'before' | 'after'
      readonly anchor: string
      readonly name: string
      readonly pattern: Pattern
      readonly handle: Handle
      readonly maxRuns?: MaxRuns
    }
  /** `table.insert` by user code. */
  | {
      readonly by: 'table'
      readonly at: 'first' | 'last'
      readonly name: string
      readonly pattern: Pattern
      readonly steps: Steps
    }

export type MaxRuns = number | 'inf' | undefined

export type Pattern =
  | { readonly is: 'action'; readonly action: string }
  | { readonly is: 'table'; readonly keys: Readonly<Record<string, ValuePattern>> }
  | FunctionPattern
  | { readonly is: 'continue'; readonly pattern: Pattern }
  | { readonly is: 'hasMatchingTag'; readonly name: string; readonly value: string }
  | { readonly is: 'hasMatchingData'; readonly value: string }

/** Steps, then the verdict: `verdict` if the field `key` of the message is `value`, else `otherwise`. */
export interface FunctionPattern {
  readonly is: 'function'
  readonly steps: Steps
  readonly key: string
  readonly value: string
  readonly verdict: Verdict
  readonly otherwise: Verdict
}

/** Process API 7, `Utils.matchesPattern`. */
export type ValuePattern =
  /** A string. `regex` says what it means when it is a Lua pattern: for the lower-cased text, case-sensitive. */
  | { readonly is: 'text'; readonly text: string; readonly regex?: string }
  | { readonly is: 'constant'; readonly value: boolean | number }
  | { readonly is: 'any'; readonly of: readonly ValuePattern[] }
  /** A function that compares the value, or `msg.Data`, and gives the verdict if it is equal, else nil. */
  | { readonly is: 'function'; readonly compares: 'value' | 'data'; readonly with: string; readonly verdict: Verdict }
  | { readonly is: 'error'; readonly text: string }

export type Handle =
  | { readonly is: 'steps'; readonly steps: Steps }
  | { readonly is: 'resolver'; readonly cases: readonly ResolverCase[] }
  | { readonly is: 'reply'; readonly input: string | SendFields }

/** Process API 6.4. Function patterns have no steps here, and boolean verdicts: the order of the keys is open. */
export interface ResolverCase {
  readonly pattern: Pattern
  readonly steps: Steps
}
