import type { Context } from 'hono'
import { NetworkError } from '../../network/errors.ts'
import type { Network } from '../../network/types.ts'
import { parseDataItem } from '../../protocol/data-item.ts'
import { type ProcessId, parseItemId } from '../../protocol/ids.ts'
import { tagValue } from '../../protocol/tags.ts'
import type { LogEntry } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { queryInteger, queryText } from '../request.ts'

/** Read at a time: entries have their items with them, which may be large. */
const readCount = 16

/** What a trace may be looked for by, at most one of them; the id of any entry may stand in each. */
const filters = ['message', 'spawn', 'assign'] as const

/**
 * `GET /?debug&process=<process>`: how entries came into the log of a process, newest first, in the reference Messenger's
 * frame of pages (wire protocol 5.4); what a trace says is each implementation's own.
 *
 * @throws {HttpError} `HTTP_PARAMETER_INVALID`, `HTTP_TRACE_FILTERS`, `HTTP_NOT_SUPPORTED`.
 */
export async function tracePage(c: Context, network: Network): Promise<object> {
  const processId = parseItemId(queryText(c, 'process') ?? '', 'process') as string as ProcessId
  const given = filters.filter((name) => queryText(c, name) !== undefined)
  if (given.length > 1) throw new HttpError({ code: 'HTTP_TRACE_FILTERS', given })
  if (queryText(c, 'wallet') !== undefined) {
    const instead = 'Give a message, or ask GraphQL for the items of its owner.'
    throw new HttpError({ code: 'HTTP_NOT_SUPPORTED', what: "A trace by 'wallet'", instead })
  }
  const page = queryInteger(c, 'page', 1) ?? 1
  const size = Math.min(queryInteger(c, 'page-size', 1) ?? httpLimits.tracePageDefault, httpLimits.tracePageMax)
  const [filter] = given
  const latest = await network.latestEntry(processId)
  if (latest === undefined) throw new NetworkError({ code: 'NETWORK_PROCESS_UNKNOWN', processId })
  if (filter !== undefined) {
    const entry = await network.entry(processId, parseItemId(queryText(c, filter) ?? '', filter))
    return { pageInfo: { hasNextPage: false }, edges: entry === undefined ? [] : [edge(entry)] }
  }
  const newest = latest.nonce - (page - 1) * size
  const oldest = Math.max(newest - size + 1, 0)
  const edges: object[] = []
  for (let to = newest; to >= oldest; to -= readCount) {
    const entries = await network.entries(processId, Math.max(to - readCount + 1, oldest), to, readCount)
    edges.push(...entries.toReversed().map(edge))
  }
  return { pageInfo: { hasNextPage: newest >= size }, edges }
}

function edge(entry: LogEntry): object {
  return { node: trace(entry), cursor: entry.itemId }
}

function trace({ processId, nonce, kind, itemId, item, assignmentId, timestampMs, cause, chain }: LogEntry): object {
  const { ownerAddress, tags } = parseDataItem(item)
  const names = ['Action', 'From-Process', 'Pushed-For'] as const
  const [action, fromProcess, pushedFor] = names.map((name) => tagValue(tags, name) ?? null)
  return {
    ...{ id: itemId, assignmentId, processId, nonce, kind, timestampMs, owner: ownerAddress },
    ...{ action, fromProcess, pushedFor, sentBy: cause ?? null, chain },
  }
}
