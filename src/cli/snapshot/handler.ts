import { createNodeClient } from '../client/node-client.ts'
import type { NodeOptions } from '../client/options.ts'
import { print } from '../output.ts'

export async function snapshot({ url, json }: NodeOptions): Promise<void> {
  const taken = await createNodeClient(url).develop<{ readonly snapshot: string }>('snapshot')
  print(json ? JSON.stringify(taken) : taken.snapshot)
}

export async function revert(given: string, { url, json }: NodeOptions): Promise<void> {
  const reverted = await createNodeClient(url).develop<{ readonly timestampMs: number }>('revert', { snapshot: given })
  const time = new Date(reverted.timestampMs).toISOString()
  print(json ? JSON.stringify(reverted) : `The network is back at snapshot ${given}; its time is ${time}.`)
}
