import { createNodeClient } from '../client/node-client.ts'
import { changeLine, type ValueChange } from '../client/state-text.ts'
import { processArgument } from '../client/texts.ts'
import { print } from '../output.ts'
import type { BlameOptions } from './options.ts'

/** Of `GET /api/processes/<process>/last-change`. */
type LastChangeAnswer =
  | (ValueChange & {
      readonly isFound: true
      readonly nonce: number
      readonly messageId: string
      readonly from: string
      readonly action?: string
      readonly timestampMs: number
    })
  | { readonly isFound: false; readonly sinceNonce: number }

export async function blame(process: string, path: string, { url, json, at }: BlameOptions): Promise<void> {
  const client = createNodeClient(url)
  const processId = processArgument(process)
  const ask = (at: number | undefined): Promise<LastChangeAnswer> =>
    client.timeTravel<LastChangeAnswer>(processId, 'last-change', { path, at })
  let answer = await ask(at)
  // A node gives up a long search, and says where.
  while (!answer.isFound && answer.sinceNonce >= 0) answer = await ask(answer.sinceNonce)
  if (json) return print(JSON.stringify(answer, undefined, 2))
  if (!answer.isFound) return print(`${path} was never changed by a message.`)
  const { nonce, messageId, from, action, timestampMs } = answer
  print(
    `nonce ${nonce}  ${new Date(timestampMs).toISOString()}`,
    `message ${messageId}`,
    `from ${from}${action === undefined ? '' : `  Action=${JSON.stringify(action)}`}`,
    changeLine(path, answer),
  )
}
