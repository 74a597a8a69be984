import { LoomError } from '../protocol/loom-error.ts'

export interface LoaderErrorInfo {
  readonly code: 'LOADER_MEMORY_UNKNOWN'
  /** What kind of value was given: `Uint8Array`. */
  readonly given: string
}

/** Something is wrong with the call. What a process answers, or fails with, is never an instance of this. */
export class LoaderError extends LoomError<LoaderErrorInfo> {
  override readonly name = 'LoaderError'

  constructor(info: LoaderErrorInfo) {
    super(
      'The memory of a process must be the Memory of an earlier result of this loader, or null; ' +
        `a value of the kind ${info.given} was given. Bytes cannot be read: send the messages again that led to them.`,
      info,
    )
  }
}
