import { beforeAll, expect } from 'vitest'
import type { Tag } from '../../src/protocol/types.ts'
import { describeClient } from './compatibility.ts'
import { aoTags, getJson, node, processTags, sendItem } from './node.ts'

/** The signer of aoconnect 0.0.69 and of many tools. It makes data items; they are sent with `fetch`. */

interface Library {
  createData(data: string, signer: object, options: { tags: readonly Tag[]; target?: string }): Item
  ArweaveSigner: new (jwk: object) => object
}

interface Item {
  readonly id: string | Promise<string>
  sign(signer: object): Promise<unknown>
  getRaw(): Uint8Array
}

let library: Library

export function describeWarpArbundles(): void {
  describeClient({ name: 'warp-arbundles' }, ({ works }) => {
    beforeAll(async () => {
      // The package is CommonJS, and its types are written for bundlers.
      library = (await import('warp-arbundles')) as unknown as Library
    })

    works('createData', 'a process and a message of it, taken by the messenger', async () => {
      const process = await send('/mu', '1984', processTags())
      const tags = [...aoTags('Message'), { name: 'Action', value: 'Eval' }]
      const message = await send('/mu', 'return Owner', tags, process)
      const { Output } = await getJson<{ Output: { data: string } }>(`/cu/result/${message}?process-id=${process}`)
      expect(Output.data).toBe(node.walletAddress)
    })

    works('createData', 'an upload, taken by the bundler', async () => {
      const item = await send('/tx', 'hällo', [{ name: 'Content-Type', value: 'text/plain' }])
      const response = await fetch(`${node.url}/${item}`)
      expect(response.headers.get('content-type')).toContain('text/plain')
      expect(await response.text()).toBe('hällo')
    })
  })
}

async function send(path: '/mu' | '/tx', data: string, tags: readonly Tag[], target?: string): Promise<string> {
  const signer = new library.ArweaveSigner(node.wallet)
  const item = library.createData(data, signer, { tags, ...(target !== undefined && { target }) })
  await item.sign(signer)
  const id = await sendItem(path, item.getRaw())
  expect(id).toBe(await item.id)
  return id
}
