import { errorCode } from '../protocol/loom-error.ts'
import { markDashIds } from './dash-ids.ts'
import { printError } from './output.ts'
import { createProgram } from './program.ts'

/** Runs a command; one that fails prints why and makes the program end with 1. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(markDashIds(argv))
  } catch (error) {
    // Our own errors say what to do; of others the stack is the best there is.
    const code = errorCode(error) ?? ''
    const ours = error instanceof Error && /^[A-Z]+_[A-Z_]+$/.test(code) && !code.startsWith('ERR_')
    printError(`error: ${ours ? error.message : describe(error)}`)
    process.exitCode = 1
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
