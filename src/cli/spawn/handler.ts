import { createProcessItem, type SentMessage, sendMessage } from '../client/message.ts'
import { createNodeClient } from '../client/node-client.ts'
import { printJson, printResult } from '../client/result-text.ts'
import { processArgument, readData } from '../client/texts.ts'
import { openSigner } from '../client/wallet.ts'
import { readLuaCode } from '../eval/lua-code.ts'
import { print, printError } from '../output.ts'
import type { SpawnOptions } from './options.ts'

export async function spawn(options: SpawnOptions): Promise<void> {
  const { url, json, name, module, tag, data } = options
  // What can be wrong on this side is found before there is a process.
  const signer = openSigner(options)
  const codes = (options.load ?? options.blueprint ?? []).map(readLuaCode)
  const client = createNodeClient(url)
  const { address, moduleId } = await client.info()

  const item = createProcessItem(signer, {
    module: module ?? moduleId,
    scheduler: address,
    tags: name === undefined ? tag : [{ name: 'Name', value: name }, ...tag],
    data: data === undefined ? ' ' : readData(data),
  })
  await client.submit(item.bytes)
  const processId = processArgument(item.id)
  const boot = await client.result(processId, item.id)
  if (!json) {
    print(`process ${processId}`)
    printResult(boot)
  }

  const loaded: SentMessage[] = []
  let last = boot
  for (const { title, code } of codes) {
    if (last.Error !== undefined) break
    const sent = await sendMessage(client, signer, processId, { action: 'Eval', tag: [], data: code })
    loaded.push(sent)
    last = sent.result
    if (json) continue
    if (last.Error === undefined) print(`loaded ${title}`)
    else printError(`${title} cannot be loaded.`)
    printResult(last)
  }
  if (json) printJson({ processId, result: boot, loaded }, last)
}
