import { isAscii, isUtf8 } from 'node:buffer'
import { VmError } from '../errors.ts'
import type { JsonValue, OutgoingData, OutgoingMessage, OutgoingSpawn, OutgoingTag } from '../types.ts'

/** Bounds on what one message may send (I9). */
export const answerLimits = { entries: 10_000, tagsPerEntry: 1_000, jsonDepth: 1_000 } as const

/** The answer of the guest, as docs/guest-channel.md defines it. */
export type Answer =
  | { readonly status: 'ready' }
  | { readonly status: 'failed'; readonly error: JsonValue }
  | { readonly status: 'text'; readonly json: string }
  | {
      readonly status: 'ok'
      readonly data: OutgoingData
      readonly prompt: JsonValue | undefined
      readonly print: boolean
      readonly test: string | undefined
      readonly hints: readonly string[]
      readonly messages: readonly OutgoingMessage[]
      readonly spawns: readonly OutgoingSpawn[]
      readonly assignments: readonly JsonValue[]
    }

/** @throws {VmError} `VM_RESULT_MALFORMED` unless the bytes are exactly one answer. */
export function readAnswer(bytes: Uint8Array): Answer {
  const reader = new AnswerReader(bytes)
  const answer = reader.answer()
  reader.expectEnd()
  return answer
}

/** Above it a part that is kept would keep too much of the whole. */
const asciiBytesMax = 16_384

class AnswerReader {
  readonly #buffer: Buffer
  /** The whole answer as text when it is ASCII, as most are: its parts are then cut out without another copy. */
  readonly #ascii: string | undefined
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#ascii = bytes.length <= asciiBytesMax && isAscii(bytes) ? this.#buffer.toString('latin1') : undefined
  }

  answer(): Answer {
    const status = this.#u1()
    switch (status) {
      case 0:
        return this.#success()
      case 1:
        return { status: 'failed', error: this.#json(this.#value()) ?? null }
      case 2:
        return { status: 'failed', error: this.#text() }
      case 3:
        return { status: 'ready' }
      case 4:
        return { status: 'text', json: this.#text() }
      default:
        return this.#malformed(`unknown status ${status}`)
    }
  }

  expectEnd(): void {
    if (this.#offset !== this.#buffer.length) this.#malformed('bytes after the end')
  }

  #success(): Answer {
    const flags = this.#u1()
    const data = this.#value()
    const prompt = this.#json(this.#value())
    const test = this.#text()
    const hints = (flags & 4) === 0 ? [] : this.#list(answerLimits.entries, () => this.#text())
    const messages = this.#list(answerLimits.entries, () => this.#message())
    const spawns = this.#list(answerLimits.entries, () => this.#spawn())
    const assignments = this.#list(answerLimits.entries, () => this.#parseJson(this.#text()))
    const assigned = assignments.reduce((sum: number, assignment) => sum + processCount(assignment), 0)
    if (assigned > answerLimits.entries) this.#malformed(tooMany(assigned, answerLimits.entries))
    const hasTest = (flags & 2) !== 0
    return {
      ...{ status: 'ok', data, prompt, print: (flags & 1) !== 0, test: hasTest ? test : undefined },
      ...{ hints, messages, spawns, assignments },
    }
  }

  #message(): OutgoingMessage {
    const target = this.#json(this.#value())
    return { target, data: this.#value(), anchor: this.#json(this.#value()), tags: this.#tags() }
  }

  #spawn(): OutgoingSpawn {
    return { data: this.#value(), anchor: this.#json(this.#value()), tags: this.#tags() }
  }

  #tags(): OutgoingTag[] {
    return this.#list(answerLimits.tagsPerEntry, () => ({ name: this.#text(), value: this.#json(this.#value()) }))
  }

  #list<T>(countMax: number, read: () => T): T[] {
    const count = this.#u4()
    if (count > countMax) this.#malformed(tooMany(count, countMax))
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  #value(): OutgoingData {
    const type = this.#u1()
    const start = this.#offset + 4
    const length = this.#u4()
    if (length > this.#buffer.length - start) this.#malformed('a value longer than the answer')
    this.#offset = start + length
    switch (type) {
      case 0:
        return undefined
      case 1: {
        const text = this.#decode(start, start + length)
        // A replacement character may have been there before: only then look at the bytes again.
        if (!text.includes('\ufffd')) return text
        const bytes = this.#buffer.subarray(start, start + length)
        return isUtf8(bytes) ? text : new Uint8Array(bytes)
      }
      case 2:
      case 5: {
        const value = this.#parseJson(this.#decode(start, start + length))
        if (type === 2 && typeof value !== 'number') this.#malformed('a number that is none')
        return value
      }
      case 3:
        return true
      case 4:
        return false
      default:
        return this.#malformed(`unknown value type ${type}`)
    }
  }

  #decode(start: number, end: number): string {
    return this.#ascii?.slice(start, end) ?? this.#buffer.toString('utf8', start, end)
  }

  /** JSON has no bytes: text that is not UTF-8 is given with replacement characters, as the legacy wire does. */
  #json(value: OutgoingData): JsonValue | undefined {
    return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value
  }

  #parseJson(text: string): JsonValue {
    let value: JsonValue
    try {
      value = JSON.parse(text) as JsonValue
    } catch {
      return this.#malformed('a value that is not JSON')
    }
    // Whoever writes it again goes down as deep.
    if (isDeeper(value, answerLimits.jsonDepth)) this.#malformed('a value nested too deep')
    return value
  }

  #text(): string {
    const length = this.#u4()
    if (length > this.#buffer.length - this.#offset) this.#malformed('a text longer than the answer')
    const text = this.#decode(this.#offset, this.#offset + length)
    this.#offset += length
    return text
  }

  #u1(): number {
    const value = this.#buffer[this.#offset]
    if (value === undefined) return this.#malformed('the end')
    this.#offset += 1
    return value
  }

  #u4(): number {
    if (this.#offset + 4 > this.#buffer.length) return this.#malformed('the end')
    const value = this.#buffer.readUInt32LE(this.#offset)
    this.#offset += 4
    return value
  }

  #malformed(what: string): never {
    throw new VmError({ code: 'VM_RESULT_MALFORMED', what, offset: this.#offset })
  }
}

function tooMany(count: number, countMax: number): string {
  return `${count} entries, at most ${countMax} are allowed`
}

function isDeeper(value: JsonValue, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depthMax === 0 || Object.values(value).some((member) => isDeeper(member, depthMax - 1))
}

/** An assignment makes a delivery for each process that it names. */
function processCount(assignment: JsonValue): number {
  if (typeof assignment !== 'object' || assignment === null || !('Processes' in assignment)) return 0
  return Array.isArray(assignment.Processes) ? assignment.Processes.length : 0
}
