/**
 * What a reader has or does around the JavaScript blocks of the guide. Runs in the program that the blocks make up, in a
 * process of its own: see client-program.ts.
 *
 * The names that the guide leaves undefined stand on `globalThis`, where the blocks find them without being changed.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as aoconnect from '@permaweb/aoconnect'

/** Handed to the program as a file, because a wallet is no command-line argument. */
export interface ClientInput {
  readonly wallet: { readonly n: string }
  /** Lua that the owner loads into the spawned process before it is initialised. */
  readonly initializeHandler: string
}

/** Handed back as a file: standard output belongs to the guide's own `console.log`. */
export interface ClientReport {
  readonly processId: string
  readonly userAddress: string
  readonly initialize: { readonly messageId: string; readonly result: unknown }
  /** Owner, name and flag as the process has them after the message. */
  readonly state: unknown
  readonly direct: { readonly targetProcessId: string; readonly messageId: string; readonly result: unknown }
}

interface ResultShape {
  readonly Output: { readonly data: string }
  readonly Error?: unknown
}

/** The parts of aoconnect's client that these steps call. */
interface Client {
  message(request: object): Promise<string>
  result(request: { process: string; message: string }): Promise<ResultShape>
  spawn(request: object): Promise<string>
}

const directory = process.argv[2] ?? ''
const { wallet, initializeHandler } = JSON.parse(readFileSync(join(directory, 'input.json'), 'utf8')) as ClientInput
const userAddress = createHash('sha256').update(Buffer.from(wallet.n, 'base64url')).digest('base64url')
const createDataItemSigner = aoconnect.createDataItemSigner as (jwk: object) => unknown

let targetProcessId = ''
let messageId = ''
let initialize: ClientReport['initialize'] | undefined
let state: unknown

for (const name of ['createDataItemSigner', 'wallet', 'userAddress', 'targetProcessId', 'messageId']) {
  // If this module system knew the name already, supplying it would prove nothing.
  if (name in globalThis) throw new Error(`${name} is defined before it is supplied`)
}
Object.assign(globalThis, { createDataItemSigner, wallet, userAddress })
Object.defineProperties(globalThis, {
  targetProcessId: { get: () => targetProcessId },
  messageId: { get: () => messageId },
})

/** Between the first and the second block: the process gets the Lua that the guide shows after them. */
export async function afterSpawn(ao: Client, processId: string): Promise<void> {
  // The blocks drop the id that `ao.message` returns; the third one uses it as `messageId`.
  const { message } = ao
  ao.message = async (request) => {
    messageId = await message(request)
    return messageId
  }
  await evaluate(ao, processId, initializeHandler)
}

/** Between the second and the third block: reads what became of the message, and makes a process to ask for balances. */
export async function afterInitialize(ao: Client, processId: string): Promise<void> {
  initialize = { messageId, result: await ao.result({ process: processId, message: messageId }) }
  const { Output } = await evaluate(ao, processId, 'return require("json").encode(State)')
  state = JSON.parse(Output.data)

  const signer = createDataItemSigner(wallet)
  targetProcessId = await ao.spawn({ module: 'MODULE_TX_ID', scheduler: 'SCHEDULER_ADDRESS', signer })
  const balances = `
    local balances = { ["${userAddress}"] = 42 }
    Handlers.add("GetBalance", Handlers.utils.hasMatchingTag("Action", "GetBalance"), function(msg)
      ao.send({ Target = msg.From, Data = tostring(balances[msg.Tags.Account] or 0) })
    end)`
  await evaluate(ao, targetProcessId, balances)
}

/** After the third block: reports, with the `result` that the block has read. */
export function report(processId: string, result: unknown): void {
  if (initialize === undefined) throw new Error('the steps were not taken in order')
  const direct = { targetProcessId, messageId, result }
  const all: ClientReport = { processId, userAddress, initialize, state, direct }
  writeFileSync(join(directory, 'report.json'), JSON.stringify(all))
}

async function evaluate(ao: Client, target: string, code: string): Promise<ResultShape> {
  const tags = [{ name: 'Action', value: 'Eval' }]
  const id = await ao.message({ process: target, tags, data: code, signer: createDataItemSigner(wallet) })
  const result = await ao.result({ process: target, message: id })
  if (result.Error !== undefined) throw new Error(`Eval failed: ${JSON.stringify(result.Error)}`)
  return result
}
