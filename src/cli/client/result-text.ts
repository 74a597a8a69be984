import { print, printError } from '../output.ts'
import type { OutgoingMessage, ProcessResult } from './node-client.ts'

const dataLengthShown = 500

/** Prints a result for people; a failed one makes the command fail. */
export function printResult(result: ProcessResult): void {
  const lines = resultLines(result)
  if (lines.length > 0) print(...lines)
  failOnError(result)
}

/** Prints what a command has to say as JSON; a failed result makes the command fail. */
export function printJson(value: object, result: ProcessResult): void {
  print(JSON.stringify(value, undefined, 2))
  if (hasFailed(result)) process.exitCode = 1
}

/** @returns the output, then what was sent; nothing for what is absent. */
export function resultLines(result: ProcessResult): readonly string[] {
  const output = outputText(result.Output)
  const messages = result.Messages ?? []
  const spawns = result.Spawns ?? []
  return [
    ...(output === '' ? [] : [output]),
    ...hintsOf(result.Output).map((hint) => `hint: ${plain(hint)}`),
    ...(messages.length === 0 ? [] : [countText(messages.length, 'message sent', 'messages sent')]),
    ...messages.flatMap(messageLines),
    ...(spawns.length === 0 ? [] : [countText(spawns.length, 'process spawned', 'processes spawned')]),
    ...spawns.flatMap(messageLines),
  ]
}

function failOnError(result: ProcessResult): void {
  if (!hasFailed(result)) return
  printError('The message failed:', plain(result.Error).trim())
  process.exitCode = 1
}

function hasFailed({ Error: error }: ProcessResult): boolean {
  return error !== undefined && error !== null && error !== ''
}

/** What a process prints is in `Output.data`, or in `Output.data.output` of older libraries, or `Output` itself. */
function outputText(output: unknown): string {
  if (typeof output !== 'object' || output === null) return plain(output)
  if (!('data' in output)) return ''
  const { data } = output
  if (typeof data === 'object' && data !== null && 'output' in data) return plain(data.output)
  return plain(data)
}

/** What a process in development mode thinks is a mistake. */
function hintsOf(output: unknown): readonly unknown[] {
  if (typeof output !== 'object' || output === null || !('hints' in output)) return []
  return Array.isArray(output.hints) ? output.hints : []
}

function messageLines({ Target, Data, Tags = [] }: OutgoingMessage): readonly string[] {
  const tags = Tags.filter(({ name }) => !protocolTags.has(name)).map(({ name, value }) => `${name}=${plain(value)}`)
  const data = plain(Data)
  return [
    `  to ${plain(Target) || 'a new process'}  ${tags.join('  ')}`.trimEnd(),
    ...(data.trim() === '' ? [] : [`     ${shorten(data)}`]),
  ]
}

/** In every message; they tell nothing about this one. */
const protocolTags = new Set([
  'Data-Protocol',
  'Variant',
  'Type',
  'Reference',
  'Pushed-For',
  'From-Process',
  'From-Module',
])

function shorten(text: string): string {
  return text.length <= dataLengthShown ? text : `${text.slice(0, dataLengthShown)}… (${text.length} characters)`
}

function countText(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

/** What a process gave may be any JSON value, and may hold control codes that would change the terminal. */
export function plain(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // Colours are kept: the library prints with them.
  return text.replace(controlCodes, '')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
const controlCodes = /\u001b(?!\[[0-9;]*m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g
