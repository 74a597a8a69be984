import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testWallet } from '../src/network/test-items.ts'
import { startNodeProcess } from '../test/durability/node-process.ts'
import { LeanConnection } from './lean-http.ts'
import { against, figure, line, median, section } from './report.ts'
import { aoItem } from './wallets.ts'

const subscriberCount = 1_000
const messageCount = 60
/** Not counted: the machine warms up. */
const warmUpCount = 10

/**
 * Events of a process to many subscribers.
 *
 * Measures: at each subscriber, from the moment the sender has its acknowledgement until the event is there; one message
 * after another, over loopback, a node with SQLite. All subscribers are in one process beside the node's, so that their own
 * work is in the figure as well; the floor has the same. Does not measure: network latency.
 */
export async function benchEvents(): Promise<void> {
  const subscribers = subscriberCount.toLocaleString('en-US')
  section('Events', `${subscribers} subscribers of one process, ${messageCount} messages one after another`)
  const floorMs = await benchFloor()
  const dataDirectory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
  const node = await startNodeProcess(dataDirectory)
  try {
    const wallet = testWallet('bench')
    const sender = new LeanConnection(node.url)
    const process = aoItem(wallet, 'Process', undefined, { Module: 'MODULE_TX_ID', Scheduler: 'SCHEDULER_ADDRESS' })
    await sender.post('/mu', process.bytes)
    await sender.get(`/cu/result/${process.id}?process-id=${process.id}`)

    const send = async (): Promise<void> => {
      const item = aoItem(wallet, 'Message', process.id, { Action: 'Eval' }, 'return 1')
      const { status } = await sender.post('/mu', item.bytes)
      if (status !== 202) throw new Error(`POST /mu answered ${status}`)
    }
    for (const type of ['message', 'result'] as const) {
      const port = Number(new URL(node.url).port)
      const path = `/api/processes/${process.id}/events?types=${type}`
      const sockets = await openAll(port, `GET ${path} HTTP/1.1\r\nhost: node\r\n\r\n`, 'event: ready')
      const times = await latencies(sockets, send, `event: ${type}`)
      const medianMs = median(times)
      line(
        `acknowledgement to ${type}, median`,
        figure(medianMs, 'ms'),
        against(medianMs, floorMs * 3, 'at most', 'ms'),
      )
      line(`acknowledgement to ${type}, 99 of 100`, figure(percentile(times, 0.99), 'ms'))
      for (const socket of sockets) socket.destroy()
    }
    sender.close()
  } finally {
    await node.kill()
    rmSync(dataDirectory, { recursive: true })
  }
}

/** About as many bytes to as many sockets by a server that does nothing else. @returns the median, milliseconds. */
async function benchFloor(): Promise<number> {
  const eventBytes = 700
  const child = fork(new URL('./fan-out.child.ts', import.meta.url), [String(eventBytes)])
  const [port] = (await once(child, 'message')) as [number]
  const sockets = await openAll(port, '', '')
  const sender = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(sender, 'connect')
  const send = async (): Promise<void> => {
    sender.write('s')
    await once(sender, 'data')
  }
  const times = await latencies(sockets, send, 'x')
  line('floor: the writes alone, median', figure(median(times), 'ms'))
  line('floor: the writes alone, 99 of 100', figure(percentile(times, 0.99), 'ms'))
  for (const socket of [...sockets, sender]) socket.destroy()
  child.disconnect()
  return median(times)
}

/** Opens all connections, sends each the text, and waits until each has got the answer, unless that is empty. */
async function openAll(port: number, text: string, answer: string): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (let i = 0; i < subscriberCount; i++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    socket.write(text)
    for (let got = ''; !got.includes(answer); ) got += String((await once(socket, 'data'))[0])
    sockets.push(socket)
  }
  return sockets
}

/** From each acknowledgement to the next data with the mark at each subscriber, milliseconds. */
async function latencies(sockets: readonly Socket[], send: () => Promise<void>, mark: string): Promise<number[]> {
  const times: number[] = []
  const arrivals: number[] = []
  let arrived: (() => void) | undefined
  for (const socket of sockets) {
    socket.on('data', (chunk) => {
      if (!chunk.includes(mark)) return
      arrivals.push(performance.now())
      if (arrivals.length === sockets.length) arrived?.()
    })
  }
  for (let message = 0; message < messageCount + warmUpCount; message++) {
    arrivals.length = 0
    const all = new Promise<void>((resolve) => {
      arrived = resolve
    })
    await send()
    const acknowledgedAt = performance.now()
    await all
    if (message >= warmUpCount) times.push(...arrivals.map((at) => at - acknowledgedAt))
  }
  return times
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0
}
