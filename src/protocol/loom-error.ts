/** What an error carries beside its text: a code from the room's closed set, and the values the code needs. */
export interface ErrorInfo {
  readonly code: string
}

/**
 * The base of every room's error class.
 *
 * `instanceof` fails across worker threads and double installs, so callers test `code`, which survives
 * {@link LoomError.toJSON} and structured cloning.
 */
export abstract class LoomError<Info extends ErrorInfo = ErrorInfo> extends Error {
  readonly info: Info

  constructor(message: string, info: Info, options?: ErrorOptions) {
    super(message, options)
    this.info = info
  }

  get code(): Info['code'] {
    return this.info.code
  }

  /** Shape for logs, HTTP bodies and worker messages: `{ name, code, message, info }`. */
  toJSON(): { name: string; code: string; message: string; info: Info } {
    return { name: this.name, code: this.info.code, message: this.message, info: this.info }
  }
}

/** The code of any error thrown by Loom, or undefined for an error that is not ours. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
