import { createDataItem } from '../../protocol/data-item.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import type { DataItem, Signer, Tag } from '../../protocol/types.ts'
import type { NodeClient, ProcessResult } from './node-client.ts'
import type { MessageOptions } from './options.ts'
import { readData } from './texts.ts'

const sdk: Tag = { name: 'SDK', value: 'loom' }

/** The tags that make an item an AO message; wire protocol 4.1. */
export const messageProtocol: readonly Tag[] = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Variant', value: 'ao.TN.1' },
  { name: 'Type', value: 'Message' },
]

export interface SentMessage {
  readonly messageId: string
  readonly processId: string
  readonly result: ProcessResult
}

/** Tags of the user in their order, the action first. */
export function userTags({ action, tag }: Pick<MessageOptions, 'action' | 'tag'>): readonly Tag[] {
  return action === undefined ? tag : [{ name: 'Action', value: action }, ...tag]
}

/** Signs a message, sends it, and waits for its result. */
export async function sendMessage(
  client: NodeClient,
  signer: Signer,
  processId: ProcessId,
  { data, ...tags }: MessageOptions,
): Promise<SentMessage> {
  const draft = {
    target: processId,
    tags: [...userTags(tags), sdk, ...messageProtocol],
    // A message without data has a space, as other clients send it.
    data: data === undefined ? ' ' : readData(data),
  }
  const { id: messageId, bytes } = createDataItem(draft, signer)
  await client.submit(bytes)
  return { messageId, processId, result: await client.result(processId, messageId) }
}

export interface SpawnDraft {
  readonly module: string
  readonly scheduler: string
  readonly tags: readonly Tag[]
  readonly data: Uint8Array | string
}

/** Signs the item that is the process. */
export function createProcessItem(signer: Signer, { module, scheduler, tags, data }: SpawnDraft): DataItem {
  const protocol: readonly Tag[] = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Type', value: 'Process' },
    { name: 'Module', value: module },
    { name: 'Scheduler', value: scheduler },
    // The scheduler is the messenger too; without it the process trusts no delivered message.
    { name: 'Authority', value: scheduler },
  ]
  return createDataItem({ tags: [...tags, sdk, ...protocol], data }, signer)
}
