import type { Hono } from 'hono'
import { createNetwork } from '../network/network.ts'
import type { Logger, Network, NetworkOptions } from '../network/types.ts'
import { createDataItem } from '../protocol/data-item.ts'
import type { ProcessId } from '../protocol/ids.ts'
import { createEd25519Signer } from '../protocol/signers.ts'
import type { DataItem, DataItemDraft, Signer, Tag } from '../protocol/types.ts'
import { createApp } from './app.ts'

export const silentLog: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** A whole network in memory, and the app over it, called without a socket. */
export interface TestApp {
  readonly app: Hono
  readonly network: Network
  readonly signer: Signer
  get(path: string, init?: RequestInit): Promise<Response>
  post(path: string, body?: Uint8Array | string, init?: RequestInit): Promise<Response>
  getJson(path: string): Promise<unknown>
  /** Spawns a process over HTTP, with Lua code for it to run. */
  spawn(code?: string): Promise<ProcessId>
  /** Sends a message over HTTP. @returns its id. */
  send(processId: string, tags?: readonly Tag[], data?: string): Promise<string>
  close(): Promise<void>
}

export async function createTestApp(
  options: NetworkOptions & { fundedAddresses?: Set<string> } = {},
): Promise<TestApp> {
  const { fundedAddresses, ...networkOptions } = options
  const network = await createNetwork(networkOptions)
  const app = createApp({ network, log: silentLog, fundedAddresses })
  const signer = testSigner(1)

  const get: TestApp['get'] = async (path, init) => app.request(path, init)
  const post: TestApp['post'] = async (path, body, init) => {
    const sent = body === undefined || typeof body === 'string' ? body : new Uint8Array(body)
    return app.request(path, { method: 'POST', ...(sent === undefined ? {} : { body: sent }), ...init })
  }
  async function submit(item: DataItem): Promise<void> {
    const response = await post('/mu', item.bytes)
    if (response.status !== 202) throw new Error(`POST /mu answered ${response.status}: ${await response.text()}`)
  }
  const send: TestApp['send'] = async (processId, tags = [], data = ' ') => {
    const item = messageItem(signer, { target: processId, tags, data })
    await submit(item)
    return item.id
  }

  return {
    ...{ app, network, signer, get, post, send },
    async getJson(path) {
      return (await get(path)).json()
    },
    async spawn(code) {
      const item = processItem(signer, network.info().moduleId)
      await submit(item)
      if (code !== undefined) await send(item.id, [{ name: 'Action', value: 'Eval' }], code)
      return item.id as string as ProcessId
    },
    close: () => network.close(),
  }
}

/** A key of its own for each number; the same one every time. */
export function testSigner(number: number): Signer {
  return createEd25519Signer(new Uint8Array(32).fill(number))
}

let serial = 0

/** Signatures are deterministic, so each item gets a tag that makes it another item. */
function unique(): Tag {
  serial += 1
  return { name: 'Serial', value: String(serial) }
}

export function messageItem(signer: Signer, draft: DataItemDraft): DataItem {
  const protocol = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Message' },
    { name: 'Variant', value: 'ao.TN.1' },
  ]
  return createDataItem({ ...draft, tags: [...(draft.tags ?? []), unique(), ...protocol] }, signer)
}

export function processItem(signer: Signer, module: string, tags: readonly Tag[] = []): DataItem {
  const protocol = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Process' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Module', value: module },
    { name: 'Scheduler', value: 'test-scheduler' },
  ]
  return createDataItem({ tags: [...tags, unique(), ...protocol], data: ' ' }, signer)
}
