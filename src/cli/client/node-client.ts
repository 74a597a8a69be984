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

export function createNodeClient(url: string): NodeClient {
  async function request(path: string, init?: RequestInit): Promise<unknown> {
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
      return JSON.parse(text)
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
  }
}

function isNodeInfo(value: unknown): value is NodeInfo {
  if (typeof value !== 'object' || value === null) return false
  return (
    'address' in value && typeof value.address === 'string' && 'moduleId' in value && typeof value.moduleId === 'string'
  )
}

/** The text of an error body, or the body itself. */
function refusal(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown }
    return typeof error === 'string' ? error : text
  } catch {
    return text
  }
}

/** fetch hides why it failed in `cause`. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code)
  return cause instanceof Error ? cause.message : String(cause)
}
