import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDataItem } from '../../src/protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import { createEd25519Signer } from '../../src/protocol/signers.ts'
import type { DataItem, Signer, Tag } from '../../src/protocol/types.ts'
import type { Acknowledged } from './log-checks.ts'
import type { LaunchedNode } from './node-process.ts'
import { createRandom, type Random } from './random.ts'

const workerSource = readFileSync(new URL('./worker.lua', import.meta.url), 'utf8')

const workerCount = 4
const walletCount = 3
const coinsPerWorker = 1_000
/** Requests under way at once. */
const senderCount = 6
/** Between bursts the node has a moment to catch up. */
const pauseMs = 200
/** After a refused connection, before the next try: the node is about to be found dead. */
const retryMs = 5

/** How often each is sent, out of the sum. */
const actions = {
  ...{ Work: 4, Chain: 5, Fan: 3, Ask: 3, Assign: 3, Copy: 2, Fail: 2, Breed: 1, Astray: 1, Toil: 1 },
  ...{ upload: 3, assign: 2 },
}
const actionDeck = Object.entries(actions).flatMap(([name, share]) => Array.from({ length: share }, () => name))

/** A request that is repeated, the same to the byte, until it is acknowledged. */
interface Request {
  readonly path: string
  readonly body: Uint8Array
  /** Takes the answer in: only now is the node bound to anything. */
  acknowledge(answer: { readonly id: ItemId; readonly timestamp: number }): void
  /** Where its result is to be had, for those that have one. */
  readonly result?: { readonly processId: ProcessId; readonly id: ItemId }
}

/** Clients of one network through all its deaths: what they sent, and what they were told. */
export class Clients {
  readonly #burstCount: number
  /** Of what is sent: drawn in the order of sending, so that a seed gives the same requests in the same order. */
  readonly #random: Random
  /** Of what is asked in between, which depends on who is answered first. */
  readonly #moods: Random
  readonly #wallets: readonly Signer[]
  readonly #workers: readonly DataItem[]
  /** Sent, and not yet acknowledged: they may be in the log or not. */
  readonly #owed: Request[] = []
  /** What may be assigned: the node has acknowledged it. */
  readonly #stored: DataItem[] = []
  /** Ids of all that was ever sent. */
  readonly sent = new Set<ItemId>()
  readonly acknowledged: Acknowledged = { entries: [], items: [], results: [] }
  readonly refusals: string[] = []
  dryRunCount = 0

  /** @param burstCount - New requests of a burst. */
  constructor(seed: number, burstCount: number) {
    this.#burstCount = burstCount
    this.#random = createRandom(seed)
    this.#moods = createRandom(~seed)
    this.#wallets = Array.from({ length: walletCount }, () => createEd25519Signer(this.#random.bytes(32)))
    this.#workers = Array.from({ length: workerCount }, (_, i) => {
      const tags = { Module: 'MODULE_TX_ID', Scheduler: 'SCHEDULER_ADDRESS', 'On-Boot': 'Data', Name: `worker ${i}` }
      return this.#item('Process', undefined, tags, workerSource, this.#wallets[0])
    })
  }

  /** Coins that the processes have together, once they are set up. */
  get coins(): number {
    return workerCount * coinsPerWorker
  }

  /** Spawns the workers, makes them known to each other, and uploads the first thing that can be assigned. */
  async setUp(url: string): Promise<void> {
    const introductions = this.#workers.map(({ id }) => {
      const peers = this.#workers.filter((peer) => peer.id !== id).map((peer) => `"${peer.id}"`)
      const code = `Peers, Coins = { ${peers} }, ${coinsPerWorker}`
      return this.#item('Message', id, { Action: 'Eval' }, code, this.#wallets[0])
    })
    const submissions = [...this.#workers, ...introductions].map((item) => this.#submission(item))
    for (const request of [...submissions, this.#upload()]) {
      if (!(await this.#send(url, request))) throw new Error('The node ended before it was set up.')
    }
  }

  /** Sends in bursts until the node is dead; after the last of `burstsMax`, nothing is owed. */
  async drive(node: LaunchedNode, burstsMax = Number.POSITIVE_INFINITY): Promise<void> {
    const url = await node.url
    for (let bursts = 0; url !== undefined && node.isAlive() && bursts < burstsMax; bursts++) {
      if (bursts > 0) await sleep(pauseMs)
      await this.#burst(url, node)
    }
  }

  async #burst(url: string, node: LaunchedNode): Promise<void> {
    let count = 0
    const sender = async (): Promise<void> => {
      while (node.isAlive()) {
        const request = this.#owed.shift() ?? (count++ < this.#burstCount ? this.#next() : undefined)
        if (request === undefined) return
        if (!(await this.#send(url, request))) await sleep(retryMs)
        else if (request.result !== undefined) await this.#follow(url, request.result)
      }
    }
    await Promise.all(Array.from({ length: senderCount }, sender))
  }

  /** @returns whether it was acknowledged. What is not is owed: it may have arrived. */
  async #send(url: string, request: Request): Promise<boolean> {
    try {
      const response = await fetch(`${url}${request.path}`, { method: 'POST', body: Buffer.from(request.body) })
      const text = await response.text()
      if (response.ok) request.acknowledge(JSON.parse(text))
      else this.refusals.push(`POST ${request.path} was answered ${response.status}: ${text}`)
      return true
    } catch {
      this.#owed.push(request)
      return false
    }
  }

  /** Now and then waits for a result, which may be told before it is durable, or asks for what must leave no trace. */
  async #follow(url: string, { processId, id }: { readonly processId: ProcessId; readonly id: ItemId }): Promise<void> {
    const chance = this.#moods.integer(8)
    try {
      if (chance < 3) {
        const response = await fetch(`${url}/cu/result/${id}?process-id=${processId}`)
        const json = await response.text()
        if (response.ok) this.acknowledged.results.push({ processId, id, json })
        else this.refusals.push(`The result of ${id} was answered ${response.status}: ${json}`)
      } else if (chance === 3) {
        const Tags = [{ name: 'Action', value: this.#moods.pick(['Fan', 'Chain', 'Breed', 'Fail']) }]
        const body = JSON.stringify({
          Owner: this.#moods.pick(this.#wallets).address,
          Tags: [...Tags, { name: 'Hops', value: '2' }],
        })
        const response = await fetch(`${url}/cu/dry-run?process-id=${processId}`, { method: 'POST', body })
        if (response.ok) this.dryRunCount += 1
        else this.refusals.push(`A dry run was answered ${response.status}: ${await response.text()}`)
      }
    } catch {
      // The node died before it answered: nobody was told anything.
    }
  }

  #next(): Request {
    const action = this.#random.pick(actionDeck)
    const { id } = this.#random.pick(this.#workers)
    const stored = this.#random.pick(this.#stored)
    const hops = 4 + this.#random.integer(4)
    if (action === 'upload') return this.#upload()
    if (action === 'assign') return this.#assignment(id as ProcessId, stored)
    const details = {
      ...(action === 'Chain' && { Hops: String(hops) }),
      ...(action === 'Assign' && { Item: stored.id }),
    }
    return this.#submission(this.#item('Message', id, { Action: action, ...details }))
  }

  #submission(item: DataItem): Request {
    const processId = (item.target ?? item.id) as ProcessId
    return {
      path: '/su',
      body: item.bytes,
      acknowledge: ({ timestamp }) => {
        this.acknowledged.entries.push({ processId, itemId: item.id, timestampMs: timestamp })
      },
      result: { processId, id: item.id },
    }
  }

  #upload(): Request {
    const item = this.#item('Message', undefined, { Action: 'Stored' })
    return {
      path: '/tx',
      body: item.bytes,
      acknowledge: () => {
        this.#stored.push(item)
        this.acknowledged.items.push(item)
      },
    }
  }

  #assignment(processId: ProcessId, { id: itemId }: DataItem): Request {
    return {
      path: `/su?process-id=${processId}&assign=${itemId}`,
      body: new Uint8Array(),
      acknowledge: ({ id: assignmentId, timestamp }) => {
        this.acknowledged.entries.push({ processId, itemId, assignmentId, timestampMs: timestamp })
      },
    }
  }

  #item(
    type: 'Process' | 'Message',
    target: string | undefined,
    extraTags: Record<string, string>,
    data = ' ',
    signer = this.#random.pick(this.#wallets),
  ): DataItem {
    const all = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: type, ...extraTags }
    const tags = Object.entries(all).map(([name, value]): Tag => ({ name, value }))
    // Signatures are deterministic: without an anchor, two equal messages would be one item.
    const anchor = Buffer.from(this.#random.bytes(16)).toString('hex')
    const item = createDataItem({ target, anchor, tags, data }, signer)
    this.sent.add(item.id)
    return item
  }
}
