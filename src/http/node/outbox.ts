import { type Context, Hono } from 'hono'
import type { Network, OutboxListing } from '../../network/types.ts'
import { isItemId, type ProcessId } from '../../protocol/ids.ts'
import type { Cause } from '../../store/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { pathId, pathProcessId, queryInteger, queryProcessId, queryText } from '../request.ts'

/** What processes have sent and has not arrived, and sending it again: docs/delivery.md. */
export function createOutboxApi(network: Network): Hono {
  const api = new Hono()

  api.get('/', async (c) => c.json(await outboxPage(network, c, undefined)))

  api.get('/:process', async (c) => c.json(await outboxPage(network, c, pathProcessId(c, 'process'))))

  api.post('/retry', async (c) => {
    const processId = queryProcessId(c)
    const places = c.req.queries('entry')
    if (places === undefined && c.req.query('all') === undefined) {
      const allowed = 'entries as <nonce>.<index>, or all without a value'
      throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'entry', given: undefined, allowed })
    }
    return c.json({ count: await network.retryOutbox(processId, places?.map(parsePlace)) })
  })

  return api
}

/** `GET /<process>/<message>`: where a message stands in its chain. The message is an id or a nonce. */
export function createChainApi(network: Network): Hono {
  const api = new Hono()
  api.get('/:process/:message', async (c) => {
    const given = c.req.param('message')
    const at = /^\d{1,15}$/.test(given) ? Number(given) : pathId(c, 'message', 'message id')
    return c.json(await network.chain(pathProcessId(c, 'process'), at))
  })
  return api
}

async function outboxPage(network: Network, c: Context, processId: ProcessId | undefined): Promise<object> {
  const limit = Math.min(queryInteger(c, 'limit', 1) ?? httpLimits.outboxPageDefault, httpLimits.outboxPageMax)
  const page = await network.outbox({ state: queryState(c), processId, after: queryCursor(c), limit })
  const last = page.entries.at(-1)
  return {
    timestampMs: network.info().timestampMs,
    entries: page.entries.map(toJson),
    hasNextPage: page.hasNextPage,
    next: last === undefined || !page.hasNextPage ? null : `${last.cause.processId}:${placeOf(last.cause)}`,
  }
}

function toJson({ cause, ...listing }: OutboxListing): object {
  return { processId: cause.processId, entry: placeOf(cause), ...listing }
}

function placeOf({ nonce, index }: Cause): string {
  return `${nonce}.${index}`
}

/** @throws {HttpError} `HTTP_PARAMETER_INVALID` */
function parsePlace(given: string): Pick<Cause, 'nonce' | 'index'> {
  const [, nonce, index] = /^(\d{1,15})\.(\d{1,15})$/.exec(given) ?? []
  if (nonce !== undefined && index !== undefined) return { nonce: Number(nonce), index: Number(index) }
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'entry', given, allowed: '<nonce>.<index>' })
}

function queryState(c: Context): OutboxListing['state'] | undefined {
  const given = queryText(c, 'state')
  if (given === undefined || given === 'pending' || given === 'dead') return given
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'state', given, allowed: 'pending or dead' })
}

/** `next` of the page before. */
function queryCursor(c: Context): Cause | undefined {
  const given = queryText(c, 'after')
  if (given === undefined) return undefined
  const [processId = '', place = ''] = given.split(':')
  if (isItemId(processId)) return { processId: processId as ProcessId, ...parsePlace(place) }
  throw new HttpError({ code: 'HTTP_PARAMETER_INVALID', parameter: 'after', given, allowed: 'next of an earlier page' })
}
