import { createHash } from 'node:crypto'
import { createNetwork } from '../network/network.ts'
import type { Network } from '../network/types.ts'
import { readBlueprint } from '../project/blueprints.ts'
import { parseAnyItem } from '../protocol/any-item.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import { tagValue } from '../protocol/tags.ts'
import type { StoredItem } from '../store/types.ts'
import { testMessage } from './evaluation.ts'
import { ItemFactory } from './item-factory.ts'
import { LocalTestProcess } from './test-process.ts'
import type {
  SpawnOptions,
  TestMessage,
  TestNetwork,
  TestNetworkOptions,
  TestProcess,
  TestWallet,
  UndeliverableMessage,
} from './types.ts'

const receivedMax = 1_000
const undeliverableMax = 1_000

/**
 * Starts a whole AO network in memory: real scheduling, evaluation and delivery, nothing mocked but, if asked for, time.
 *
 * Wallets, and the ids of processes spawned by them, are the same in every run. Processes share the network, so a test
 * file needs one; it takes about 100 ms to start.
 *
 * @example
 * ```ts
 * const loom = await createTestNetwork()
 * const alice = loom.wallet('alice')
 * const greeter = await loom.spawn({
 *   code: `Handlers.add("Greet", "Greet", function(msg) msg.reply({ Data = "Hello " .. msg.Data }) end)`,
 * })
 *
 * const { reply } = await greeter.send({ from: alice, action: 'Greet', data: 'Alice' })
 * expect(reply?.data).toBe('Hello Alice')
 * expect(await loom.received(alice)).toHaveLength(1)
 *
 * await loom.close()
 * ```
 */
export async function createTestNetwork(options: TestNetworkOptions = {}): Promise<TestNetwork> {
  // One thread: processes that talk with each other are evaluated in one order, run after run.
  return new LocalTestNetwork(await createNetwork({ now: options.now, computeThreads: 1 }))
}

class LocalTestNetwork implements TestNetwork {
  readonly network: Network
  readonly #items = new ItemFactory()

  constructor(network: Network) {
    this.network = network
  }

  wallet(name: string): TestWallet {
    const seed = createHash('sha256').update(`loom test wallet ${name}`).digest()
    const signer = createEd25519Signer(seed)
    return { name, address: signer.address, signer }
  }

  async spawn(options: SpawnOptions = {}): Promise<TestProcess> {
    const { wallet = this.wallet('owner'), blueprints = [], file, code, tags, data } = options
    const { processId } = await this.network.submit(this.#items.process(wallet, tags, data).bytes)
    const process = new LocalTestProcess(processId, wallet, this.network, this.#items)
    for (const name of blueprints) await process.eval(readBlueprint(name).code)
    if (file !== undefined) await process.load(file)
    if (code !== undefined) await process.eval(code)
    return process
  }

  async received({ address }: TestWallet): Promise<readonly TestMessage[]> {
    await this.idle()
    const page = await this.network.queryItems({ recipients: [address] }, { order: 'ASC', limit: receivedMax })
    return page.items.map(receivedMessage)
  }

  async undeliverable(): Promise<readonly UndeliverableMessage[]> {
    await this.idle()
    const { entries } = await this.network.outbox({ state: 'dead', limit: undeliverableMax })
    return entries.map(({ cause, target, action, reason }) => ({ from: cause.processId, target, action, reason }))
  }

  snapshot(): Promise<string> {
    return this.network.snapshot()
  }

  revert(snapshot: string): Promise<void> {
    return this.network.revert(snapshot)
  }

  advanceClock(byMs: number): number {
    return this.network.moveClock({ byMs })
  }

  idle(): Promise<void> {
    return this.network.idle()
  }

  close(): Promise<void> {
    return this.network.close()
  }
}

function receivedMessage({ bytes, ownerAddress, target = '', tags }: StoredItem): TestMessage {
  const from = tagValue(tags, 'From-Process') ?? ownerAddress
  return testMessage(from, target, tags, Buffer.from(parseAnyItem(bytes).data).toString('utf8'))
}
