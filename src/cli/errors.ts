import { LoomError } from '../protocol/loom-error.ts'

export type CliErrorInfo =
  | { readonly code: 'CLI_OPTION_INVALID'; readonly given: string; readonly allowed: string }
  | { readonly code: 'CLI_PORT_TAKEN'; readonly host: string; readonly port: number }
  | { readonly code: 'CLI_PORT_UNUSABLE'; readonly host: string; readonly port: number; readonly reason: string }
  | { readonly code: 'CLI_FILE_UNREADABLE'; readonly path: string; readonly reason: string }
  | { readonly code: 'CLI_FILE_UNWRITABLE'; readonly path: string; readonly reason: string }
  | {
      readonly code: 'CLI_DIRECTORY_IN_USE'
      readonly path: string
      readonly pid: number | undefined
      readonly instead: string
    }
  | { readonly code: 'CLI_WALLET_MISSING'; readonly dataDirectory: string }
  | { readonly code: 'CLI_WALLET_UNREADABLE'; readonly path: string; readonly reason: string }
  | { readonly code: 'CLI_NODE_UNREACHABLE'; readonly url: string; readonly reason: string }
  | { readonly code: 'CLI_NODE_UNKNOWN'; readonly url: string; readonly problem: string }
  | { readonly code: 'CLI_REQUEST_REFUSED'; readonly url: string; readonly status: number; readonly text: string }

type Code = CliErrorInfo['code']
type InfoOf<C extends Code> = Extract<CliErrorInfo, { code: C }>

/** What happened, with the values, then what to do. A new code does not compile until it has a row here. */
const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  CLI_OPTION_INVALID: ({ given, allowed }) => `${JSON.stringify(given)} is not ${allowed}.`,
  CLI_PORT_TAKEN: ({ host, port }) =>
    `Port ${port} on ${host} is taken, perhaps by another node. Stop that one, or choose another port: --port ${port + 1}`,
  CLI_PORT_UNUSABLE: ({ host, port, reason }) =>
    `Port ${port} on ${host} cannot be used: ${reason}. Choose others with --port and --host.`,
  CLI_FILE_UNREADABLE: ({ path, reason }) => `The file ${path} cannot be read: ${reason}.`,
  CLI_FILE_UNWRITABLE: ({ path, reason }) => `The file ${path} cannot be written: ${reason}.`,
  CLI_DIRECTORY_IN_USE: ({ path, pid, instead }) =>
    `A node${pid === undefined ? '' : ` (process ${pid})`} has ${path} open, and this needs it alone. Stop the node. ${instead}`.trimEnd(),
  CLI_WALLET_MISSING: ({ dataDirectory }) =>
    `There is no development wallet in ${dataDirectory}. Start a node once (loom start), name its data directory with --data-dir, or give a wallet with --wallet <file>.`,
  CLI_WALLET_UNREADABLE: ({ path, reason }) =>
    `The wallet ${path} cannot be used: ${reason}. Give an Arweave wallet (a JSON web key of kind RSA, 4096 bits).`,
  CLI_NODE_UNREACHABLE: ({ url, reason }) =>
    `No node answers at ${url} (${reason}). Start one with: loom start. If it runs elsewhere, name it with --url.`,
  CLI_NODE_UNKNOWN: ({ url, problem }) =>
    `What answers at ${url} is not a Loom node: ${problem}. Name the node with --url.`,
  CLI_REQUEST_REFUSED: ({ url, status, text }) => `${url} answered ${status}: ${text}`,
}

/** A command that cannot do what it was asked; printed without a stack. */
export class CliError extends LoomError<CliErrorInfo> {
  override readonly name = 'CliError'

  constructor(info: CliErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: CliErrorInfo) => string
    super(message(info), info, options)
  }
}
