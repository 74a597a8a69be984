import { LoomError } from '../protocol/loom-error.ts'

export type SchedulerErrorInfo =
  | { readonly code: 'SCHEDULER_PROCESS_UNKNOWN'; readonly processId: string }
  | {
      readonly code: 'SCHEDULER_TAG_INVALID'
      readonly tag: string
      readonly given: string | undefined
      readonly allowed: string
    }
  | { readonly code: 'SCHEDULER_TARGET_MISSING' }
  | { readonly code: 'SCHEDULER_MODULE_UNKNOWN'; readonly module: string }
  | {
      readonly code: 'SCHEDULER_MODULE_UNSUPPORTED'
      readonly module: string
      readonly format: string
      readonly supported: string
    }
  | { readonly code: 'SCHEDULER_ITEM_UNKNOWN'; readonly itemId: string }
  | { readonly code: 'SCHEDULER_BASE_LAYER_UNSUPPORTED'; readonly itemId: string }
  | {
      readonly code: 'SCHEDULER_FORK_NONCE_UNKNOWN'
      readonly processId: string
      readonly nonce: number
      readonly next: number
    }
  | { readonly code: 'SCHEDULER_FORK_TOO_DEEP'; readonly processId: string; readonly depthMax: number }
  | { readonly code: 'SCHEDULER_CONFLICT'; readonly processId: string }

type Code = SchedulerErrorInfo['code']
type InfoOf<C extends Code> = Extract<SchedulerErrorInfo, { code: C }>

const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  SCHEDULER_PROCESS_UNKNOWN: ({ processId }) =>
    `Process ${processId} is not scheduled here. Spawn it on this node first, or check the id.`,
  SCHEDULER_TAG_INVALID: ({ tag, given, allowed }) =>
    `Tag '${tag}': ${given === undefined ? 'is missing' : `is ${JSON.stringify(given)}`}; ${allowed}.`,
  SCHEDULER_TARGET_MISSING: () => 'A message needs a target: the id of the process it is for.',
  SCHEDULER_MODULE_UNKNOWN: ({ module }) =>
    `Module ${module} is not on this node. Upload its Module item first, or use the id of the built-in library that GET /api/info shows.`,
  SCHEDULER_MODULE_UNSUPPORTED: ({ module, format, supported }) =>
    `Module ${module} has Module-Format "${format}", which this node does not run. It runs ${supported}: spawn with the built-in library that GET /api/info shows.`,
  SCHEDULER_ITEM_UNKNOWN: ({ itemId }) =>
    `Item ${itemId} is not on this node, so it cannot be assigned. Upload it first.`,
  SCHEDULER_BASE_LAYER_UNSUPPORTED: ({ itemId }) =>
    `Item ${itemId} cannot be assigned from the base layer: this node does not follow it. Upload the item and assign it without base-layer.`,
  SCHEDULER_FORK_NONCE_UNKNOWN: ({ processId, nonce, next }) =>
    `Process ${processId} cannot be forked at nonce ${nonce}: its log has ${next} entries, so give 0 to ${next - 1}.`,
  SCHEDULER_FORK_TOO_DEEP: ({ processId, depthMax }) =>
    `Process ${processId} is the last of ${depthMax} forks in a row, which is the most. Fork one of those before it.`,
  SCHEDULER_CONFLICT: ({ processId }) =>
    `Process ${processId} exists already, or its log moved on. Send the item again.`,
}

/** Refusals of the scheduler: nothing was stored. */
export class SchedulerError extends LoomError<SchedulerErrorInfo> {
  override readonly name = 'SchedulerError'

  constructor(info: SchedulerErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: SchedulerErrorInfo) => string
    super(message(info), info, options)
  }
}
