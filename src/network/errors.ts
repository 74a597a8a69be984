import { LoomError } from '../protocol/loom-error.ts'

export type NetworkErrorInfo =
  | { readonly code: 'NETWORK_MESSAGE_UNKNOWN'; readonly processId: string; readonly id: string }
  | { readonly code: 'NETWORK_PROCESS_UNKNOWN'; readonly processId: string }
  | { readonly code: 'NETWORK_CLOSED' }
  | { readonly code: 'NETWORK_BUNDLE_TOO_LARGE'; readonly id: string; readonly countMax: number }
  | { readonly code: 'NETWORK_DEVELOPMENT_ONLY'; readonly wanted: string }
  | { readonly code: 'NETWORK_REVERTED'; readonly snapshot: string }
  | { readonly code: 'NETWORK_SNAPSHOT_UNKNOWN'; readonly snapshot: string; readonly known: readonly string[] }
  | { readonly code: 'NETWORK_SNAPSHOT_UNSUPPORTED' }
  | {
      readonly code: 'NETWORK_TIME_INVALID'
      readonly givenMs: number
      readonly nowMs: number
      readonly maxMs: number
    }
  | { readonly code: 'NETWORK_CLOCK_UNREADABLE'; readonly path: string; readonly reason: string }
  | { readonly code: 'NETWORK_KEY_UNREADABLE'; readonly path: string; readonly reason: string }

type Code = NetworkErrorInfo['code']
type InfoOf<C extends Code> = Extract<NetworkErrorInfo, { code: C }>

const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  NETWORK_MESSAGE_UNKNOWN: ({ processId, id }) =>
    `Process ${processId} has no message or assignment ${id}. Check both ids; was the message sent to another process?`,
  NETWORK_PROCESS_UNKNOWN: ({ processId }) =>
    `Process ${processId} is not on this node. Spawn it here first, or check the id.`,
  NETWORK_CLOSED: () => 'The node is shutting down. Ask again when it is back.',
  NETWORK_BUNDLE_TOO_LARGE: ({ id, countMax }) =>
    `The bundle ${id} holds more than ${countMax} items, those of bundles in it included. Upload it as several bundles.`,
  NETWORK_DEVELOPMENT_ONLY: ({ wanted }) =>
    `This node is strict, and ${wanted} is for development. Start a node without --strict for it.`,
  NETWORK_REVERTED: ({ snapshot }) =>
    `The network went back to snapshot ${snapshot} meanwhile; what was asked about may be gone. Ask again, or send it again.`,
  NETWORK_SNAPSHOT_UNKNOWN: ({ snapshot, known }) =>
    `There is no snapshot ${snapshot}: ${known.length === 0 ? 'none was taken' : `there are ${listed(known)}`}. Going back to one forgets those after it.`,
  NETWORK_SNAPSHOT_UNSUPPORTED: () =>
    'Only a network in memory can go back: start the node with --memory. With a data directory, make a backup, or fork the process.',
  NETWORK_TIME_INVALID: ({ givenMs, nowMs, maxMs }) =>
    `The clock cannot be moved to ${givenMs}: give milliseconds since 1970, from ${nowMs} (now) to ${maxMs}.`,
  NETWORK_CLOCK_UNREADABLE: ({ path, reason }) =>
    `The file ${path}, which says how far the clock was moved, cannot be read: ${reason}. Delete it for the time of the machine.`,
  NETWORK_KEY_UNREADABLE: ({ path, reason }) =>
    `The node's key ${path} cannot be read: ${reason}. Restore it from a backup; a new key would be another node.`,
}

/** The last few of them: there may be many. */
function listed(ids: readonly string[]): string {
  return ids.length <= 10 ? ids.join(', ') : `… ${ids.slice(-10).join(', ')}`
}

export class NetworkError extends LoomError<NetworkErrorInfo> {
  override readonly name = 'NetworkError'

  constructor(info: NetworkErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: NetworkErrorInfo) => string
    super(message(info), info, options)
  }
}
