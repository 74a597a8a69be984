import { decodeHistory } from '../../archive/export-format.ts'
import type { History } from '../../archive/history.ts'
import { readHistory, storeSource } from '../../archive/history-source.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { errorCode } from '../../protocol/loom-error.ts'
import { streamExport } from '../client/export-stream.ts'
import { defaultDataDirectory, defaultUrl } from '../option-values.ts'
import { checkPresent, withDataDirectory } from './data-directory.ts'
import type { HistoryOptions } from './options.ts'

/**
 * Gives `work` the history of a process: from the data directory when nobody has it open, else from the node.
 *
 * @param to - The last entry; undefined: the last that has a result.
 */
export async function withHistory<T>(
  { url, dataDir }: HistoryOptions,
  processId: ProcessId,
  to: number | undefined,
  work: (history: History) => Promise<T>,
): Promise<T> {
  const overHttp = (node: string): Promise<T> => work(decodeHistory(streamExport(node, processId, to)))
  if (url !== undefined) return overHttp(url)
  try {
    checkPresent(dataDir)
  } catch (error) {
    // Nobody named that directory, and a node needs none.
    if (dataDir === defaultDataDirectory) return overHttp(defaultUrl)
    throw error
  }
  try {
    return await withDataDirectory(dataDir, '', ({ store }) => work(readHistory(storeSource(store), { processId, to })))
  } catch (error) {
    if (errorCode(error) !== 'CLI_DIRECTORY_IN_USE') throw error
    return overHttp(defaultUrl)
  }
}
