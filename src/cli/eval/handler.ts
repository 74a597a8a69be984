import { sendMessage } from '../client/message.ts'
import { createNodeClient } from '../client/node-client.ts'
import { printJson, printResult } from '../client/result-text.ts'
import { processArgument } from '../client/texts.ts'
import { openSigner } from '../client/wallet.ts'
import type { EvalOptions } from './options.ts'

export async function evaluate(process: string, code: string, options: EvalOptions): Promise<void> {
  const processId = processArgument(process)
  const message = { action: 'Eval', tag: [], data: code }
  const sent = await sendMessage(createNodeClient(options.url), openSigner(options), processId, message)
  if (options.json) return printJson(sent, sent.result)
  printResult(sent.result)
}
