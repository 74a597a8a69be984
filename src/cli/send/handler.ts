import { sendMessage } from '../client/message.ts'
import { createNodeClient } from '../client/node-client.ts'
import { printJson, printResult } from '../client/result-text.ts'
import { processArgument } from '../client/texts.ts'
import { openSigner } from '../client/wallet.ts'
import { print } from '../output.ts'
import type { SendOptions } from './options.ts'

export async function send(process: string, options: SendOptions): Promise<void> {
  const processId = processArgument(process)
  const sent = await sendMessage(createNodeClient(options.url), openSigner(options), processId, options)
  if (options.json) return printJson(sent, sent.result)
  print(`message ${sent.messageId}`)
  printResult(sent.result)
}
