import type { ClockMove } from '../../network/types.ts'
import { createNodeClient } from '../client/node-client.ts'
import type { NodeOptions } from '../client/options.ts'
import { print } from '../output.ts'

export async function clock({ url, json }: NodeOptions, move: ClockMove): Promise<void> {
  const time = await createNodeClient(url).develop<{ readonly timestampMs: number }>('clock', move)
  print(json ? JSON.stringify(time) : new Date(time.timestampMs).toISOString())
}
