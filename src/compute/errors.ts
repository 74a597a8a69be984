import { LoomError } from '../protocol/loom-error.ts'

export type ComputeErrorInfo =
  | { readonly code: 'COMPUTE_PROCESS_UNKNOWN'; readonly processId: string }
  | { readonly code: 'COMPUTE_MODULE_MISSING'; readonly processId: string; readonly moduleId: string }
  | { readonly code: 'COMPUTE_BOOT_ITEM_MISSING'; readonly processId: string; readonly itemId: string }
  | { readonly code: 'COMPUTE_SNAPSHOT_UNUSABLE'; readonly manifest: string; readonly reason: string }
  | {
      readonly code: 'COMPUTE_NONCE_UNKNOWN'
      readonly processId: string
      readonly nonce: number
      readonly evaluated: number
    }
  | { readonly code: 'COMPUTE_THREAD_FAILED'; readonly reason: string }
  | { readonly code: 'COMPUTE_STATE_LOST'; readonly processId: string }
  | { readonly code: 'COMPUTE_FENCED'; readonly processId: string }
  | { readonly code: 'COMPUTE_CLOSED' }

type Code = ComputeErrorInfo['code']
type InfoOf<C extends Code> = Extract<ComputeErrorInfo, { code: C }>

const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  COMPUTE_PROCESS_UNKNOWN: ({ processId }) =>
    `Process ${processId} is not on this node. Spawn it on this node first, or check the id.`,
  COMPUTE_BOOT_ITEM_MISSING: ({ processId, itemId }) =>
    `Process ${processId} boots from item ${itemId}, which is not in the store. Upload it to this node, then ask again.`,
  COMPUTE_MODULE_MISSING: ({ processId, moduleId }) =>
    `Module ${moduleId} of process ${processId} is not in the store. Upload the Module item.`,
  COMPUTE_SNAPSHOT_UNUSABLE: ({ manifest, reason }) =>
    `Snapshot ${manifest} cannot be used: ${reason}. The state is made again from an older one, or from the log.`,
  COMPUTE_NONCE_UNKNOWN: ({ processId, nonce, evaluated }) =>
    `Process ${processId} has no state after nonce ${nonce}: it has evaluated ${evaluated} entries, so give 0 to ${evaluated - 1}.`,
  COMPUTE_THREAD_FAILED: ({ reason }) =>
    `An evaluation thread failed: ${reason}. Another is in its place and does what is in the logs again. Ask again.`,
  COMPUTE_STATE_LOST: ({ processId }) =>
    `The state of process ${processId} was lost with an evaluation thread that failed. It is made again. Ask again.`,
  COMPUTE_FENCED: ({ processId }) => `Another worker has taken over process ${processId}; this result was thrown away.`,
  COMPUTE_CLOSED: () => 'The node is shutting down. Ask again when it is back.',
}

/** Failures of compute that are not results. */
export class ComputeError extends LoomError<ComputeErrorInfo> {
  override readonly name = 'ComputeError'

  constructor(info: ComputeErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: ComputeErrorInfo) => string
    super(message(info), info, options)
  }
}
