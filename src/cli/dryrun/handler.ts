import { messageProtocol, userTags } from '../client/message.ts'
import { createNodeClient } from '../client/node-client.ts'
import { printJson, printResult } from '../client/result-text.ts'
import { processArgument, readText } from '../client/texts.ts'
import type { DryrunOptions } from './options.ts'

export async function dryrun(process: string, options: DryrunOptions): Promise<void> {
  const { url, json, owner, data } = options
  const processId = processArgument(process)
  const result = await createNodeClient(url).dryRun(processId, {
    Owner: owner,
    Target: processId,
    Tags: [...userTags(options), ...messageProtocol],
    Data: data === undefined ? ' ' : readText(data),
  })
  if (json) return printJson({ processId, result }, result)
  printResult(result)
}
