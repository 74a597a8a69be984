import { readFileSync } from 'node:fs'
import { decodeUtf8 } from '../protocol/utf8.ts'
import { ProjectError } from './errors.ts'

/** One Lua file, as it goes into a bundle. */
export interface LuaFile {
  /** Names the file in Lua's errors: relative to the main file's directory, with `/` between. */
  readonly path: string
  /** The Lua text. Lines end in `\n`, as Lua reads any line end, and keep their numbers. */
  readonly source: string
}

/**
 * Reads Lua text, without what Lua itself skips in files but not in strings: a byte order mark, and a first line that
 * begins with `#`.
 *
 * @throws {ProjectError} `PROJECT_FILE_UNREADABLE`, `PROJECT_FILE_NOT_TEXT`
 */
export function readLuaSource(path: string): string {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ProjectError({ code: 'PROJECT_FILE_UNREADABLE', path, reason }, { cause })
  }
  const text = decodeUtf8(bytes)
  if (text === undefined) throw new ProjectError({ code: 'PROJECT_FILE_NOT_TEXT', path })
  return text
    .replace(/^\ufeff/, '')
    .replaceAll(/\r\n|\n\r|\r/g, '\n')
    .replace(/^#.*/, '')
}
