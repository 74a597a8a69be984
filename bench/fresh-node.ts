import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ProcessId } from '../src/protocol/ids.ts'

/** What a node does right after its start: a message to its result, or a read of the past. */
export type FirstDeed =
  | { readonly kind: 'message' }
  | { readonly kind: 'state'; readonly nonce: number; readonly path: string }

export interface FreshNode {
  readonly dataDirectory: string
  readonly processId: ProcessId
  readonly deed: FirstDeed
}

const program = fileURLToPath(new URL('./fresh-node.child.ts', import.meta.url))

/**
 * Starts a program with a node on the data directory. In one that has had a node before, the code would be optimised already.
 *
 * @returns how long the deed took, in milliseconds, the node being ready.
 */
export async function timeInFreshNode(node: FreshNode): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(node)])
  const ms = Number(stdout)
  if (!(ms > 0)) throw new Error(`A fresh node printed "${stdout}", not how long it took.`)
  return ms
}
