import { sendMessage } from '../client/message.ts'
import { createNodeClient } from '../client/node-client.ts'
import { printJson, printResult } from '../client/result-text.ts'
import { processArgument } from '../client/texts.ts'
import { openSigner } from '../client/wallet.ts'
import { readLuaCode } from './lua-code.ts'
import type { EvalOptions } from './options.ts'

/** @param given - Lua code, or `@` and the path of a file; left out for a blueprint. */
export async function evaluate(process: string, given: string | undefined, options: EvalOptions): Promise<void> {
  const processId = processArgument(process)
  const message = { action: 'Eval', tag: [], data: codeOf(given, options) }
  const sent = await sendMessage(createNodeClient(options.url), openSigner(options), processId, message)
  if (options.json) return printJson(sent, sent.result)
  printResult(sent.result)
}

function codeOf(given = '', { blueprint }: EvalOptions): string {
  if (blueprint !== undefined) return readLuaCode({ kind: 'blueprint', name: blueprint }).code
  return given.startsWith('@') ? readLuaCode({ kind: 'file', path: given.slice(1) }).code : given
}
