import { writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

/** A history takes some 50 ms; on a machine that has other things to do, a few seconds. */
const historyMsMax = 60_000

let timer: NodeJS.Timeout | undefined

parentPort?.on('message', (seed: string | undefined) => {
  clearTimeout(timer)
  if (seed === undefined) return
  timer = setTimeout(() => {
    const problem = `The history of seed ${seed} has not ended after ${historyMsMax / 1_000} s: something goes round for ever.`
    writeSync(2, `\n${problem}\nSee how far it comes: npm run simulate -- --seed ${seed}\n`)
    process.kill(process.pid, 'SIGKILL')
  }, historyMsMax)
})
