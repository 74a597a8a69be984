import { createNetwork } from './network.ts'

/** What this program is told. It runs a node on a directory and kills itself after so many ticks. */
export interface CronChildOptions {
  readonly directory: string
  readonly nowMs: number
  readonly ticks: number
}

const { directory, nowMs, ticks } = JSON.parse(process.argv[2] ?? '') as CronChildOptions
const network = await createNetwork({ dataDirectory: directory, now: () => nowMs, computeThreads: 1 })
let count = 0
network.onEvent((event) => {
  if (event.type !== 'scheduled' || event.entry.nonce === 0) return
  count += 1
  // Nothing is flushed and nothing is closed.
  if (count === ticks) process.kill(process.pid, 'SIGKILL')
})
await network.idle()
process.stdout.write('to the end')
await network.close()
