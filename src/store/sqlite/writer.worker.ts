import { parentPort, workerData } from 'node:worker_threads'
import { Writer } from './writer.ts'
import type { FromWriter, ToWriter, WriterOptions } from './writer-protocol.ts'

// The writer thread: takes batches in the order they were sent, answers each when it is durable or has failed.
const port = parentPort
if (port === null) throw new Error('writer.worker runs in a worker thread.')

const writer = new Writer(workerData as WriterOptions)
const send = (message: FromWriter): void => port.postMessage(message)

port.on('message', (message: ToWriter) => {
  if (message.type === 'batch') {
    send(writer.run(message))
    return
  }
  writer.close()
  send({ type: 'closed' })
  port.close()
})
send({ type: 'ready' })
