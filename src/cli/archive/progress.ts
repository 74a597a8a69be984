import type { ReplayProgress } from '../../archive/replay.ts'

/** A terminal gets a line that changes, a file a line now and then. */
const terminalIntervalMs = 500
const fileIntervalMs = 10_000

export interface ProgressPrinter {
  report(progress: ReplayProgress): void
  /** Takes the line away. */
  end(): void
}

/** Says on standard error how far long work is, how fast, and how long it will take. Short work says nothing. */
export function createProgressPrinter(what: string, out: NodeJS.WriteStream = process.stderr): ProgressPrinter {
  const intervalMs = out.isTTY ? terminalIntervalMs : fileIntervalMs
  let startedMs = performance.now()
  let printedMs = startedMs
  let printed = false
  let current: string | undefined
  return {
    report({ processId, doneCount, totalCount }) {
      const nowMs = performance.now()
      if (current !== processId) {
        current = processId
        startedMs = nowMs
      }
      if (nowMs - printedMs < intervalMs) return
      printedMs = nowMs
      printed = true
      const line = progressLine(what, { processId, doneCount, totalCount }, nowMs - startedMs)
      out.write(out.isTTY ? `\r\u001b[2K${line}` : `${line}\n`)
    },
    end() {
      if (printed && out.isTTY) out.write('\r\u001b[2K')
    },
  }
}

/** @param elapsedMs - Since the first entries of this log were done. */
export function progressLine(what: string, { doneCount, totalCount }: ReplayProgress, elapsedMs: number): string {
  const perSecond = doneCount / Math.max(elapsedMs / 1_000, 0.001)
  const left = Math.ceil((totalCount - doneCount) / Math.max(perSecond, 1))
  const percent = Math.floor((100 * doneCount) / Math.max(totalCount, 1))
  const count = (value: number): string => Math.round(value).toLocaleString('en')
  return `${what} ${count(doneCount)} of ${count(totalCount)} (${percent} %), ${count(perSecond)}/s, ${durationText(left)} left`
}

function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
