import { benchCompute, benchLibrary, benchPipeline, benchTransfers } from './evaluate.ts'
import { benchEvents } from './events.ts'
import { benchGraphql } from './graphql.ts'
import { benchHttp, benchStart } from './http.ts'
import { benchReplay } from './replay.ts'
import { benchRollback } from './rollback.ts'
import { benchColdStart, benchSnapshots } from './snapshots.ts'
import { benchTimeTravel } from './time-travel.ts'
import { benchUploads } from './uploads.ts'

// Every figure of docs/performance.md, in one run: `npm run bench`, or `npm run bench -- evaluate http …` for some.

const benches: Record<string, () => void | Promise<void>> = {
  evaluate: benchTransfers,
  pipeline: benchPipeline,
  library: benchLibrary,
  compute: benchCompute,
  replay: benchReplay,
  cold: benchColdStart,
  snapshots: benchSnapshots,
  'time-travel': benchTimeTravel,
  rollback: benchRollback,
  start: benchStart,
  http: benchHttp,
  uploads: benchUploads,
  graphql: benchGraphql,
  events: benchEvents,
}

const named = process.argv.slice(2)
const unknown = named.find((name) => !(name in benches))
if (unknown !== undefined) {
  console.error(`There is no bench "${unknown}". There are: ${Object.keys(benches).join(', ')}.`)
  process.exit(1)
}
console.log(`Node ${process.version} on ${process.platform} ${process.arch}`)
for (const [name, bench] of Object.entries(benches)) {
  if (named.length === 0 || named.includes(name)) await bench()
}
