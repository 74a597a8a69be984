import { randomUUID } from 'node:crypto'
import { createNetwork } from '../src/network/network.ts'
import { messageItem, testWallet } from '../src/network/test-items.ts'
import type { FreshNode } from './fresh-node.ts'

// One node, from its start to its end: prints how long the first thing took that it was asked for.

const { dataDirectory, processId, deed } = JSON.parse(process.argv[2] ?? '') as FreshNode
const network = await createNetwork({ dataDirectory })
// Another item than that of the start before.
const { bytes } = messageItem(testWallet('bench'), processId, { Action: 'Balance', Start: randomUUID() })

const startedAt = performance.now()
if (deed.kind === 'state') await network.stateAt(processId, { nonce: deed.nonce, path: deed.path })
else {
  const { id } = await network.submit(bytes)
  await network.result(processId, id)
}
process.stdout.write(String(performance.now() - startedAt))
await network.close()
