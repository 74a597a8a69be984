import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { NetworkError } from './errors.ts'
import type { ClockMove } from './types.ts'

/** Latest time that a clock can be moved to: dates of four digits. */
const timeMsMax = Date.UTC(9999, 11, 31)

const fileName = 'clock.json'

interface ClockFile {
  /** Ahead of the machine's clock; below zero behind it. */
  readonly offsetMs: number
}

/**
 * The time of day as messages have it: that of the ground, moved by an offset. Leases, delays and due times go by the ground
 * itself. With a data directory the offset outlives a restart, or time would stand still until the machine caught up.
 */
export class MovedClock {
  readonly #groundNow: () => number
  readonly #path: string | undefined
  #offsetMs: number

  /** @throws {NetworkError} `NETWORK_CLOCK_UNREADABLE` */
  constructor(groundNow: () => number, dataDirectory: string | undefined) {
    this.#groundNow = groundNow
    this.#path = dataDirectory === undefined ? undefined : join(dataDirectory, fileName)
    this.#offsetMs = this.#path !== undefined && existsSync(this.#path) ? readOffset(this.#path) : 0
  }

  /** Needs no `this`. */
  readonly now = (): number => this.#groundNow() + this.#offsetMs

  /** @returns the time now. @throws {NetworkError} `NETWORK_TIME_INVALID` unless it is a time from now on. */
  moveForward(move: ClockMove): number {
    const nowMs = this.now()
    const toMs = 'toMs' in move ? move.toMs : nowMs + move.byMs
    if (!(toMs >= nowMs && toMs <= timeMsMax)) {
      throw new NetworkError({ code: 'NETWORK_TIME_INVALID', givenMs: toMs, nowMs, maxMs: timeMsMax })
    }
    this.moveTo(toMs)
    return toMs
  }

  /** To any time, for who takes back the logs as well: their timestamps have to rise. */
  moveTo(toMs: number): void {
    this.#offsetMs = Math.floor(toMs - this.#groundNow())
    if (this.#path !== undefined) writeOffset(this.#path, this.#offsetMs)
  }
}

function readOffset(path: string): number {
  try {
    const { offsetMs } = JSON.parse(readFileSync(path, 'utf8')) as Partial<ClockFile>
    if (!Number.isSafeInteger(offsetMs)) throw new Error('it has no offsetMs')
    return offsetMs ?? 0
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new NetworkError({ code: 'NETWORK_CLOCK_UNREADABLE', path, reason }, { cause })
  }
}

/** Written whole, then renamed: a crash leaves the old time or the new one. */
function writeOffset(path: string, offsetMs: number): void {
  const file: ClockFile = { offsetMs }
  const temporary = `${path}.new`
  const descriptor = openSync(temporary, 'w', 0o600)
  writeSync(descriptor, `${JSON.stringify(file)}\n`)
  fsyncSync(descriptor)
  closeSync(descriptor)
  renameSync(temporary, path)
}
