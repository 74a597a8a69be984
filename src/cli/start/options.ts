import { type Command, Option } from 'commander'
import { chainLimitDefaults } from '../../messenger/chain-limit-options.ts'
import { type LogLevel, logLevels } from '../logger.ts'
import {
  defaultDataDirectory,
  defaultHost,
  defaultPort,
  parseChainLimit,
  parsePort,
  parseUrl,
} from '../option-values.ts'

export interface StartOptions {
  readonly port: number
  readonly host: string
  readonly publicUrl?: string
  readonly data: string
  readonly memory?: true
  readonly logLevel: LogLevel
  readonly strict?: true
  readonly check?: true
  readonly chainDepth: number
  readonly chainMessages: number
}

export function addStartOptions(command: Command): Command {
  return command
    .addOption(new Option('-p, --port <port>', 'port; 0: any free one').default(defaultPort).argParser(parsePort))
    .option('--host <address>', 'address to listen on; 0.0.0.0: all of this machine', defaultHost)
    .addOption(
      new Option('--public-url <url>', 'where clients find this node, when that is not where it listens').argParser(
        parseUrl,
      ),
    )
    .option('-d, --data <directory>', 'where log, keys and wallets are kept', defaultDataDirectory)
    .addOption(new Option('--memory', 'keep nothing on disk; everything is gone at the end').conflicts('data'))
    .addOption(
      new Option('--check', 'read the whole data before starting, also when the last run ended in order').conflicts(
        'memory',
      ),
    )
    .addOption(new Option('--log-level <level>', 'what to log to standard error').choices(logLevels).default('warn'))
    .addOption(
      new Option('--chain-depth <levels>', 'how deep what one message sets off may go before it stops; none: no limit')
        .default(chainLimitDefaults.depthMax)
        .argParser(parseChainLimit),
    )
    .addOption(
      new Option('--chain-messages <count>', 'how many messages one may set off before they stop; none: no limit')
        .default(chainLimitDefaults.entriesMax)
        .argParser(parseChainLimit),
    )
    .option('--strict', 'trust no one but the authorities of each process, and know no well-known module ids')
}
