import type { Tag } from '../../protocol/types.ts'
import { parseStateValue } from '../../vm/state-value.ts'
import { CliError } from '../errors.ts'

/** A node as every client sees it: over HTTP. */
export interface NodeClient {
  readonly url: string
  /** @throws {CliError} `CLI_NODE_UNREACHABLE`, `CLI_NODE_UNKNOWN` */
  info(): Promise<NodeInfo>
  /** Hands a signed item to the messenger. */
  submit(item: Uint8Array): Promise<void>
  /** Waits for the evaluation. */
  result(processId: string, messageId: string): Promise<ProcessResult>
  dryRun(processId: string, message: object): Promise<ProcessResult>
  /** Tags of the process item. */
  processTags(processId: string): Promise<readonly Tag[]>
  /**
   * Asks for the past of a process: `GET /api/processes/<process>/<what>`. The answer is the node's word; numbers of the state
   * are as they were written.
   */
  timeTravel<Answer>(
    processId: string,
    what: string,
    query: { readonly [name: string]: string | number | undefined },
  ): Promise<Answer>
  /** What has not arrived: `GET /api/outbox`. */
  outbox(request: {
    readonly processId: string | undefined
    readonly state: string | undefined
    readonly limit: number
  }): Promise<OutboxPageJson>
  /** @param entries - Like `12.0`; undefined: all that are dead. */
  retryOutbox(processId: string, entries: readonly string[] | undefined): Promise<{ readonly count: number }>
  /** Asks for what a node does in development mode: `POST /api/development/<what>`. The answer is the node's word. */
  develop<Answer>(what: string, body?: object): Promise<Answer>
}

/** What the commands need of `GET /api/info`. */
export interface NodeInfo {
  readonly address: string
  readonly moduleId: string
}

/** The legacy result object, wire protocol 7.1. What is in it is the process's doing. */
export interface ProcessResult {
  readonly Messages?: readonly OutgoingMessage[]
  readonly Spawns?: readonly OutgoingMessage[]
  readonly Assignments?: readonly unknown[]
  readonly Output?: unknown
  readonly Error?: unknown
  readonly GasUsed?: number
}

export interface OutgoingMessage {
  readonly Target?: unknown
  readonly Data?: unknown
  readonly Tags?: readonly { readonly name: string; readonly value: unknown }[]
}

/** A page of `GET /api/outbox`. */
export interface OutboxPageJson {
  /** The node's time. */
  readonly timestampMs: number
  readonly entries: readonly OutboxEntryJson[]
  readonly hasNextPage: boolean
}

export interface OutboxEntryJson {
  readonly processId: string
  /** `<nonce>.<index>` */
  readonly entry: string
  readonly state: 'pending' | 'dead'
  readonly kind: string
  readonly target: string
  readonly action?: string
  /** Empty when it could not be made into an item. */
  readonly itemId: string
  readonly tries: number
  readonly sentAtMs: number
  readonly reason: string
  readonly chain: { readonly processId: string; readonly nonce: number; readonly depth: number }
}

export function createNodeClient(url: string): NodeClient {
  async function request(path: string, init?: RequestInit, parse = parseJson): Promise<unknown> {
    let response: Response
    let text: string
    try {
      response = await fetch(`${url}${path}`, init)
      text = await response.text()
    } catch (cause) {
      throw new CliError({ code: 'CLI_NODE_UNREACHABLE', url, reason: reasonOf(cause) }, { cause })
    }
    if (!response.ok) {
      throw new CliError({ code: 'CLI_REQUEST_REFUSED', url, status: response.status, text: refusal(text) })
    }
    try {
      return parse(text)
    } catch (cause) {
      throw new CliError({ code: 'CLI_NODE_UNKNOWN', url, problem: 'its answer is not JSON' }, { cause })
    }
  }

  return {
    url,
    async info() {
      const info = await request('/api/info').catch((error: unknown) => {
        if (!(error instanceof CliError) || error.info.code !== 'CLI_REQUEST_REFUSED') throw error
        const problem = `GET /api/info answered ${error.info.status}`
        throw new CliError({ code: 'CLI_NODE_UNKNOWN', url, problem }, { cause: error })
      })
      if (!isNodeInfo(info)) {
        throw new CliError({ code: 'CLI_NODE_UNKNOWN', url, problem: 'GET /api/info gave no address and module' })
      }
      return info
    },
    async submit(item) {
      const headers = { 'content-type': 'application/octet-stream' }
      await request('/mu', { method: 'POST', headers, body: new Uint8Array(item) })
    },
    async result(processId, messageId) {
      return (await request(`/cu/result/${messageId}?process-id=${processId}`)) as ProcessResult
    },
    async dryRun(processId, message) {
      const headers = { 'content-type': 'application/json' }
      const init = { method: 'POST', headers, body: JSON.stringify(message) }
      return (await request(`/cu/dry-run?process-id=${processId}`, init)) as ProcessResult
    },
    async processTags(processId) {
      return ((await request(`/su/processes/${processId}`)) as { readonly tags: readonly Tag[] }).tags
    },
    async timeTravel<Answer>(
      processId: string,
      what: string,
      query: { readonly [name: string]: string | number | undefined },
    ) {
      const given = Object.entries(query).filter(([, value]) => value !== undefined)
      const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
      return (await request(`/api/processes/${processId}/${what}?${search}`, {}, parseStateValue)) as Answer
    },
    async outbox({ processId, state, limit }) {
      const search = new URLSearchParams({ limit: String(limit), ...(state === undefined ? {} : { state }) })
      return (await request(`/api/outbox${processId === undefined ? '' : `/${processId}`}?${search}`)) as OutboxPageJson
    },
    async retryOutbox(processId, entries) {
      const which = entries === undefined ? [['all', '']] : entries.map((entry) => ['entry', entry])
      const search = new URLSearchParams([['process-id', processId], ...which])
      return (await request(`/api/outbox/retry?${search}`, { method: 'POST' })) as { readonly count: number }
    },
    async develop<Answer>(what: string, body: object = {}) {
      const headers = { 'content-type': 'application/json' }
      return (await request(`/api/development/${what}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })) as Answer
    },
  }
}

function parseJson(text: string): unknown {
  return JSON.parse(text)
}

function isNodeInfo(value: unknown): value is NodeInfo {
  if (typeof value !== 'object' || value === null) return false
  return (
    'address' in value && typeof value.address === 'string' && 'moduleId' in value && typeof value.moduleId === 'string'
  )
}

/** The text of an error body, or the body itself. */
export function refusal(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown }
    return typeof error === 'string' ? error : text
  } catch {
    return text
  }
}

/** fetch hides why it failed in `cause`. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code)
  return cause instanceof Error ? cause.message : String(cause)
}
