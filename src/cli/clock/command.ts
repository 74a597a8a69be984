import { Command } from 'commander'
import type { ClockMove } from '../../network/types.ts'
import { addNodeOptions, type NodeOptions } from '../client/options.ts'
import { parseDuration, parseTime } from './times.ts'

const examples = `
Examples:
  loom clock                               the time of the network
  loom clock advance 1h                    also 500ms, 30s, 15m, 2d
  loom clock set 2030-01-01T00:00:00Z      forward only
`

export function clockCommand(): Command {
  return new Command('clock')
    .description('Move the time of a network forward, or show it.')
    .addHelpText('after', examples)
    .addCommand(
      addNodeOptions(new Command('show'))
        .description('Print it.')
        .action((options: NodeOptions) => run(options, { byMs: 0 })),
      { isDefault: true },
    )
    .addCommand(
      addNodeOptions(new Command('advance'))
        .description('Move it forward by so much.')
        .argument('<duration>', 'a number with ms, s, m, h or d', parseDuration)
        .action((byMs: number, options: NodeOptions) => run(options, { byMs })),
    )
    .addCommand(
      addNodeOptions(new Command('set'))
        .description('Move it forward to a time.')
        .argument('<time>', 'a date, or milliseconds since 1970', parseTime)
        .action((toMs: number, options: NodeOptions) => run(options, { toMs })),
    )
}

async function run(options: NodeOptions, move: ClockMove): Promise<void> {
  const { clock } = await import('./handler.ts')
  await clock(options, move)
}
