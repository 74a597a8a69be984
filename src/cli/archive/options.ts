import { type Command, Option } from 'commander'
import { defaultDataDirectory, defaultUrl, parseNonce, parseUrl } from '../option-values.ts'

/** Where the history of a process is read. */
export interface HistoryOptions {
  /** Absent: {@link dataDir}, or when that is in use the default address. */
  readonly url?: string
  readonly dataDir: string
}

export interface JsonOptions {
  readonly json?: true
}

export function addHistoryOptions(command: Command): Command {
  const url = `a running node that has the process (default: the one that has the data directory open, at ${defaultUrl})`
  return addDataDirectoryOption(command.addOption(new Option('-u, --url <url>', url).argParser(parseUrl)))
}

export function addDataDirectoryOption(command: Command): Command {
  return command.option('--data-dir <directory>', "the node's data directory", defaultDataDirectory)
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print JSON, for scripts')
}

export function addNonceOption(command: Command, flags: string, description: string): Command {
  return command.addOption(new Option(flags, description).argParser(parseNonce))
}
