import { createHash } from 'node:crypto'
import { VmError } from './errors.ts'
import type { Evaluation, Inspection, Snapshot, Vm } from './types.ts'

const noMarks = { low: 0, high: 0, stackLow: 0, stackPointer: 0, memorySizeBytes: 0 }

/**
 * Stands in for a process whose module cannot be loaded: every message fails with the reason (I4).
 *
 * A rejection follows from the module alone, so it is a result like any other, the same on every machine.
 */
export class RejectedVm implements Vm {
  readonly #reason: string

  constructor(reason: string) {
    this.#reason = reason
  }

  evaluate(): Evaluation {
    return { ok: false, error: this.#reason, gasUsed: 0 }
  }

  dryRun(): Evaluation {
    return this.evaluate()
  }

  fork(): RejectedVm {
    return this
  }

  copy(): RejectedVm {
    return this
  }

  inspect(): Inspection {
    throw new VmError({ code: 'VM_STATE_UNREADABLE', reason: this.#reason })
  }

  readonly memoryBytes = 0

  snapshot(): Snapshot {
    return { marks: noMarks, pages: new Map(), sizeBytes: 0, ownSizeBytes: 0 }
  }

  stateHash(): string {
    return createHash('sha256').update(this.#reason).digest('hex')
  }

  close(): void {}
}
