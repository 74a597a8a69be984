import { type Context, Hono } from 'hono'
import type { Network, StateChange } from '../../network/types.ts'
import { HttpError } from '../errors.ts'
import { httpLimits } from '../limits.ts'
import { pathProcessId, queryInteger } from '../request.ts'

/** Any moment of a process: docs/time-travel.md. Values are JSON text already, and are sent as they are. */
export function createTimeTravelApi(network: Network): Hono {
  const api = new Hono()

  api.get('/:process/state', async (c) => {
    const processId = pathProcessId(c, 'process')
    const path = statePath(c)
    const entriesMax = Math.min(
      queryInteger(c, 'limit', 1) ?? httpLimits.stateEntriesDefault,
      httpLimits.stateEntriesMax,
    )
    const { nonce, json, isComplete } = await network.stateAt(processId, { path, nonce: nonceOf(c, 'at'), entriesMax })
    return answer(c, { processId, path, nonce, isComplete }, { value: json })
  })

  api.get('/:process/diff', async (c) => {
    const processId = pathProcessId(c, 'process')
    const path = statePath(c)
    const [from, to] = [requiredNonce(c, 'from'), requiredNonce(c, 'to')]
    const change = await network.diffStates(processId, from, to, path)
    return answer(c, { processId, path, from, to }, { change: changeJson(change) })
  })

  api.get('/:process/last-change', async (c) => {
    const processId = pathProcessId(c, 'process')
    const path = statePath(c)
    const found = await network.lastChange(processId, path, { atNonce: nonceOf(c, 'at') })
    if (!found.isFound) return answer(c, { processId, path, ...found }, {})
    const { before, after, ...message } = found
    return answer(c, { processId, path, ...message }, { before, after })
  })

  return api
}

/** Not {@link queryText}: a global may have any name. */
function statePath(c: Context): string {
  return c.req.query('path') ?? ''
}

/** -1 is the state before the first message. */
function nonceOf(c: Context, parameter: string): number | undefined {
  return queryInteger(c, parameter, -1)
}

function requiredNonce(c: Context, parameter: string): number {
  const nonce = nonceOf(c, parameter)
  if (nonce !== undefined) return nonce
  throw new HttpError({
    code: 'HTTP_PARAMETER_INVALID',
    parameter,
    given: undefined,
    allowed: 'the nonce of a message',
  })
}

/** @param texts - Fields whose values are JSON text. */
function answer(c: Context, fields: object, texts: { readonly [name: string]: string }): Response {
  const parts = Object.entries(texts).map(([name, json]) => `,"${name}":${json}`)
  const body = JSON.stringify(fields).slice(0, -1) + parts.join('')
  return c.body(`${body}}`, 200, { 'content-type': 'application/json' })
}

function changeJson(change: StateChange | undefined): string {
  switch (change?.kind) {
    case undefined:
      return 'null'
    case 'added':
      return `{"kind":"added","after":${change.after}}`
    case 'removed':
      return `{"kind":"removed","before":${change.before}}`
    case 'changed':
      return `{"kind":"changed","before":${change.before},"after":${change.after}}`
    case 'inside': {
      const entries = [...change.entries].map(([key, inner]) => `${JSON.stringify(key)}:${changeJson(inner)}`)
      return `{"kind":"inside","entries":{${entries.join(',')}}}`
    }
  }
}
