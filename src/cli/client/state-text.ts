import { isMark, isRawNumber, type StateValue } from '../../vm/state-value.ts'

/** A table is written in one line up to this length. */
const lineLengthMax = 100

/** A value as Lua would write it, over as many lines as it takes; what Lua has no word for is in angle brackets. */
export function stateText(value: StateValue, indent = ''): string {
  const short = shortText(value)
  const entries = entriesOf(value)
  if (entries === undefined || short.length <= lineLengthMax) return short
  const inner = `${indent}  `
  return `{\n${entries.map((entry) => `${inner}${entryText(entry, (member) => stateText(member, inner))},\n`).join('')}${indent}}`
}

/** The same in one line, cut off when it gets long. */
export function stateLine(value: StateValue): string {
  const text = shortText(value)
  return text.length <= 2 * lineLengthMax ? text : `${text.slice(0, 2 * lineLengthMax)}…`
}

/** A value before and after, as JSON that was parsed; what is absent was not there. */
export interface ValueChange {
  readonly before?: StateValue
  readonly after?: StateValue
}

/** One line: the path, and what became of it. */
export function changeLine(path: string, { before = null, after = null }: ValueChange): string {
  return `${before === null ? '+' : after === null ? '-' : '~'} ${printable(path)}  ${changeText(before, after)}`
}

function changeText(before: StateValue, after: StateValue): string {
  if (before === null) return stateLine(after)
  return after === null ? stateLine(before) : `${stateLine(before)} → ${stateLine(after)}`
}

/** Each global on lines of its own. */
export function globalsText(globals: StateValue): string {
  const entries = entriesOf(globals) ?? []
  return entries.map((entry) => entryText(entry, (member) => stateText(member))).join('\n')
}

function shortText(value: StateValue): string {
  const entries = entriesOf(value)
  if (entries === undefined) return scalarText(value)
  return entries.length === 0 ? '{}' : `{ ${entries.map((entry) => entryText(entry, shortText)).join(', ')} }`
}

/** A key as Lua code has it, if the table is no list. */
type Entry = readonly [key: string | undefined, value: StateValue]

function entriesOf(value: StateValue): readonly Entry[] | undefined {
  if (Array.isArray(value)) return value.map((member: StateValue) => [undefined, member])
  if (typeof value !== 'object' || value === null || isRawNumber(value) || isMark(value)) return undefined
  return Object.entries(value).map(([key, member]) => [
    key === '$more' ? undefined : luaKey(key),
    key === '$more' ? { $more: member } : member,
  ])
}

function entryText([key, value]: Entry, text: (value: StateValue) => string): string {
  return key === undefined ? text(value) : `${key} = ${text(value)}`
}

function luaKey(key: string): string {
  return /^(?:[A-Za-z_]\w*|\[[\s\S]*)$/.test(key) ? printable(key) : `[${quoted(key)}]`
}

function scalarText(value: StateValue): string {
  if (value === null) return 'nil'
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object') return String(value)
  if (isRawNumber(value)) return value.rawJSON
  return markText(value as Readonly<Record<string, StateValue>>)
}

function markText({ $type, $ref, $more, value, base64, start }: Readonly<Record<string, StateValue>>): string {
  if ($ref !== undefined) return `<the same as ${$ref === '' ? '_G' : printable(String($ref))}>`
  if ($type === 'string')
    return `${typeof start === 'string' ? quoted(start) : markText(start as Readonly<Record<string, StateValue>>)} <and ${$more} bytes more>`
  if ($more !== undefined) return `<${$more} more>`
  if ($type === 'bytes') return `<bytes in base64: ${base64}>`
  return value === undefined ? `<${$type}>` : String(value)
}

/** JSON quotes as Lua does, but for some codes that would change the terminal. */
function quoted(text: string): string {
  return printable(JSON.stringify(text))
}

function printable(text: string): string {
  return text.replace(controlCodes, (code) => `\\u{${code.charCodeAt(0).toString(16)}}`)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const controlCodes = /[\u0000-\u001f\u007f-\u009f]/g
