import { joinPath } from '../../vm/state-path.ts'
import { createNodeClient } from '../client/node-client.ts'
import { changeLine, type ValueChange } from '../client/state-text.ts'
import { processArgument } from '../client/texts.ts'
import { print } from '../output.ts'
import type { DiffOptions } from './options.ts'

/** Of `GET /api/processes/<process>/diff`. */
interface DiffAnswer {
  readonly change: Change | null
}

type Change =
  | (ValueChange & { readonly kind: 'added' | 'removed' | 'changed' })
  | { readonly kind: 'inside'; readonly entries: { readonly [key: string]: Change } }

export async function diff(
  process: string,
  from: number,
  to: number,
  { url, json, path = '' }: DiffOptions,
): Promise<void> {
  const client = createNodeClient(url)
  const answer = await client.timeTravel<DiffAnswer>(processArgument(process), 'diff', { from, to, path })
  if (json) return print(JSON.stringify(answer, undefined, 2))
  print(...(answer.change === null ? ['Nothing is different.'] : changeLines(path, answer.change)))
}

function changeLines(path: string, change: Change): readonly string[] {
  if (change.kind !== 'inside') return [changeLine(path, change)]
  return Object.entries(change.entries).flatMap(([key, inner]) => changeLines(joinPath(path, key), inner))
}
