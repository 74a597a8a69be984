import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ProcessId } from '../../src/protocol/ids.ts'
import type { Crash } from './crash-points.ts'

const main = fileURLToPath(new URL('../../scripts/loom.mjs', import.meta.url))
const childProgram = fileURLToPath(new URL('./network.child.ts', import.meta.url))

/** What `network.child.ts` is told. */
export interface ChildOptions {
  readonly dataDirectory: string
  /** Where it kills itself; absent: nowhere. */
  readonly crash?: Crash | undefined
  /** False: it forgets what was delivered. The control. */
  readonly deduplicate: boolean
}

/** What `network.child.ts` says of its processes when it has no more work. */
export type FinalStates = { readonly [processId: ProcessId]: { readonly stateHash: string; readonly coins: number } }

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A program that becomes a node, or dies before. */
export interface LaunchedNode {
  readonly child: ChildProcess
  /** Where it listens; undefined when it ended before it did. */
  readonly url: Promise<string | undefined>
  readonly ended: Promise<Ended>
  isAlive(): boolean
}

/** `loom start` on a free port. */
export function launchLoom(dataDirectory: string): LaunchedNode {
  return launch([main, 'start', '--port', '0', '--data', dataDirectory, '--log-level', 'error'])
}

/** The node that can be told where to die. */
export function launchChild(options: ChildOptions): LaunchedNode {
  return launch([childProgram, JSON.stringify(options)])
}

function launch(args: readonly string[]): LaunchedNode {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve) => {
    // `close`, not `exit`: what was printed before the end has been read then.
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  const url = new Promise<string | undefined>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)
      if (found !== null) resolve(found[0])
    })
    child.on('close', () => resolve(undefined))
  })
  return { child, url, ended, isAlive: () => child.exitCode === null && child.signalCode === null }
}

/** A node in a process of its own, started as a user starts it, so that it can be killed as power cuts kill. */
export interface NodeProcess {
  readonly url: string
  readonly child: ChildProcess
  /** SIGKILL: nothing is flushed, nothing is closed. Resolves when the process is gone. */
  kill(): Promise<void>
}

/** Starts `loom start` on a free port. Rejects with what it printed when it ends before it is ready. */
export async function startNodeProcess(dataDirectory: string): Promise<NodeProcess> {
  const { child, url, ended } = launchLoom(dataDirectory)
  const found = await url
  if (found === undefined) {
    const { code, stdout, stderr } = await ended
    throw new Error(`The node ended with ${code} before it was ready: ${stdout}${stderr}`)
  }
  return {
    url: found,
    child,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
