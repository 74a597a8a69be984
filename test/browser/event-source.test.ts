/** Events of a process in a browser: with its own EventSource, on a page of another origin, over a node that dies. docs/events.md */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type RunningNode, startNode, temporaryDirectory } from '../../src/cli/cli.fixture.ts'
import { messageItem, processItem, testWallet } from '../../src/network/test-items.ts'
import { chromiumMissing, chromiumPath, launchChromium, type PageServer, servePages } from '../clients/chromium.ts'

const isSkipped = chromiumPath() === undefined && process.env.CI === undefined
if (isSkipped) process.emitWarning(chromiumMissing)

/** What the page has got: `message` and `result` by their nonces, values of the state. */
interface Seen {
  readonly messages: readonly number[]
  readonly results: readonly number[]
  readonly values: readonly unknown[]
}

const wallet = testWallet('browser')
const messagesPerRun = 5

describe.skipIf(isSkipped)('EventSource of Chromium', () => {
  let directory: ReturnType<typeof temporaryDirectory>
  let browser: Browser
  let pages: PageServer
  let page: Page
  let node: RunningNode

  beforeAll(async () => {
    directory = temporaryDirectory()
    browser = await launchChromium()
    pages = await servePages(new Map([['/', new URL('empty.html', import.meta.url)]]))
    page = await browser.newPage()
    await page.goto(pages.url)
  })
  afterAll(async () => {
    await node?.stop('SIGKILL')
    await browser?.close()
    pages?.close()
    directory?.remove()
  })

  async function post(item: { readonly id: string; readonly bytes: Uint8Array }): Promise<string> {
    const response = await fetch(`${node.url}/mu`, { method: 'POST', body: Buffer.from(item.bytes) })
    expect(response.status).toBe(202)
    return item.id
  }

  test('gets everything once, in order, also what came while the node was killed and started again', async () => {
    node = await startNode([], { cwd: directory.path })
    const { port } = new URL(node.url)
    const processId = await post(processItem(wallet))
    const send = (): Promise<string> =>
      post(messageItem(wallet, processId, { Action: 'Eval' }, 'Count = (Count or 0) + 1'))
    await send()

    await page.evaluate(listen, `${node.url}/api/processes/${processId}/events?path=Count&after=-1`)
    for (let i = 1; i < messagesPerRun; i++) await send()
    await seen(messagesPerRun)

    await node.stop('SIGKILL')
    node = await startNode(['--port', port], { cwd: directory.path })
    for (let i = 0; i < messagesPerRun; i++) await send()
    const { messages, results, values } = await seen(2 * messagesPerRun)

    const nonces = Array.from({ length: 2 * messagesPerRun + 1 }, (_, nonce) => nonce)
    expect(messages).toEqual(nonces)
    expect(results).toEqual(nonces)
    expect(values).toEqual([...new Set(values)])
  })

  /** Waits until the value has come to `count`. */
  function seen(count: number): Promise<Seen> {
    return vi.waitFor(
      async () => {
        const now = await page.evaluate(() => (globalThis as unknown as { seen: Seen }).seen)
        expect(now.values.at(-1)).toBe(count)
        return now
      },
      { timeout: 20_000, interval: 100 },
    )
  }
})

/** Runs in the page. */
function listen(url: string): void {
  const found = { messages: [] as number[], results: [] as number[], values: [] as unknown[] }
  const events = new EventSource(url)
  const on = (type: string, take: (data: { readonly nonce: number; readonly value: unknown }) => void): void =>
    events.addEventListener(type, ({ data }) => take(JSON.parse(data)))
  on('message', ({ nonce }) => found.messages.push(nonce))
  on('result', ({ nonce }) => found.results.push(nonce))
  on('state', ({ value }) => found.values.push(value))
  Object.assign(globalThis, { seen: found })
}
