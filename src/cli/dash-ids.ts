import type { Command } from 'commander'
import { isItemId } from '../protocol/ids.ts'

/**
 * One id in 64 begins with `-`, and would be taken for an option. So ids like that are marked before the arguments are
 * parsed, and the mark is taken off before a command runs.
 */

const mark = 'id:'

/** No option has 43 characters of base64url, so whatever has them is an id. */
export function markDashIds(argv: readonly string[]): string[] {
  return argv.map((argument) => (argument.startsWith('-') && isItemId(argument) ? mark + argument : argument))
}

export function unmarkDashIds(program: Command): Command {
  return program.hook('preAction', (_program, command) => {
    command.processedArgs = command.processedArgs.map(unmark)
    const options = Object.entries(command.opts<Record<string, unknown>>())
    for (const [name, value] of options) command.setOptionValue(name, unmark(value))
  })
}

function unmark(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(`${mark}-`) ? value.slice(mark.length) : value
}
