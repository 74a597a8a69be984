import Arweave from 'arweave'
import { expect, test } from 'vitest'
import { parseDataItem } from '../protocol/data-item.ts'
import { generateRsaJwk } from '../protocol/rsa-key.fixture.ts'
import { createTransaction, parseTransactionJson } from '../protocol/transaction.ts'
import { createNetwork } from './network.ts'
import { evaluate, processItem, testWallet } from './test-items.ts'

/** A module, or a file to boot from, that was published as a layer-1 transaction. */

const jwk = generateRsaJwk()
const arweave = Arweave.init({})

async function transactionOf(data: Uint8Array | string, tags: readonly { name: string; value: string }[] = []) {
  const transaction = await arweave.createTransaction({ data, last_tx: '', reward: '1' }, jwk)
  for (const { name, value } of tags) transaction.addTag(name, value)
  await arweave.transactions.sign(transaction, jwk)
  const { header, data: parsed } = parseTransactionJson(JSON.parse(JSON.stringify(transaction)))
  return createTransaction(header, parsed)
}

test('a process runs a module, and boots from a file, of layer 1', async () => {
  const network = await createNetwork()
  const builtin = parseDataItem((await network.item(network.info().moduleId))?.bytes ?? new Uint8Array())
  const module = await transactionOf(builtin.data, builtin.tags)
  const boot = await transactionOf('Booted = "from layer 1"')
  await network.uploadTransaction(module)
  await network.uploadTransaction(boot)
  const wallet = testWallet('alice')
  const { processId } = await network.submit(processItem(wallet, { Module: module.id, 'On-Boot': boot.id }).bytes)
  expect(await evaluate(network, wallet, processId, 'Booted')).toBe('from layer 1')
  await expect(network.assign({ processId, itemId: boot.id })).rejects.toMatchObject({
    code: 'SCHEDULER_BASE_LAYER_UNSUPPORTED',
  })
  await network.close()
})
