import { parseItemId } from '../../protocol/ids.ts'
import { createNodeClient } from '../client/node-client.ts'
import { printJson, printResult } from '../client/result-text.ts'
import { processArgument } from '../client/texts.ts'
import type { ResultOptions } from './options.ts'

export async function result(process: string, message: string, { url, json }: ResultOptions): Promise<void> {
  const processId = processArgument(process)
  const messageId = parseItemId(message, 'message')
  const found = await createNodeClient(url).result(processId, messageId)
  if (json) return printJson({ messageId, processId, result: found }, found)
  printResult(found)
}
