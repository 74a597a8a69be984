import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../scripts/loom.mjs', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a program to its end. */
export function runProgram(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return finished(launch(command, args, options))
}

/** Runs the real command in a process of its own, to its end. */
export function runCli(args: readonly string[], options?: RunOptions): Promise<Finished> {
  return runProgram(process.execPath, [main, ...args], options)
}

export interface RunningNode {
  readonly url: string
  readonly banner: string
  readonly process: ChildProcess
  /** Everything on standard error so far. */
  stderr(): string
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Finished>
}

/** Runs `loom start` on a free port and resolves when it says that it is ready. */
export async function startNode(args: readonly string[], options: RunOptions = {}): Promise<RunningNode> {
  const running = launch(process.execPath, [main, 'start', '--port', '0', ...args], options)
  const end = finished(running)
  const banner = await Promise.race([
    printed(running, 'Stop with Ctrl-C.'),
    end.then(({ stdout, stderr }) => {
      throw new Error(`the node ended before it was ready:\n${stdout}${stderr}`)
    }),
  ])
  return {
    url: /Gateway +(http\S+)/.exec(banner)?.[1] ?? '',
    banner,
    process: running.child,
    stderr: () => running.stderr.join(''),
    stop(signal = 'SIGTERM') {
      running.child.kill(signal)
      return end
    },
  }
}

/** A folder of its own, and the function that removes it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'loom-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Resolves with everything on standard output once `text` is in it. */
function printed({ child, stdout }: Launched, text: string): Promise<string> {
  return new Promise((resolve) => {
    child.stdout?.on('data', () => {
      const all = stdout.join('')
      if (all.includes(text)) resolve(all)
    })
  })
}

interface Launched {
  readonly child: ChildProcess
  readonly stdout: string[]
  readonly stderr: string[]
}

function launch(command: string, args: readonly string[], { cwd, env }: RunOptions): Launched {
  const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout: string[] = []
  const stderr: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text))
  return { child, stdout, stderr }
}

function finished({ child, stdout, stderr }: Launched): Promise<Finished> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout: stdout.join(''), stderr: stderr.join('') }))
  })
}
