import { createDataItem } from '../protocol/data-item.ts'
import type { DataItem, DataItemDraft, Tag } from '../protocol/types.ts'
import type { TestMessageDraft, TestTags, TestWallet } from './types.ts'

/**
 * Placeholders that a development network takes for its own: its real ids are new in every run, and the ids of processes,
 * with them the seed of `math.random`, are to be the same each time.
 */
const module = 'MODULE_TX_ID'
const scheduler = 'SCHEDULER_ADDRESS'

/** Makes the signed items of one test network. */
export class ItemFactory {
  #count = 0

  process(wallet: TestWallet, tags: TestTags = {}, data = ' '): DataItem {
    const all = { ...protocolTags('Process'), Module: module, Scheduler: scheduler, ...tags }
    return this.processOf(wallet, tagList(all), data)
  }

  /** A process item with exactly these tags. */
  processOf(wallet: TestWallet, tags: readonly Tag[], data = ' '): DataItem {
    return createDataItem({ anchor: this.#nextAnchor(), tags, data }, wallet.signer)
  }

  message(wallet: TestWallet, target: string, draft: TestMessageDraft): DataItem {
    return createDataItem(this.messageDraft(target, draft), wallet.signer)
  }

  messageDraft(target: string, draft: TestMessageDraft): DataItemDraft {
    return { target, anchor: this.#nextAnchor(), tags: messageTags(draft), data: draft.data ?? ' ' }
  }

  /** Ed25519 signatures are deterministic: without this, a message sent twice would be one item, and be taken once. */
  #nextAnchor(): string {
    this.#count += 1
    return String(this.#count).padStart(32, '0')
  }
}

export function messageTags({ action, tags = {} }: TestMessageDraft): Tag[] {
  return tagList({ ...protocolTags('Message'), ...(action === undefined ? {} : { Action: action }), ...tags })
}

function protocolTags(type: 'Process' | 'Message'): TestTags {
  return { 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: type }
}

function tagList(tags: TestTags): Tag[] {
  return Object.entries(tags).map(([name, value]) => ({ name, value }))
}
