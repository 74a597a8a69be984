import { beforeAll, expect } from 'vitest'
import { describeClient } from './compatibility.ts'
import { node } from './node.ts'

/** How clients find the scheduler of a process. */

interface SchedulerUtils {
  locate(processId: string, schedulerHint?: string): Promise<{ url: string; address: string }>
  validate(address: string): Promise<boolean>
  raw(address: string): Promise<{ url: string } | undefined>
  getProcess(processId: string): Promise<{ id: string; tags: { name: string; value: string }[] }>
}

let library: SchedulerUtils & { connect(options: object): SchedulerUtils }
let utils: SchedulerUtils
let processId: string

export function describeSchedulerUtils(): void {
  describeClient({ name: '@permaweb/ao-scheduler-utils' }, ({ works }) => {
    beforeAll(async () => {
      // Both take `fetch` and the variables when they are imported.
      library = (await import('@permaweb/ao-scheduler-utils')) as unknown as typeof library
      const { createDataItemSigner, spawn } = await import('@permaweb/aoconnect')
      utils = connectTo(node.url)
      const signer = createDataItemSigner(node.wallet)
      processId = await spawn({ module: node.moduleId, scheduler: node.address, signer })
    })

    works('locate', 'by the router, which is the node', async () => {
      const { address, url } = await utils.locate(processId)
      expect(address).toBe(node.address)
      await expectLogAt(url)
    })

    works('locate', 'by the hint of an address: its record', async () => {
      const { address, url } = await connectTo(node.url).locate(processId, node.address)
      expect(address).toBe(node.address)
      expect(url).toBe(`${node.url}/su`)
      await expectLogAt(url)
    })

    works('raw', 'the URL in the record', async () => {
      expect(await utils.raw(node.address)).toEqual({ url: `${node.url}/su` })
    })

    works('validate', 'true for the node, TransactionNotFound for anyone else', async () => {
      expect(await utils.validate(node.address)).toBe(true)
      await expect(utils.validate(node.walletAddress)).rejects.toThrow('Could not find')
    })

    works('locate, raw, validate', 'imported by name', async () => {
      expect((await library.locate(processId)).address).toBe(node.address)
      expect(await library.raw(node.address)).toEqual({ url: `${node.url}/su` })
      expect(await library.validate(node.address)).toBe(true)
    })

    works('getProcess', 'the process item, from GraphQL', async () => {
      const { id, tags } = await utils.getProcess(processId)
      expect(id).toBe(processId)
      expect(tags).toContainEqual({ name: 'Scheduler', value: node.address })
    })
  })
}

function connectTo(url: string): SchedulerUtils {
  return library.connect({ GRAPHQL_URL: `${url}/graphql`, HB_GRAPHQL_URL: url })
}

async function expectLogAt(url: string): Promise<void> {
  const response = await fetch(`${url}/${processId}?process-id=${processId}`)
  const { edges } = (await response.json()) as { edges: { node: { message: { id: string } } }[] }
  expect(edges[0]?.node.message.id).toBe(processId)
}
