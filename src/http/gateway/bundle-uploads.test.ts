import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ArweaveSigner,
  bundleAndSignData,
  Curve25519,
  createData,
  type DataItemCreateOptions,
  EthereumSigner,
  type Signer,
} from '@dha-team/arbundles'
import Arweave from 'arweave'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createNetwork } from '../../network/network.ts'
import type { Network } from '../../network/types.ts'
import { generateRsaJwk } from '../../protocol/rsa-key.fixture.ts'
import { createEd25519Signer } from '../../protocol/signers.ts'
import { silentLog } from '../app.fixture.ts'
import { type HttpServer, startHttpServer } from '../server.ts'

/** Items and bundles as the clients' library makes them, over a socket, stored on a disk. */

const jwk = generateRsaJwk()
const secret = Buffer.alloc(32, 7)

class Ed25519Signer extends Curve25519 {
  override get key(): Uint8Array {
    return secret
  }
  override get publicKey(): Buffer {
    return Buffer.from(createEd25519Signer(secret).owner)
  }
}

const rsa = new ArweaveSigner(jwk)
const signers: { name: string; signer: Signer }[] = [
  { name: 'RSA', signer: rsa },
  { name: 'Ed25519', signer: new Ed25519Signer('', '') },
  { name: 'secp256k1', signer: new EthereumSigner(secret.toString('hex')) },
]
const bundleTags = [
  { name: 'Bundle-Format', value: 'binary' },
  { name: 'Bundle-Version', value: '2.0.0' },
]

const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bundles-'))
let network: Network
let server: HttpServer
let arweave: Arweave
beforeAll(start)
afterAll(async () => {
  await stop()
  rmSync(dataDirectory, { recursive: true })
})

async function start(): Promise<void> {
  network = await createNetwork({ dataDirectory, computeThreads: 1 })
  server = await startHttpServer({ network, host: '127.0.0.1', port: 0, log: silentLog })
  arweave = Arweave.init({ host: '127.0.0.1', port: server.port, protocol: 'http' })
}

async function stop(): Promise<void> {
  await server.close()
  await network.close()
}

async function signed(data: string | Uint8Array, signer: Signer, options: DataItemCreateOptions = {}) {
  const item = createData(data, signer, options)
  await item.sign(signer)
  return item
}

const get = (path: string): Promise<Response> => fetch(`${server.url}/${path}`)
const post = (path: string, body: Uint8Array): Promise<Response> => {
  return fetch(`${server.url}/${path}`, { method: 'POST', body: new Uint8Array(body) })
}
const textOf = async (id: string): Promise<string> => (await get(id)).text()

/** What GraphQL says that an item came in. */
async function bundledIn(id: string): Promise<unknown> {
  const query = `{ transaction(id: "${id}") { bundledIn { id } } }`
  const response = await fetch(`${server.url}/graphql`, { method: 'POST', body: JSON.stringify({ query }) })
  const { data } = (await response.json()) as { data: { transaction: { bundledIn: unknown } } }
  return data.transaction.bundledIn
}

describe.each(signers)('a data item signed with $name', ({ name, signer }) => {
  test.each(['tx', 'tx/arweave', 'v1/tx'])('is taken at /%s, and is there at once', async (path) => {
    const item = await signed(`${name} ${path}`, signer, { tags: [{ name: 'Signer', value: name }] })
    const response = await post(path, item.getRaw())
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ id: item.id, timestamp: expect.any(Number) })
    expect(await textOf(item.id)).toBe(`${name} ${path}`)
    expect(await bundledIn(item.id)).toBeNull()
  })

  test('is taken in a bundle', async () => {
    const item = await signed(`${name} in a bundle`, signer)
    const bundle = await signed((await bundleAndSignData([item], signer)).getRaw(), signer, { tags: bundleTags })
    expect((await post('tx', bundle.getRaw())).status).toBe(200)
    expect(await textOf(item.id)).toBe(`${name} in a bundle`)
    expect(await bundledIn(item.id)).toEqual({ id: bundle.id })
  })
})

test('a layer-1 transaction with a bundle in a bundle is unpacked when its last chunk is there, for good', async () => {
  const items = await Promise.all(signers.map(({ name, signer }) => signed(name.repeat(40_000), signer)))
  const inner = await signed((await bundleAndSignData(items, rsa)).getRaw(), rsa, { tags: bundleTags })
  const beside = await signed('beside', rsa)
  const bundle = await bundleAndSignData([inner, beside], rsa)
  const transaction = await bundle.toTransaction({}, arweave, jwk)
  await arweave.transactions.sign(transaction, jwk)
  expect(transaction.chunks?.chunks.length).toBeGreaterThan(1)

  const uploader = await arweave.transactions.getUploader(transaction)
  while (!uploader.isComplete) {
    expect((await get(beside.id)).status).toBe(404)
    await uploader.uploadChunk()
  }
  for (let round = 0; round < 2; round++) {
    for (const [index, { name }] of signers.entries()) {
      const { id = '' } = items[index] ?? {}
      expect((await textOf(id)) === name.repeat(40_000)).toBe(true)
      expect(await bundledIn(id)).toEqual({ id: inner.id })
    }
    expect(await bundledIn(inner.id)).toEqual({ id: transaction.id })
    expect(await bundledIn(beside.id)).toEqual({ id: transaction.id })
    expect(await arweave.transactions.verify(await arweave.transactions.get(transaction.id))).toBe(true)
    await stop()
    await start()
  }
})
