import type { Command } from 'commander'
import { addMessageOptions, addNodeOptions, type MessageOptions, type NodeOptions } from '../client/options.ts'

export interface DryrunOptions extends MessageOptions, NodeOptions {
  readonly owner: string
}

/** What other clients send when nobody is named. */
const nobody = '1234'

export function addDryrunOptions(command: Command): Command {
  return addNodeOptions(
    addMessageOptions(command).option('--owner <address>', 'who asks; nothing is signed, so it may be anyone', nobody),
  )
}
