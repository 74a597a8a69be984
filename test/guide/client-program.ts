/**
 * Runs the JavaScript blocks of the guide as one program, with the npm package `@permaweb/aoconnect` as it is installed,
 * under the environment that `loom env` prints: what a reader has who pastes the blocks into a file and runs it.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { ClientInput, ClientReport } from './client-steps.ts'
import { blockEntry, blockNames, take } from './guide-blocks.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const stepsUrl = new URL('./client-steps.ts', import.meta.url).href
const timeoutMs = 30_000

export interface ClientRun {
  readonly stdout: string
  readonly stderr: string
  readonly report: ClientReport
}

/** @throws {Error} with what the program wrote to standard error when it fails. */
export async function runClientProgram(nodeUrl: string, input: ClientInput): Promise<ClientRun> {
  const directory = mkdtempSync(join(tmpdir(), 'loom-guide-'))
  try {
    // A bare import is looked up from where the file is; the packages stay where npm put them.
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'), 'dir')
    writeFileSync(join(directory, 'program.mjs'), clientProgram())
    writeFileSync(join(directory, 'input.json'), JSON.stringify(input))
    const { stdout, stderr } = await runAsInShell(nodeUrl, directory)
    const report = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as ClientReport
    return { stdout, stderr, report }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The three blocks in their order, each as printed; in between, the steps of client-steps.ts. */
export function clientProgram(): string {
  return [
    `import * as steps from ${JSON.stringify(stepsUrl)}`,
    take('spawn'),
    'await steps.afterSpawn(ao, processId)',
    take('initializeMessage'),
    'await steps.afterInitialize(ao, processId)',
    take('directMessage'),
    'steps.report(processId, result)',
    '',
  ].join('\n')
}

/** The JavaScript blocks that the program has to hold. */
export const javascriptBlockNames = blockNames.filter((name) => blockEntry(name).language === 'javascript')

/** As in the guide for newcomers: `eval "$(loom env)"`, then the program. */
function runAsInShell(nodeUrl: string, directory: string) {
  const script = 'set -e; variables=$("$1" "$2" env --url "$3"); eval "$variables"; exec "$1" "$4" "$5"'
  const main = join(root, 'src/cli/main.ts')
  const args = ['-c', script, 'sh', process.execPath, main, nodeUrl, join(directory, 'program.mjs'), directory]
  // Nothing of the test runner's own variables.
  const { PATH = '', HOME = '' } = process.env
  return promisify(execFile)('sh', args, { cwd: directory, env: { PATH, HOME }, timeout: timeoutMs })
}
