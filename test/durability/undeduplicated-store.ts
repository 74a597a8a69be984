import { createAssignment } from '../../src/protocol/assignment.ts'
import { createDataItem } from '../../src/protocol/data-item.ts'
import type { Signer } from '../../src/protocol/types.ts'
import type { AppendRequest, Store } from '../../src/store/types.ts'
import { overrideStore } from './override-store.ts'

/**
 * The control: a store that does not know what it was given before. A pushed message that the log has already is appended
 * again, as it would be if neither its cause nor its id told it: signed anew, as with a salted signature, and without its
 * cause. Everything else is the real store.
 */
export function withoutDeduplication(store: Store, signer: Signer): Store {
  let copies = 0
  const again = (request: AppendRequest): AppendRequest => {
    const { target, anchor, tags, data } = request.item
    copies += 1
    const copyTags = [...tags, { name: 'Copy', value: `${Date.now()}.${copies}` }]
    const item = createDataItem({ target, anchor, tags: copyTags, data }, signer)
    return {
      ...{ processId: request.processId, kind: 'message', item },
      assign(head) {
        const { assign } = request
        const { timestampMs, blockHeight } = assign(head)
        return createAssignment(
          {
            ...{ processId: request.processId, nonce: head.next, timestampMs, blockHeight, messageId: item.id },
            ...{ previousHashChain: head.hashChain, previousAssignmentId: head.assignmentId },
          },
          signer,
        )
      },
    }
  }
  return overrideStore(store, { append })

  async function append(requests: readonly AppendRequest[]): ReturnType<Store['append']> {
    const results = [...(await store.append(requests))]
    for (const [i, request] of requests.entries()) {
      const result = results[i]
      const isRepeated = result?.ok && result.duplicate
      if (!isRepeated || request.kind !== 'message' || request.cause === undefined) continue
      const [appended] = await store.append([again(request)])
      if (appended !== undefined) results[i] = appended
    }
    return results
  }
}
