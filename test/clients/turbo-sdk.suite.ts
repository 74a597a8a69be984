import { Readable } from 'node:stream'
import { TurboFactory } from '@ardrive/turbo-sdk'
import { ArweaveSigner, createData } from '@dha-team/arbundles'
import { expect } from 'vitest'
import { describeClient } from './compatibility.ts'
import { node } from './node.ts'

/** A bundler's client, pointed at the node. This version is the last one without the libraries of a dozen chains. */

export function describeTurbo(): void {
  describeClient({ name: '@ardrive/turbo-sdk' }, ({ works, differs }) => {
    works('uploadSignedDataItem', 'a receipt, and the data is there at once', async () => {
      const signer = new ArweaveSigner(node.wallet)
      const item = createData('signed before', signer)
      await item.sign(signer)
      const bytes = item.getRaw()
      const receipt = await TurboFactory.unauthenticated(services()).uploadSignedDataItem({
        dataItemStreamFactory: () => Readable.from([bytes]),
        dataItemSizeFactory: () => bytes.length,
      })
      expect(receipt).toMatchObject({ id: item.id, owner: node.walletAddress })
      expect(receipt.dataCaches).toBeInstanceOf(Array)
      expect(await (await fetch(`${node.url}/${item.id}`)).text()).toBe('signed before')
    })

    works('uploadFile', 'signed by the client, with its tags', async () => {
      const data = Buffer.alloc(300_000, 'file')
      const turbo = TurboFactory.authenticated({ ...services(), privateKey: node.wallet })
      const { id, owner } = await turbo.uploadFile({
        fileStreamFactory: () => Readable.from([data]),
        fileSizeFactory: () => data.length,
        dataItemOpts: { tags: [{ name: 'Content-Type', value: 'text/plain' }] },
      })
      expect(owner).toBe(node.walletAddress)
      const response = await fetch(`${node.url}/${id}`)
      expect(response.headers.get('content-type')).toContain('text/plain')
      expect(Buffer.from(await response.arrayBuffer())).toEqual(data)
    })

    differs(
      'getUploadCosts, getFiatRates, getWincForFiat',
      'uploads cost nothing: there is no payment service',
      async () => {
        const turbo = TurboFactory.unauthenticated(services())
        await expect(turbo.getUploadCosts({ bytes: [1_000] })).rejects.toThrow('404')
        await expect(turbo.getFiatRates()).rejects.toThrow('404')
      },
    )
  })
}

function services() {
  const service = { url: node.url, retryConfig: { retries: 0 } }
  return { uploadServiceConfig: service, paymentServiceConfig: service }
}
