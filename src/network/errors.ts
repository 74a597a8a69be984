import { LoomError } from '../protocol/loom-error.ts'

export type NetworkErrorInfo =
  | { readonly code: 'NETWORK_MESSAGE_UNKNOWN'; readonly processId: string; readonly id: string }
  | { readonly code: 'NETWORK_PROCESS_UNKNOWN'; readonly processId: string }
  | { readonly code: 'NETWORK_CLOSED' }
  | { readonly code: 'NETWORK_KEY_UNREADABLE'; readonly path: string; readonly reason: string }

type Code = NetworkErrorInfo['code']
type InfoOf<C extends Code> = Extract<NetworkErrorInfo, { code: C }>

const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  NETWORK_MESSAGE_UNKNOWN: ({ processId, id }) =>
    `Process ${processId} has no message or assignment ${id}. Check both ids; was the message sent to another process?`,
  NETWORK_PROCESS_UNKNOWN: ({ processId }) =>
    `Process ${processId} is not on this node. Spawn it here first, or check the id.`,
  NETWORK_CLOSED: () => 'The node is shutting down. Ask again when it is back.',
  NETWORK_KEY_UNREADABLE: ({ path, reason }) =>
    `The node's key ${path} cannot be read: ${reason}. Restore it from a backup; a new key would be another node.`,
}

export class NetworkError extends LoomError<NetworkErrorInfo> {
  override readonly name = 'NetworkError'

  constructor(info: NetworkErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: NetworkErrorInfo) => string
    super(message(info), info, options)
  }
}
