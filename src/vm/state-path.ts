import { isUtf8 } from 'node:buffer'
import { VmError } from './errors.ts'

/**
 * Paths into the state of a process, and the keys of its tables as text.
 *
 * A path is names with dots between them, and other keys in brackets: `Balances.alice`, `Inbox[1].Data`,
 * `State.users["a.b"]`. In JSON a key has the text that it has in a path, so that each key has a text of its own:
 *
 * | key | text |
 * |---|---|
 * | string | the string itself; in brackets and quotes when it begins with `[` or `$`, or is not UTF-8 |
 * | number, boolean | in brackets: `[1]`, `[-2.5]`, `[true]` |
 * | table, function, thread, userdata | the type in brackets, which no path can name |
 *
 * @module
 */

/** A key that a path can name. A string is bytes, as Lua has it; an integer is a bigint and a float a number. */
export type PathKey = Uint8Array | bigint | number | boolean

export interface StatePath {
  /** As it was given. */
  readonly text: string
  /** From the globals inwards; none: the globals themselves. */
  readonly keys: readonly PathKey[]
}

/** Bounds on what a stranger may ask for. */
export const pathLimits = { bytes: 4_096, keys: 200 } as const

/** No dots, brackets, quotes, blanks or control codes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const plainName = /[^.[\]"'\s\\\u0000-\u001f\u007f]+/y
const bracketed =
  /\[(?:(?<integer>-?\d+)|(?<float>-?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?|-?inf)|(?<boolean>true|false)|"(?<double>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)')\]/sy

/** @throws {VmError} `VM_PATH_INVALID` */
export function parseStatePath(text: string): StatePath {
  const fail = (problem: string, position: number): never => {
    throw new VmError({ code: 'VM_PATH_INVALID', path: text.slice(0, 200), position: position + 1, problem })
  }
  if (Buffer.byteLength(text) > pathLimits.bytes) fail(`it is longer than ${pathLimits.bytes} bytes`, pathLimits.bytes)
  const keys: PathKey[] = []
  for (let position = 0; position < text.length; ) {
    if (keys.length === pathLimits.keys) fail(`it has more than ${pathLimits.keys} keys`, position)
    const isBracket = text[position] === '['
    // Only the first name has no dot before it.
    if (!isBracket && keys.length > 0) {
      if (text[position] !== '.') fail("a '.' or '[' should be here", position)
      position += 1
    }
    const pattern = isBracket ? bracketed : plainName
    pattern.lastIndex = position
    const found = pattern.exec(text)
    if (found === null) return fail(isBracket ? bracketProblem : nameProblem, position)
    keys.push(isBracket ? bracketKey(found.groups ?? {}, (problem) => fail(problem, position)) : Buffer.from(found[0]))
    position = pattern.lastIndex
  }
  return { text, keys }
}

const nameProblem = 'a name should be here; put names with blanks, dots, quotes or brackets in brackets and quotes'
const bracketProblem = 'in brackets there may be a number, true, false, or text in quotes'

type BracketGroups = { readonly [name in 'integer' | 'float' | 'boolean' | 'double' | 'single']?: string }

function bracketKey(groups: BracketGroups, fail: (problem: string) => never): PathKey {
  const { integer, float, boolean, double, single } = groups
  if (boolean !== undefined) return boolean === 'true'
  if (integer !== undefined) {
    const value = BigInt(integer)
    return BigInt.asIntN(64, value) === value ? value : fail('integers have 64 bits')
  }
  if (float !== undefined)
    return floatKey(float.endsWith('inf') ? Number(`${float}inity`.replace('inf', 'Inf')) : Number(float))
  return unescaped(double ?? single ?? '', fail)
}

/** As Lua: a float that is an integer is that integer. */
function floatKey(value: number): PathKey {
  return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(value) : value
}

const escapes: { readonly [letter: string]: string } = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"', "'": "'" }

function unescaped(text: string, fail: (problem: string) => never): Uint8Array {
  const parts = text.split(/(\\x[0-9a-fA-F]{2}|\\.)/s).map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part)
    if (part.length === 4) return Buffer.from(part.slice(2), 'hex')
    return Buffer.from(escapes[part.slice(1)] ?? fail(String.raw`escapes are \n \r \t \\ \" \' and \xNN`))
  })
  return Buffer.concat(parts)
}

/** The text of a key: see above. */
export function keyText(key: PathKey): string {
  switch (typeof key) {
    case 'bigint':
    case 'boolean':
      return `[${key}]`
    case 'number':
      return `[${Number.isFinite(key) ? key : key > 0 ? 'inf' : '-inf'}]`
    default: {
      const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
      const first = bytes[0]
      const isPlain = first !== bracketCode && first !== dollarCode && isUtf8(bytes)
      return isPlain ? bytes.toString('utf8') : `[${quoted(bytes)}]`
    }
  }
}

const bracketCode = 0x5b
const dollarCode = 0x24

/** In double quotes, so that {@link parseStatePath} reads it. */
function quoted(bytes: Buffer): string {
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
  const unsafe = isUtf8(bytes) ? controlCodes : controlCodesAndBytes
  return `"${text.replace(/["\\]/g, '\\$&').replace(unsafe, hexEscape)}"`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const controlCodes = /[\u0000-\u001f\u007f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const controlCodesAndBytes = /[\u0000-\u001f\u007f-\u00ff]/g

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** The path of an entry, of the path of its table and the text of its key. */
export function joinPath(table: string, key: string): string {
  if (key.startsWith('[')) return table + key
  plainName.lastIndex = 0
  const isPlain = plainName.test(key) && plainName.lastIndex === key.length
  if (!isPlain) return `${table}[${quoted(Buffer.from(key))}]`
  return table === '' ? key : `${table}.${key}`
}
