import type { Hono } from 'hono'
import type { Network, NetworkEvent } from '../../network/types.ts'

/** What has happened since the node started; the events of the network are the only source. */
interface Counters {
  scheduled: number
  succeeded: number
  failed: number
  delivered: number
  undeliverable: number
}

/** Where it is: at the root, where scrapers look, and at each unit, as the wire protocol has it (5.6, 6.1, 7.1). */
const paths = ['/metrics', '/mu/metrics', '/su/metrics', '/cu/metrics'] as const

/** `GET /metrics`: figures of the node in the text format of Prometheus, the same at every unit. */
export function addMetricsRoutes(app: Hono, network: Network): void {
  const counters: Counters = { scheduled: 0, succeeded: 0, failed: 0, delivered: 0, undeliverable: 0 }
  network.onEvent((event) => count(counters, event))
  for (const path of paths) {
    app.get(path, (c) => c.body(metricsText(network, counters), 200, { 'content-type': 'text/plain; version=0.0.4' }))
  }
}

function count(counters: Counters, event: NetworkEvent): void {
  switch (event.type) {
    case 'scheduled':
    case 'delivered':
    case 'undeliverable':
      counters[event.type] += 1
      return
    case 'evaluated':
      counters[event.result.failed ? 'failed' : 'succeeded'] += 1
  }
}

function metricsText(network: Network, counters: Counters): string {
  const { version, mode, startedAtMs, blockHeight } = network.info()
  const { scheduled, succeeded, failed, delivered, undeliverable } = counters
  const lines = [
    ...metric('loom_info', 'gauge', 'Version and mode of the node.', { [`{version="${version}",mode="${mode}"}`]: 1 }),
    ...metric('loom_start_time_seconds', 'gauge', 'When the node started, since 1970.', { '': startedAtMs / 1_000 }),
    ...metric('loom_block_height', 'gauge', 'The current block.', { '': blockHeight }),
    ...metric('loom_scheduled_total', 'counter', 'Entries added to logs of processes.', { '': scheduled }),
    ...metric('loom_evaluated_total', 'counter', 'Entries evaluated, by what came of it.', {
      '{outcome="ok"}': succeeded,
      '{outcome="error"}': failed,
    }),
    ...metric('loom_delivered_total', 'counter', 'What processes sent and has arrived.', { '': delivered }),
    ...metric('loom_undeliverable_total', 'counter', 'What processes sent and cannot arrive.', { '': undeliverable }),
  ]
  return `${lines.join('\n')}\n`
}

/** @param samples - Values by their labels. */
function metric(name: string, type: 'counter' | 'gauge', help: string, samples: Record<string, number>): string[] {
  const values = Object.entries(samples).map(([labels, value]) => `${name}${labels} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values]
}
