import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { startNode, temporaryDirectory } from '../../src/cli/cli.fixture.ts'
import type { RsaJwk } from '../../src/protocol/crypto.ts'
import type { Tag } from '../../src/protocol/types.ts'

/** The node that the clients talk to. Filled in before the first test. */
export interface ClientsNode {
  readonly url: string
  readonly address: string
  readonly moduleId: string
  /** A development wallet, with a balance. */
  readonly wallet: RsaJwk
  readonly walletAddress: string
}

export const node = {} as ClientsNode

/**
 * Starts a node as a user does, in a folder of its own, and gives this process what `loom env` gives to a client: the
 * variables, and the `fetch` that asks the node instead of the public hosts. Clients that read them when they are imported
 * have to be imported after that.
 */
export function useNode(): void {
  let directory: ReturnType<typeof temporaryDirectory> | undefined
  let stop: (() => Promise<unknown>) | undefined

  beforeAll(async () => {
    directory = temporaryDirectory()
    const running = await startNode([], { cwd: directory.path })
    stop = () => running.stop()
    const info = await (await fetch(`${running.url}/api/info`)).json()
    const [walletAddress = ''] = /(?<=^ +)[\w-]{43}(?= +\S+wallet-1\.json)/m.exec(running.banner) ?? []
    const wallet = JSON.parse(readFileSync(join(directory.path, '.loom/wallets/wallet-1.json'), 'utf8'))
    Object.assign(node, { url: running.url, wallet, walletAddress }, info)
    await useEnvironment(running.url)
  })
  afterAll(async () => {
    await stop?.()
    directory?.remove()
  })
}

async function useEnvironment(url: string): Promise<void> {
  Object.assign(process.env, {
    ...{ LOOM_URL: url, GATEWAY_URL: url, GRAPHQL_URL: `${url}/graphql` },
    ...{ MU_URL: `${url}/mu`, CU_URL: `${url}/cu` },
  })
  const preload = '../../src/cli/env/redirect-public-hosts.mjs'
  await import(preload)
}

/** The node's own answer, to check what a client has done. */
export async function getJson<T>(path: string): Promise<T> {
  const response = await fetch(`${node.url}${path}`)
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
  return response.json() as Promise<T>
}

/** Sends a data item, for libraries that only make one. `/mu` is the messenger, `/tx` the bundler. */
export function postItem(path: '/mu' | '/tx', item: Uint8Array): Promise<Response> {
  const headers = { 'content-type': 'application/octet-stream' }
  return fetch(`${node.url}${path}`, { method: 'POST', headers, body: new Uint8Array(item) })
}

/** {@link postItem} of an item that has to be taken. @returns the id that the node gives it. */
export async function sendItem(path: '/mu' | '/tx', item: Uint8Array): Promise<string> {
  const response = await postItem(path, item)
  const body = await response.text()
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${body}`)
  return JSON.parse(body).id
}

/** What makes a data item one of AO. Wire protocol 4.1. */
export function aoTags(type: 'Process' | 'Message'): readonly Tag[] {
  return [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Type', value: type },
  ]
}

/** Of a process of the node's library. Wire protocol 4.2. */
export function processTags(): readonly Tag[] {
  const own = { Module: node.moduleId, Scheduler: node.address }
  return [...aoTags('Process'), ...Object.entries(own).map(([name, value]) => ({ name, value }))]
}
