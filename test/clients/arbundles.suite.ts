import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  AptosSigner,
  ArweaveSigner,
  bundleAndSignData,
  createData,
  type DataItem,
  EthereumSigner,
  HexInjectedSolanaSigner,
  InjectedAptosSigner,
  KyveSigner,
  MultiSignatureAptosSigner,
  type Signer,
  streamSigner,
  TypedEthereumSigner,
  unbundleData,
} from '@dha-team/arbundles'
import Arweave from 'arweave'
import { expect } from 'vitest'
import type { Tag } from '../../src/protocol/types.ts'
import { type ClientTests, describeClient } from './compatibility.ts'
import { aoTags, getJson, node, postItem, processTags, sendItem } from './node.ts'

/** Its signers, end to end, and its bundles. It makes data items; they are sent with `fetch`. */

const seed = Buffer.alloc(32, 1)
/** PKCS #8 of an Ed25519 key is this and the seed. RFC 8410. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const ed25519Key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
const ed25519Owner = createPublicKey(ed25519Key).export({ format: 'der', type: 'spki' }).subarray(-32)

/** Only what its class calls; its type asks for a whole wallet adapter. */
const solanaWallet = {
  publicKey: { toBuffer: () => ed25519Owner },
  signMessage: async (message: Uint8Array) => sign(null, message, ed25519Key),
} as unknown as ConstructorParameters<typeof HexInjectedSolanaSigner>[0]

/** Of the key that is 32 times 01. Wire protocol 16. */
const ethereumAddress = '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1'
const addressOfOwner = (owner: Uint8Array): string => createHash('sha256').update(owner).digest('base64url')

export function describeArbundles(): void {
  describeClient({ name: '@dha-team/arbundles' }, (tests) => {
    signers(tests)
    bundles(tests)
  })
}

function signers({ works, differs }: ClientTests): void {
  works('ArweaveSigner', 'RSA, type 1: address is the hash of the key', async () => {
    await checkWallet(new ArweaveSigner(node.wallet), node.walletAddress)
  })

  works('AptosSigner', 'Ed25519, type 2: address is the hash of the key', async () => {
    const signer = new AptosSigner(`0x${seed.toString('hex')}`, `0x${ed25519Owner.toString('hex')}`)
    await checkWallet(signer, addressOfOwner(ed25519Owner))
  })

  works('EthereumSigner', 'secp256k1, type 3: address is 0x…, with checksum', async () => {
    await checkWallet(new EthereumSigner(seed.toString('hex')), ethereumAddress)
  })

  works('HexInjectedSolanaSigner', 'Ed25519, type 4: address is the hash of the key', async () => {
    await checkWallet(new HexInjectedSolanaSigner(solanaWallet), addressOfOwner(ed25519Owner))
  })

  // The node reads the type before it looks at the signature, so that any will do.
  const signature = Buffer.alloc(64)
  const refused = [
    {
      ...{ name: 'InjectedAptosSigner', signatureType: 5 },
      signer: new InjectedAptosSigner({ signMessage: async () => ({ signature: signature.toString('hex') }) }, seed),
    },
    {
      ...{ name: 'MultiSignatureAptosSigner', signatureType: 6 },
      signer: new MultiSignatureAptosSigner(Buffer.alloc(1_025), async () => ({
        ...{ signatures: [signature], bitmap: [0] },
      })),
    },
    { name: 'TypedEthereumSigner', signatureType: 7, signer: new TypedEthereumSigner(seed.toString('hex')) },
    { name: 'KyveSigner', signatureType: 101, signer: new KyveSigner(seed.toString('hex')) },
  ]
  for (const { name, signatureType, signer } of refused) {
    differs(name, `type ${signatureType} is refused: libraries verify it differently, and no AO client uses it`, () =>
      expectRefused(signer as unknown as Signer, signatureType),
    )
  }
}

interface Owner {
  readonly address: string
  readonly key: string
}

/** A process and a message signed by it: one owner for the process, the scheduler, the gateway and GraphQL. */
async function checkWallet(signer: Signer, address: string): Promise<void> {
  const process = await sendItem('/mu', await signedItem(signer, '1984', processTags()))
  const action = { name: 'Action', value: 'Eval' }
  const code = `Handlers.add('Who', 'Who', function(msg) msg.reply({ Data = msg.From }) end) return Owner`
  const evaluated = await sendItem('/mu', await signedItem(signer, code, [...aoTags('Message'), action], process))
  const result = await getJson<{ Output: { data: string } }>(`/cu/result/${evaluated}?process-id=${process}`)
  expect(result.Output.data).toBe(address)

  const who = [...aoTags('Message'), { name: 'Action', value: 'Who' }]
  const asked = await sendItem('/mu', await signedItem(signer, 'x', who, process))
  const { Messages } = await getJson<{ Messages: object[] }>(`/cu/result/${asked}?process-id=${process}`)
  expect(Messages).toMatchObject([{ Target: address, Data: address }])

  const owner: Owner = { address, key: Buffer.from(signer.publicKey).toString('base64url') }
  expect(await getJson(`/su/${asked}?process-id=${process}`)).toMatchObject({ message: { owner } })
  expect(await getJson(`/tx/${asked}`)).toMatchObject({ owner: owner.key, target: process })
  expect(await graphqlNode(`owners: ["${address}"], ids: ["${asked}"]`)).toMatchObject({ id: asked, owner })
  const upload = await sendItem('/tx', await signedItem(signer, 'uploaded', []))
  expect(await (await fetch(`${node.url}/${upload}`)).text()).toBe('uploaded')
}

async function expectRefused(signer: Signer, signatureType: number): Promise<void> {
  const item = await signedItem(signer, 'x', [])
  for (const path of ['/mu', '/tx'] as const) {
    const response = await postItem(path, item)
    expect(response.status).toBe(400)
    const { code, error } = (await response.json()) as { code: string; error: string }
    expect(code).toBe('PROTOCOL_SIGNATURE_TYPE_UNSUPPORTED')
    expect(error).toContain(String(signatureType))
  }
}

function bundles({ works }: ClientTests): void {
  works('createData', 'an upload, with its tags as headers', async () => {
    const tags = [{ name: 'Content-Type', value: 'text/plain' }]
    const id = await sendItem('/tx', await signedItem(rsa(), 'hällo', [...tags, { name: 'App-Name', value: 'Suite' }]))
    const response = await fetch(`${node.url}/raw/${id}`)
    expect(response.headers.get('app-name')).toBe('Suite')
    expect(await response.text()).toBe('hällo')
  })

  works('streamSigner', 'an item signed as a stream', async () => {
    const data = Buffer.alloc(100_000, 'stream')
    const stream = await streamSigner(Readable.from([data]), Readable.from([data]), rsa())
    const id = await sendItem('/tx', await buffer(stream))
    expect(Buffer.from(await (await fetch(`${node.url}/${id}`)).arrayBuffer())).toEqual(data)
  })

  works('unbundleData', 'what was uploaded as a bundle is a bundle when it is read', async () => {
    const bundle = await bundleAndSignData([createData('one', rsa()), createData('two', rsa())], rsa())
    const id = await sendItem('/tx', await signedItem(rsa(), bundle.getRaw(), bundleTags))
    const read = unbundleData(Buffer.from(await (await fetch(`${node.url}/raw/${id}`)).arrayBuffer()))
    expect(read.getIds()).toEqual(bundle.getIds())
    expect(await read.verify()).toBe(true)
  })

  works('bundleAndSignData', 'the items of an uploaded bundle are items of the gateway, bundled in it', async () => {
    const items = ['first', 'second'].map((data) => createData(data, rsa()))
    const bundle = await bundleAndSignData(items, rsa())
    const id = await sendItem('/tx', await signedItem(rsa(), bundle.getRaw(), bundleTags))
    await expectUnpacked(bundle.items, ['first', 'second'], id)
  })

  works('bundleAndSignData', 'a bundle in a bundle is unpacked too', async () => {
    const inner = await bundleAndSignData([createData('deep', rsa())], rsa())
    const middle = createData(inner.getRaw(), rsa(), { tags: [...bundleTags] })
    const outer = await bundleAndSignData([middle], rsa())
    await sendItem('/tx', await signedItem(rsa(), outer.getRaw(), bundleTags))
    await expectUnpacked(inner.items, ['deep'], middle.id)
  })

  works('Bundle.toTransaction', 'the items of a bundle in a transaction of arweave', async () => {
    const bundle = await bundleAndSignData([createData('of a transaction', rsa())], rsa())
    const { hostname, port, protocol } = new URL(node.url)
    const arweave = new Arweave({ host: hostname, port, protocol: protocol.slice(0, -1) })
    type Bundled = Parameters<typeof bundle.toTransaction>
    const transaction = await bundle.toTransaction({}, arweave as unknown as Bundled[1], node.wallet)
    await arweave.transactions.sign(transaction as never, node.wallet)
    expect(await arweave.transactions.post(transaction)).toMatchObject({ status: 200 })
    await expectUnpacked(bundle.items, ['of a transaction'], transaction.id)
  })
}

const bundleTags: readonly Tag[] = [
  { name: 'Bundle-Format', value: 'binary' },
  { name: 'Bundle-Version', value: '2.0.0' },
]

async function expectUnpacked(items: readonly DataItem[], data: readonly string[], parent: string): Promise<void> {
  const texts = items.map(async ({ id }) => (await fetch(`${node.url}/${id}`)).text())
  expect(await Promise.all(texts)).toEqual(data)
  for (const { id } of items) {
    expect(await graphqlNode(`ids: ["${id}"]`)).toMatchObject({ id, bundledIn: { id: parent } })
  }
}

function rsa(): ArweaveSigner {
  return new ArweaveSigner(node.wallet)
}

async function signedItem(
  signer: Signer,
  data: string | Uint8Array,
  tags: readonly Tag[],
  target?: string,
): Promise<Buffer> {
  const item = createData(data, signer, { tags: [...tags], ...(target === undefined ? {} : { target }) })
  await item.sign(signer)
  return item.getRaw()
}

async function graphqlNode(filter: string): Promise<unknown> {
  const query = `{ transactions(${filter}) { edges { node { id owner { address key } bundledIn { id } } } } }`
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${node.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  const { data } = (await response.json()) as { data: { transactions: { edges: { node: unknown }[] } } }
  return data.transactions.edges[0]?.node
}
