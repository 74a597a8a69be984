import { type Command, Option } from 'commander'
import type { Tag } from '../../protocol/types.ts'
import { collectTag, defaultDataDirectory, defaultUrl, parseNonce, parseUrl } from '../option-values.ts'

/** Options of every command that talks to a node. */
export interface NodeOptions {
  readonly url: string
  readonly json?: true
}

/** Who signs. `dataDir` is the node's; it is not called `data`, which is a message's. */
export interface WalletOptions {
  readonly wallet?: string
  readonly dataDir: string
}

/** What a message is made of. */
export interface MessageOptions {
  readonly action?: string
  readonly tag: readonly Tag[]
  /** Text, or `@` and the path of a file. */
  readonly data?: string
}

export function addNodeOptions(command: Command): Command {
  return command
    .addOption(new Option('-u, --url <url>', 'the node').default(defaultUrl).argParser(parseUrl))
    .option('--json', 'print JSON, for scripts')
}

export function addWalletOptions(command: Command): Command {
  return command
    .option('-w, --wallet <file>', 'the wallet that signs (default: the first development wallet)')
    .option('--data-dir <directory>', "the node's data directory, where its wallets are", defaultDataDirectory)
}

/** A moment of a process. */
export interface AtOption {
  readonly at?: number
}

export function addAtOption(command: Command): Command {
  return command.addOption(
    new Option('--at <nonce>', 'after the message with this nonce (default: the last)').argParser(parseNonce),
  )
}

export function addTagOption(command: Command): Command {
  const option = new Option('-t, --tag <Name=Value>', 'a tag; may be given several times')
  return command.addOption(option.default([], 'none').argParser(collectTag))
}

export function addMessageOptions(command: Command): Command {
  return addTagOption(command.option('-a, --action <name>', 'the Action tag')).option(
    '--data <text>',
    'the data: text, or @ and the path of a file',
  )
}
