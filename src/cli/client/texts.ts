import { readFileSync } from 'node:fs'
import { type ProcessId, parseProcessId } from '../../protocol/ids.ts'
import { CliError } from '../errors.ts'

/** Text as it is, or the bytes of a file when it begins with `@`. @throws {CliError} `CLI_FILE_UNREADABLE` */
export function readData(given: string): Uint8Array | string {
  return given.startsWith('@') ? readBytes(given.slice(1)) : given
}

/** Like {@link readData}, of a file that is text. */
export function readText(given: string): string {
  const data = readData(given)
  return typeof data === 'string' ? data : new TextDecoder().decode(data)
}

export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CliError({ code: 'CLI_FILE_UNREADABLE', path, reason }, { cause })
  }
}

/** @throws {ProtocolError} `PROTOCOL_ID_INVALID` before anything is signed or sent. */
export function processArgument(given: string): ProcessId {
  return parseProcessId(given, 'process')
}
