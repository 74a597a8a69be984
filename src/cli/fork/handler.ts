import { forkTags } from '../../network/fork-tags.ts'
import { createDataItem } from '../../protocol/data-item.ts'
import { createNodeClient } from '../client/node-client.ts'
import { printJson } from '../client/result-text.ts'
import { processArgument } from '../client/texts.ts'
import { openSigner } from '../client/wallet.ts'
import { print } from '../output.ts'
import type { ForkOptions } from './options.ts'

export async function fork(process: string, options: ForkOptions): Promise<void> {
  const origin = processArgument(process)
  const signer = openSigner(options)
  const client = createNodeClient(options.url)
  const processTags = await client.processTags(origin)
  const tags = forkTags({ processId: origin, processTags, nonce: options.at, name: options.name })
  const { id, bytes } = createDataItem({ tags, data: ' ' }, signer)
  await client.submit(bytes)
  // A state that cannot be made is told here, and not with the first message.
  const result = await client.result(id, id)
  if (options.json) return printJson({ processId: id, forkedFrom: origin, result }, result)
  print(id)
}
