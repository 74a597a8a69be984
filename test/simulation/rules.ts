import type { ProcessId } from '../../src/protocol/ids.ts'
import type { Observations } from './clients.ts'
import type { Plan } from './plan.ts'
import type { StoreRecord } from './record.ts'
import type { Replayed } from './replay.ts'

/** `I1` … `I9`: docs/architecture.md. `P3`: what was told holds. `rest`: the network comes to rest. */
export type Rule = 'I1' | 'I2' | 'I3' | 'I3 order' | 'I4' | 'I5' | 'I6' | 'I9' | 'P3' | 'rest' | 'answers'

export interface Violation {
  readonly rule: Rule
  readonly text: string
}

/** What is held to the rules. */
export interface History {
  readonly record: StoreRecord
  readonly seen: Observations
  readonly replayed: ReadonlyMap<ProcessId, Replayed>
  /** Hashes that the network gave when all was done. */
  readonly stateHashes: ReadonlyMap<ProcessId, string>
  /** Causes of outbox entries that were sent again after they had been dead. */
  readonly revived: ReadonlySet<string>
  readonly chainLimits: Plan['chainLimits']
  /** Faults that may have cut deliveries in two. */
  readonly faultCount: number
  /** Whether signatures are verified: it takes longer than everything else. */
  readonly verifiesSignatures: boolean
}

export type Report = (rule: Rule, text: string) => void
