import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

/** A node in a process of its own, started as a user starts it, so that it can be killed as power cuts kill. */
export interface NodeProcess {
  readonly url: string
  readonly child: ChildProcess
  /** SIGKILL: nothing is flushed, nothing is closed. Resolves when the process is gone. */
  kill(): Promise<void>
}

/** Starts `loom start` on a free port. Rejects with what it printed when it ends before it is ready. */
export async function startNodeProcess(dataDirectory: string): Promise<NodeProcess> {
  const args = [main, 'start', '--port', '0', '--data', dataDirectory, '--log-level', 'error']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const url = await readUrl(child)
  return {
    url,
    child,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function readUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const read = (chunk: Buffer): void => {
      printed += chunk.toString('utf8')
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)
      if (url !== null) resolve(url[0])
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8')
    })
    child.on('exit', (code) => reject(new Error(`The node ended with ${code} before it was ready: ${printed}`)))
  })
}
