import type { StateValue } from '../../vm/state-value.ts'
import { createNodeClient } from '../client/node-client.ts'
import { globalsText, stateText } from '../client/state-text.ts'
import { processArgument } from '../client/texts.ts'
import { print, printError } from '../output.ts'
import type { StateOptions } from './options.ts'

/** Of `GET /api/processes/<process>/state`. */
interface StateAnswer {
  readonly nonce: number
  readonly isComplete: boolean
  readonly value: StateValue
}

export async function state(process: string, path: string, { url, json, at, limit }: StateOptions): Promise<void> {
  const client = createNodeClient(url)
  const answer = await client.timeTravel<StateAnswer>(processArgument(process), 'state', { path, at, limit })
  if (json) return print(JSON.stringify(answer, undefined, 2))
  const text = path === '' ? globalsText(answer.value) : stateText(answer.value)
  if (text === '') printError(`No global was made by code of this process, as of nonce ${answer.nonce}.`)
  else print(text)
  if (!answer.isComplete) printError('Some of it is left out. Give a path to a part of it, or a higher --limit.')
}
