import { createProcessItem, sendMessage } from '../client/message.ts'
import { createNodeClient } from '../client/node-client.ts'
import { printJson, printResult } from '../client/result-text.ts'
import { processArgument, readBytes, readData } from '../client/texts.ts'
import { openSigner } from '../client/wallet.ts'
import { print } from '../output.ts'
import type { SpawnOptions } from './options.ts'

export async function spawn(options: SpawnOptions): Promise<void> {
  const { url, json, name, module, tag, data, load } = options
  // What can be wrong on this side is found before there is a process.
  const signer = openSigner(options)
  if (load !== undefined) readBytes(load)
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
  if (!json) print(`process ${processId}`)
  if (load === undefined || boot.Error !== undefined) {
    return json ? printJson({ processId, result: boot }, boot) : printResult(boot)
  }

  const loaded = await sendMessage(client, signer, processId, { action: 'Eval', tag: [], data: `@${load}` })
  if (json) return printJson({ processId, result: boot, load: loaded }, loaded.result)
  print(`loaded ${load}`)
  printResult(loaded.result)
}
