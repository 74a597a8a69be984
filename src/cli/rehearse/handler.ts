import type { Rehearsal } from '../../compute/rehearsal.ts'
import { createNodeClient } from '../client/node-client.ts'
import { processArgument } from '../client/texts.ts'
import { readLuaCode } from '../eval/lua-code.ts'
import { print } from '../output.ts'
import type { RehearseOptions } from './options.ts'
import { rehearsalLines } from './rehearsal-text.ts'

/** @param given - Lua code, or `@` and the path of a file. */
export async function rehearse(process: string, given: string, { url, json, last }: RehearseOptions): Promise<void> {
  const processId = processArgument(process)
  const code = given.startsWith('@') ? readLuaCode({ kind: 'file', path: given.slice(1) }).code : given
  const rehearsal = await createNodeClient(url).develop<Rehearsal>('rehearse', { processId, code, last })
  print(...(json ? [JSON.stringify(rehearsal, undefined, 2)] : rehearsalLines(rehearsal)))
  if (rehearsal.code.error !== undefined) globalThis.process.exitCode = 1
}
