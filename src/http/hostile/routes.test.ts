import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Logger } from '../../network/types.ts'
import type { ProcessId } from '../../protocol/ids.ts'
import { createTestApp, type TestApp } from '../app.fixture.ts'
import { createApp } from '../app.ts'
import { httpLimits } from '../limits.ts'
import { anyBody, anyHeader, anyValue, badBodies, badValues, contentTypes, unknownId } from './hostile-values.ts'
import { pathParameters, type RouteInputs, routeInputs, type ValueKind } from './route-inputs.ts'

// Every route, asked for everything that it is not for. Nothing may fail as 500, have an effect, or get into the log.

const runsPerRoute = 25

let api: TestApp
let app: TestApp['app']
let processId: ProcessId
let before: unknown
const logged: unknown[] = []

const record = (values: object, text: string): void => {
  logged.push({ text, values })
}
const log: Logger = { debug() {}, info: record, warn: record, error: record }

beforeAll(async () => {
  api = await createTestApp({ computeThreads: 1, log })
  app = createApp({ network: api.network, log })
  processId = await api.spawn('Value = 1')
  await api.network.idle()
  before = await stored()
})
afterAll(() => api.close())

/** All that is in the store and can be changed from outside. */
async function stored(): Promise<unknown> {
  const ids: string[] = []
  for (let after: string | undefined, isLast = false; !isLast; ) {
    const page = await api.network.queryItems({}, { order: 'ASC', limit: 100, after })
    ids.push(...page.items.map(({ id }) => id))
    after = page.items.at(-1)?.cursor
    isLast = !page.hasNextPage
  }
  const { entries } = await api.network.outbox({ limit: 100 })
  return { ids, head: (await api.network.latestEntry(processId))?.nonce, outbox: entries.length }
}

interface HostileRequest {
  readonly url: string
  readonly init: RequestInit
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

async function ask({ url, init }: HostileRequest): Promise<Answer> {
  const response = await app.request(url, init)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    await response.body?.cancel()
    return { status: response.status, body: undefined }
  }
  const text = await response.text()
  return { status: response.status, body: response.status < 400 ? undefined : JSON.parse(text) }
}

/** An error that a person can act on, which GraphQL puts elsewhere. */
const helpful = expect.toSatisfy(
  ({ error, code, errors }: Record<string, unknown>) =>
    (typeof error === 'string' && error.length > 10 && /^[A-Z]+(?:_[A-Z]+)+$/.test(String(code))) ||
    (Array.isArray(errors) && errors.every(({ message }) => typeof message === 'string' && message.length > 10)),
)

function expectWell({ status, body }: Answer): void {
  // 501 and 503 are said on purpose: what is not supported, and what is full.
  expect([500, 502, 504]).not.toContain(status)
  if (status >= 400) expect(body).toEqual(helpful)
}

function expectRefused(answer: Answer): void {
  expectWell(answer)
  expect(answer.status).toBeGreaterThanOrEqual(400)
}

const parameterPattern = /:(\w+)(?:\{[^/]*\})?(\?)?/g

interface Route {
  readonly method: string
  readonly path: string
  readonly inputs: RouteInputs
  readonly parameters: readonly { readonly name: string; readonly kind: ValueKind }[]
}

const routes: Route[] = Object.entries(routeInputs).map(([route, inputs]) => {
  const [method = '', path = ''] = route.split(' ')
  const parameters = [...path.matchAll(parameterPattern)].map(([, name = '']) => {
    const kind = inputs.path?.[name] ?? pathParameters[name]
    if (kind === undefined) throw new Error(`'${name}' of ${route} is not in pathParameters.`)
    return { name, kind }
  })
  return { method, path, inputs, parameters }
})

function requestTo(
  { method, path, inputs }: Route,
  values: { readonly [name: string]: string },
  query: readonly (readonly [string, string])[] = [],
  body?: { readonly bytes: Uint8Array; readonly type?: string },
): HostileRequest {
  const filled = path.replace(parameterPattern, (_all, name: string) => values[name] ?? '')
  const always = inputs.always === undefined ? [] : [inputs.always]
  const search = [...always, ...query.map(([name, value]) => `${name}=${value}`)].join('&')
  const headers = body?.type ? { 'content-type': body.type } : undefined
  const init: RequestInit = { method, ...(headers && { headers }) }
  if (method !== 'GET' && body !== undefined) init.body = new Uint8Array(body.bytes)
  return { url: `http://node${filled}${search === '' ? '' : `?${search}`}`, init }
}

/** As good as a request can be that is the same for all routes. */
const goodValue = (kind: ValueKind): string => (kind === 'id' ? processId : kind === 'address' ? unknownId : '1')
const goodParameters = ({ parameters }: Route): Record<string, string> =>
  Object.fromEntries(parameters.map(({ name, kind }) => [name, goodValue(kind)]))
const goodQuery = ({ inputs }: Route, without: string): [string, string][] =>
  Object.entries(inputs.query ?? {})
    .filter(([name, kind]) => kind === 'id' && name !== without && name !== 'assign')
    .map(([name]) => [name, processId])

test('there are inputs for every route, and for no other', () => {
  const served = app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)
  expect(Object.keys(routeInputs).sort()).toEqual([...new Set(served)].sort())
})

const named = routes.map((route) => [`${route.method} ${route.path}`, route] as const)

describe('what cannot be meant is refused', () => {
  test.each(named)('%s', async (_name, route) => {
    for (const { name, kind } of route.parameters) {
      for (const bad of badValues[kind]) {
        const answer = await ask(requestTo(route, { ...goodParameters(route), [name]: bad }, goodQuery(route, '')))
        expectRefused(answer)
      }
    }
    for (const [name, kind] of Object.entries(route.inputs.query ?? {})) {
      for (const bad of badValues[kind]) {
        const query = [...goodQuery(route, name), [name, bad] as const]
        expectRefused(await ask(requestTo(route, goodParameters(route), query)))
      }
    }
    if (route.inputs.body === undefined) return
    for (const bytes of badBodies(route.inputs.body)) {
      const query = route.inputs.body === 'item' ? [] : goodQuery(route, '')
      expectRefused(await ask(requestTo(route, goodParameters(route), query, { bytes })))
    }
  })
})

describe('JSON that would take more stack or memory than its text is worth is refused', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  const dryRun = (data: string): HostileRequest => ({
    url: `/cu/dry-run?process-id=${processId}`,
    init: { method: 'POST', body: `{"Owner":"${unknownId}","Data":${data}}` },
  })
  const variables = (value: string): HostileRequest => ({
    url: '/graphql',
    init: {
      method: 'POST',
      body: `{"query":"query($ids:[ID!]){blocks(ids:$ids){edges{cursor}}}","variables":{"ids":${value}}}`,
    },
  })

  test.each([httpLimits.jsonDepthMax, 1_000_000])('%i lists inside each other', async (depth) => {
    for (const request of [dryRun(nested(depth)), variables(nested(depth))]) {
      expect(await ask(request)).toMatchObject({ status: 400, body: { code: 'HTTP_BODY_INVALID' } })
    }
  })

  test.each(['[],', '0,', '{},'])('many %s', async (value) => {
    for (const request of [dryRun, variables]) {
      const tooMany = request(`[${value.repeat(httpLimits.jsonValuesMax)}0]`)
      expect(await ask(tooMany)).toMatchObject({ status: 400, body: { code: 'HTTP_BODY_INVALID' } })
    }
  })

  test('brackets in a text, and many beside each other, are not', async () => {
    const texts = ['[', '"[[', '\\"['].map((part) => JSON.stringify(part.repeat(1_000)))
    for (const data of [...texts, `[${'[],'.repeat(1_000)}[]]`, nested(httpLimits.jsonDepthMax - 1)]) {
      expect((await ask(dryRun(data))).status).toBe(200)
    }
  })
})

describe('whatever comes, it is answered as it should be', () => {
  test.each(named)('%s', async (_name, route) => {
    const noise = fc.tuple(fc.constantFrom('a', '__proto__', 'limit', 'process-id', ''), anyValue('text'))
    const declared = Object.entries(route.inputs.query ?? {}).map(([name, kind]) =>
      fc.tuple(fc.constant(name), anyValue(kind)),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.record(Object.fromEntries(route.parameters.map(({ name, kind }) => [name, anyValue(kind)]))),
        fc.array(fc.oneof(noise, ...declared), { maxLength: 5 }),
        anyBody(route.inputs.body),
        fc.constantFrom(...contentTypes),
        fc.array(anyHeader, { maxLength: 2 }),
        fc.boolean(),
        async (values, query, bytes, type, headers, isKnown) => {
          const known = isKnown ? goodParameters(route) : {}
          const { url, init } = requestTo(route, { ...values, ...known }, query, { bytes, type })
          expectWell(
            await ask({ url, init: { ...init, headers: { ...init.headers, ...Object.fromEntries(headers) } } }),
          )
        },
      ),
      { seed: 11, numRuns: runsPerRoute },
    )
  })
})

describe('a method that a path does not have is 404, and says what there is', () => {
  test.each(named)('%s', async (_name, route) => {
    const { url } = requestTo(route, goodParameters(route))
    for (const method of ['PUT', 'PATCH', 'PROPFIND']) {
      const answer = await ask({ url, init: { method } })
      expect(answer).toEqual({
        status: 404,
        body: { code: 'HTTP_ROUTE_UNKNOWN', error: expect.stringContaining(method) },
      })
    }
  })
})

test('none of it had an effect, or is in the log', async () => {
  await api.network.idle()
  expect(await stored()).toEqual(before)
  expect(logged).toEqual([])
})
