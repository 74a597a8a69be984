import type { Command } from 'commander'
import {
  addMessageOptions,
  addNodeOptions,
  addWalletOptions,
  type MessageOptions,
  type NodeOptions,
  type WalletOptions,
} from '../client/options.ts'

export interface SendOptions extends MessageOptions, WalletOptions, NodeOptions {}

export function addSendOptions(command: Command): Command {
  return addNodeOptions(addWalletOptions(addMessageOptions(command)))
}
