import { CliError } from '../errors.ts'
import { reasonOf, refusal } from './node-client.ts'

/**
 * The export of a process from a running node, as it comes.
 *
 * @throws {CliError} `CLI_NODE_UNREACHABLE`, also when the node is lost midway; `CLI_REQUEST_REFUSED`.
 */
export async function* streamExport(
  url: string,
  processId: string,
  to: number | undefined,
): AsyncGenerator<Uint8Array> {
  const unreachable = (cause: unknown): CliError =>
    new CliError({ code: 'CLI_NODE_UNREACHABLE', url, reason: reasonOf(cause) }, { cause })
  const path = `${url}/api/processes/${processId}/export${to === undefined ? '' : `?to=${to}`}`
  const response = await fetch(path).catch((cause: unknown) => {
    throw unreachable(cause)
  })
  if (!response.ok || response.body === null) {
    const text = refusal(await response.text())
    throw new CliError({ code: 'CLI_REQUEST_REFUSED', url, status: response.status, text })
  }
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((cause: unknown) => {
        throw unreachable(cause)
      })
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
