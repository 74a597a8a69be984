import type { ProcessId } from '../protocol/ids.ts'
import { LoomError } from '../protocol/loom-error.ts'

/** One thing that is not as the log says. */
export interface Difference {
  /** What was compared, in words: `result`, `state hash`, `hash chain`, … */
  readonly what: string
  /** What the log gives, or what the rules of a log ask for. */
  readonly expected: string
  /** What is there. */
  readonly got: string
}

export type ArchiveErrorInfo =
  | { readonly code: 'ARCHIVE_PROCESS_UNKNOWN'; readonly processId: ProcessId }
  | { readonly code: 'ARCHIVE_NOT_EVALUATED'; readonly processId: ProcessId }
  | {
      readonly code: 'ARCHIVE_NONCE_INVALID'
      readonly processId: ProcessId
      readonly given: number
      readonly last: number
    }
  | {
      readonly code: 'ARCHIVE_ITEM_MISSING'
      readonly processId: ProcessId
      readonly role: 'module' | 'boot item'
      readonly itemId: string
    }
  | { readonly code: 'ARCHIVE_FORMAT_INVALID'; readonly problem: string; readonly offset: number }
  | { readonly code: 'ARCHIVE_VERSION_UNKNOWN'; readonly found: number; readonly known: number }
  | { readonly code: 'ARCHIVE_ENGINE_OTHER'; readonly made: string; readonly here: string }
  | {
      readonly code: 'ARCHIVE_DIFFERS'
      readonly processId: ProcessId
      /** The first entry at which anything differs. */
      readonly nonce: number
      readonly differences: readonly Difference[]
    }
  | {
      readonly code: 'ARCHIVE_CONFLICT'
      readonly processId: ProcessId
      readonly nonce: number
      /** Ids of the assignments at that nonce. */
      readonly stored: string
      readonly given: string
    }
  | { readonly code: 'ARCHIVE_CERTIFICATE_INVALID'; readonly problem: string }
  | {
      readonly code: 'ARCHIVE_CERTIFICATE_DIFFERS'
      readonly field: string
      readonly certified: string
      readonly found: string
    }

export type ArchiveErrorCode = ArchiveErrorInfo['code']
type InfoOf<C extends ArchiveErrorCode> = Extract<ArchiveErrorInfo, { code: C }>

/** What happened, with the values, then what to do. A new code does not compile until it has a row here. */
const messages: { [C in ArchiveErrorCode]: (info: InfoOf<C>) => string } = {
  ARCHIVE_PROCESS_UNKNOWN: ({ processId }) =>
    `Process ${processId} is not here. Check the id, and name the node or the data directory that has it.`,
  ARCHIVE_NOT_EVALUATED: ({ processId }) =>
    `No message of process ${processId} has been evaluated yet. Start the node, wait for a result, and try again.`,
  ARCHIVE_NONCE_INVALID: ({ processId, given, last }) =>
    `${given} is not a nonce of process ${processId} that can be used here. Give 0 to ${last}.`,
  ARCHIVE_ITEM_MISSING: ({ processId, role, itemId }) =>
    `The ${role} ${itemId} of process ${processId} is missing, and nothing can be evaluated without it. Upload it.`,
  ARCHIVE_FORMAT_INVALID: ({ problem, offset }) =>
    `This is not a whole and unchanged export: ${problem} (byte ${offset}). Make it again with: loom export <process>`,
  ARCHIVE_VERSION_UNKNOWN: ({ found, known }) =>
    `The export has format version ${found}; this Loom knows ${known}. Use the Loom that made it, or a newer one.`,
  ARCHIVE_ENGINE_OTHER: ({ made, here }) =>
    `This was made by engine ${made}, and this Loom has ${here}, which may give other results. Use a Loom with ${made}.`,
  ARCHIVE_DIFFERS: ({ processId, nonce, differences }) =>
    [
      `Process ${processId} differs at nonce ${nonce}, and not before it:`,
      ...differences.map(({ what, expected, got }) => `  ${what}: expected ${expected}, got ${got}`),
    ].join('\n'),
  ARCHIVE_CONFLICT: ({ processId, nonce, stored, given }) =>
    `There is another log of process ${processId} in the data directory: assignment ${stored} stands at nonce ${nonce}, ` +
    `and the export has ${given}. Nothing was changed. Import it into another data directory.`,
  ARCHIVE_CERTIFICATE_INVALID: ({ problem }) => `This is not a certificate that can be trusted: ${problem}.`,
  ARCHIVE_CERTIFICATE_DIFFERS: ({ field, certified, found }) =>
    `The certificate does not hold for this history: its ${field} is ${certified}, and the history gives ${found}.`,
}

/** Histories that cannot be read, are not sound, or are not what somebody says they are. */
export class ArchiveError extends LoomError<ArchiveErrorInfo> {
  override readonly name = 'ArchiveError'

  constructor(info: ArchiveErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: ArchiveErrorInfo) => string
    super(message(info), info, options)
  }
}
