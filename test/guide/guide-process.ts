/**
 * Processes on a network, driven as a developer drives them: the owner evaluates blocks, wallets and other processes
 * send messages.
 *
 * @module
 */
import { expect } from 'vitest'
import type { Network } from '../../src/network/types.ts'
import { createDataItem } from '../../src/protocol/data-item.ts'
import type { ItemId, ProcessId } from '../../src/protocol/ids.ts'
import { createEd25519Signer } from '../../src/protocol/signers.ts'
import type { DataItem, Signer, Tag } from '../../src/protocol/types.ts'
import { type BlockName, blockEntry, take } from './guide-blocks.ts'

/** A signer of its own for each name. */
export function wallet(name: string): Signer {
  return createEd25519Signer(Buffer.from(name.padEnd(32, '.')))
}

/** Owns every process of these tests. */
export const owner = wallet('owner')

/** A message in the outbox, with its tags by name. */
export interface Sent {
  readonly target: unknown
  readonly data: unknown
  readonly tags: Readonly<Record<string, unknown>>
}

export interface Outcome {
  readonly id: ItemId
  readonly nonce: number
  readonly timestampMs: number
  /** The log had the item already. */
  readonly duplicate: boolean
  readonly sent: readonly Sent[]
  /** What the process printed, colours included. */
  readonly output: string
  readonly error: unknown
}

/** A message that stands in a process's `Inbox`. */
export interface Received {
  readonly from: unknown
  readonly data: unknown
  readonly tags: Readonly<Record<string, unknown>>
}

export interface GuideProcess {
  readonly id: ProcessId
  /** Loads a block of the guide: the blocks it comes after, the names it leaves undefined, then its printed text. */
  load(name: BlockName): Promise<void>
  /** Evaluates code as the owner, which must go well. */
  eval(code: string): Promise<Outcome>
  /** The value of a Lua expression, by way of JSON. */
  read(expression: string): Promise<unknown>
  /** Signs a message without sending it. */
  message(from: Signer, tags: Readonly<Record<string, string>>, data?: string): DataItem
  submit(message: DataItem): Promise<Outcome>
  send(from: Signer, tags: Readonly<Record<string, string>>, data?: string): Promise<Outcome>
  /** Everything that reached `Inbox` since the process was made, once the network is quiet. */
  inbox(): Promise<readonly Received[]>
}

let sequence = 0

export async function createGuideProcess(network: Network): Promise<GuideProcess> {
  const aoTags = (type: 'Process' | 'Message', more: Readonly<Record<string, string>>): Tag[] => {
    // Signatures here are deterministic: without a number, a message sent twice would be one item.
    const all = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: type, Sequence: String(++sequence), ...more }
    return Object.entries(all).map(([name, value]) => ({ name, value }))
  }
  const spawnTags = aoTags('Process', { Module: 'MODULE_TX_ID', Scheduler: network.info().address })
  const { processId: id } = await network.submit(createDataItem({ tags: spawnTags, data: ' ' }, owner).bytes)

  const self: GuideProcess = {
    id,
    async load(name) {
      const { after = [], supplied } = blockEntry(name)
      for (const earlier of after) await self.load(earlier as BlockName)
      for (const { name: missing, lua = '' } of supplied) {
        // What the library has must not be supplied: it would hide that it is missing.
        expect(await self.read(`type(${missing})`), `${missing} before it is supplied`).toBe('nil')
        await self.eval(lua)
      }
      await self.eval(take(name))
    },
    async eval(code) {
      const outcome = await self.send(owner, { Action: 'Eval' }, code)
      expect(outcome.error, code).toBeUndefined()
      return outcome
    },
    async read(expression) {
      return JSON.parse((await self.eval(`return require("json").encode(${expression})`)).output)
    },
    message(from, tags, data = ' ') {
      return createDataItem({ target: id, tags: aoTags('Message', tags), data }, from)
    },
    async submit(message) {
      const { id: itemId, nonce, timestampMs, duplicate } = await network.submit(message.bytes)
      const { json } = await network.result(id, itemId)
      return { id: itemId, nonce, timestampMs, duplicate, ...outcomeOf(JSON.parse(json) as LegacyResult) }
    },
    send(from, tags, data) {
      return self.submit(self.message(from, tags, data))
    },
    async inbox() {
      await network.idle()
      const list = `(function()
        local list = {}
        for index = 2, #Inbox do -- the first is the process's own spawn message
          local tags = {}
          for name, value in pairs(Inbox[index].Tags) do tags[name] = value end
          list[#list + 1] = { from = Inbox[index].From, data = Inbox[index].Data, tags = tags }
        end
        return list
      end)()`
      return (await self.read(list)) as readonly Received[]
    },
  }
  return self
}

/** Names of the handlers in the order in which they are asked. */
export async function handlerNames(process: GuideProcess): Promise<readonly unknown[]> {
  const list = `(function()
    local names = {}
    for index, handler in ipairs(Handlers.list) do names[index] = handler.name end
    return names
  end)()`
  return (await process.read(list)) as readonly unknown[]
}

interface LegacyResult {
  readonly Output?: { readonly data?: string } | ''
  readonly Messages?: readonly {
    Target?: unknown
    Data?: unknown
    Tags: readonly { name: string; value?: unknown }[]
  }[]
  readonly Error?: unknown
}

function outcomeOf({ Output, Messages = [], Error: error }: LegacyResult) {
  return {
    sent: Messages.map(({ Target: target, Data: data, Tags }) => ({ target, data, tags: tagsByName(Tags) })),
    output: Output === '' ? '' : (Output?.data ?? ''),
    error,
  }
}

function tagsByName(tags: readonly { name: string; value?: unknown }[]): Record<string, unknown> {
  return Object.fromEntries(tags.map(({ name, value }) => [name, value]))
}
