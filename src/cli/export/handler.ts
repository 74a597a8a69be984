import { encodeHistory } from '../../archive/export-format.ts'
import type { History, HistoryPart, LogSummary } from '../../archive/history.ts'
import { writeWholeFile } from '../archive/files.ts'
import { withHistory } from '../archive/history.ts'
import { createProgressPrinter } from '../archive/progress.ts'
import { processArgument } from '../client/texts.ts'
import { print } from '../output.ts'
import type { ExportOptions } from './options.ts'

export async function exportProcess(process: string, options: ExportOptions): Promise<void> {
  const processId = processArgument(process)
  const file = options.output ?? `${processId}.loom`
  const progress = createProgressPrinter('exported')
  let summary: LogSummary | undefined
  let doneCount = 0
  /** Looks at what goes by. */
  async function* watch(history: History): AsyncGenerator<HistoryPart> {
    for await (const part of history) {
      if (part.type === 'log') {
        summary = part.summary
        doneCount = 0
      } else {
        doneCount += part.entries.length
      }
      if (summary !== undefined) {
        progress.report({ processId: summary.processId, doneCount, totalCount: summary.lastNonce + 1 })
      }
      yield part
    }
  }
  try {
    const sizeBytes = await withHistory(options, processId, options.to, (history) =>
      writeWholeFile(file, encodeHistory(watch(history))),
    )
    progress.end()
    const value = { file, sizeBytes, ...summary }
    if (options.json) return print(JSON.stringify(value, undefined, 2))
    print(
      `Exported process ${processId} up to nonce ${value.lastNonce} into ${file}, ${(sizeBytes / 1e6).toFixed(1)} MB.`,
      'It has all that the process was ever sent, and no key.',
    )
  } finally {
    progress.end()
  }
}
