import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Library, NewLegacyClient } from './aoconnect-types.ts'
import { chromiumMissing, chromiumPath, launchChromium, type PageServer, servePages } from './chromium.ts'
import { type ClientTests, describeClient } from './compatibility.ts'
import { getJson, node } from './node.ts'

/** The builds for browsers, in headless Chromium, on a page of another origin than the node's. See page.html. */

/** What the page has made. Functions given to `evaluate` run there. */
declare const client: {
  readonly address: string
  readonly library: Library
  readonly ao: NewLegacyClient
  readonly signer: unknown
}

const nodeModules = new URL('../../node_modules/', import.meta.url)
const files = new Map([
  ['/', new URL('page.html', import.meta.url)],
  ['/warp-arbundles.js', new URL('warp-arbundles/build/web/esm/bundle.js', nodeModules)],
  ['/@permaweb/aoconnect', new URL('@permaweb/aoconnect/dist/browser.js', nodeModules)],
  ['/aoconnect-0.0.69', new URL('aoconnect-0.0.69/dist/browser.js', nodeModules)],
])

export function describeAoconnectInBrowser(): void {
  const isSkipped = chromiumPath() === undefined && process.env.CI === undefined
  if (isSkipped) process.emitWarning(chromiumMissing)

  describe('aoconnect in a browser', () => {
    const parts: Partial<Parts> = {}
    beforeAll(async () => {
      if (isSkipped) return
      parts.browser = await launchChromium()
      parts.server = await servePages(files)
    })
    afterAll(async () => {
      parts.server?.close()
      await parts.browser?.close()
    })
    for (const directory of ['@permaweb/aoconnect', 'aoconnect-0.0.69']) describeVersion(directory, parts, isSkipped)
  })
}

/** What both versions share. Empty when the tests are skipped. */
interface Parts {
  browser: Browser
  server: PageServer
}

function describeVersion(directory: string, parts: Partial<Parts>, isSkipped: boolean): void {
  describeClient({ name: '@permaweb/aoconnect', directory, platform: 'Chromium', isSkipped }, (tests) => {
    const context = { preflights: [] } as unknown as Context
    beforeAll(async () => {
      const { browser, server } = parts
      if (browser === undefined || server === undefined) return
      context.page = await browser.newPage()
      await watchPreflights(context)
      await context.page.goto(`${server.url}/?node=${node.url}&library=/${directory}`)
      await context.page.waitForFunction('globalThis.client')
    })
    functions(context, tests)
    if (directory === '@permaweb/aoconnect') newFunctions(context, tests)
  })
}

interface Context {
  page: Page
  /** Answers to the questions that the browser asks by itself before a request to another origin. */
  readonly preflights: { readonly url: string; readonly status: number }[]
  processId: string
}

async function watchPreflights({ page, preflights }: Context): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  session.on('Network.responseReceived', ({ type, response }) => {
    if (type === 'Preflight') preflights.push({ url: response.url, status: response.status })
  })
}

function functions(context: Context, { works, differs }: ClientTests): void {
  works('spawn', 'signed by the wallet of the page, which owns the process', async () => {
    const { page } = context
    const spawned = await page.evaluate(
      async ({ module, scheduler }) => ({
        processId: await client.ao.spawn({ module, scheduler, signer: client.signer }),
        address: client.address,
      }),
      { module: node.moduleId, scheduler: node.address },
    )
    context.processId = spawned.processId
    const process = await getJson(`/su/processes/${spawned.processId}`)
    expect(process).toMatchObject({ owner: { address: spawned.address } })
  })

  works('message', 'its id', async () => {
    const message = await evaluateCode(context, 'return 1')
    expect(await getJson(`/su/${message}?process-id=${context.processId}`)).toMatchObject({ message: { id: message } })
  })

  works('message', 'after a preflight of the browser, which is allowed', async () => {
    await evaluateCode(context, 'return 1')
    expect(context.preflights).toContainEqual({ url: `${node.url}/mu`, status: 204 })
    expect(context.preflights.filter(({ status }) => status !== 204)).toEqual([])
  })

  works('message', 'to a process that is not here: the page can read the error', async () => {
    const failed = context.page.evaluate(() => client.ao.message({ process: 'A'.repeat(43), signer: client.signer }))
    await expect(failed).rejects.toThrow(/404: .*SCHEDULER_PROCESS_UNKNOWN/)
  })

  works('result', 'an answer', async () => {
    const message = await evaluateCode(context, 'return 6 * 7')
    const result = await context.page.evaluate((ids) => client.ao.result(ids), {
      ...{ process: context.processId, message },
    })
    expect(result.Output.data).toBe('42')
  })

  works('results', 'a page of them', async () => {
    const { page, processId } = context
    const message = await evaluateCode(context, 'return "listed"')
    await page.evaluate((ids) => client.ao.result(ids), { process: processId, message })
    const { edges } = await page.evaluate((process) => client.ao.results({ process, limit: 100 }), processId)
    expect(edges.map((edge) => edge.node.Output.data)).toContain('listed')
  })

  works('dryrun', 'an answer', async () => {
    const result = await context.page.evaluate((process) => {
      const tags = [{ name: 'Action', value: 'Eval' }]
      return client.ao.dryrun({ process, tags, data: 'return 6 * 7', Owner: client.address })
    }, context.processId)
    expect(result.Output.data).toBe('42')
  })

  works('assign', 'the id of the assignment', async () => {
    const { processId } = context
    const message = await evaluateCode(context, 'return 1')
    const assigned = await context.page.evaluate((ids) => client.ao.assign(ids), { process: processId, message })
    expect(await getJson(`/su/${assigned}?process-id=${processId}`)).toMatchObject({ assignment: { id: assigned } })
  })

  for (const name of ['monitor', 'unmonitor'] as const) {
    works(name, 'of a process of its own', async () => {
      const done = await context.page.evaluate(
        ({ name, process }) => client.ao[name]({ process, signer: client.signer }),
        { name, process: context.processId },
      )
      expect(done).toMatch(/^[\w-]{43}$/)
    })
  }

  works('spawn, message, result', 'imported by name: the node is named on globalThis', async () => {
    const answer = await context.page.evaluate(
      async ({ module, scheduler }) => {
        const { library, signer } = client
        const process = await library.spawn({ module, scheduler, signer })
        const tags = [{ name: 'Action', value: 'Eval' }]
        const message = await library.message({ process, signer, tags, data: 'return ao.id' })
        return { process, result: await library.result({ process, message }) }
      },
      { module: node.moduleId, scheduler: node.address },
    )
    expect(answer.result.Output.data).toBe(answer.process)
  })

  differs('connect()', 'without arguments: the public hosts; give it the URLs of the node', async () => {
    const asked = context.page.evaluate((process) => client.library.connect().dryrun({ process }), context.processId)
    await expect(asked).rejects.toThrow()
  })
}

function newFunctions(context: Context, { works, differs }: ClientTests): void {
  works('signMessage', 'its bytes are taken by the messenger', async () => {
    const sent = await context.page.evaluate(
      async ({ process, mu }) => {
        const { id, raw } = await client.ao.signMessage({ process, data: 'x', signer: client.signer })
        const answer = await fetch(mu, { method: 'POST', body: raw })
        return { id, answer: await answer.json() }
      },
      { process: context.processId, mu: `${node.url}/mu` },
    )
    expect(sent.answer).toMatchObject({ id: sent.id })
  })

  const reason = 'fails before it sends: its check of the signature cannot read RSA keys, whatever the node'
  differs('sendSignedMessage', reason, async () => {
    const asked: string[] = []
    context.page.on('request', (request) => asked.push(request.url()))
    const sent = context.page.evaluate(async (process) => {
      const signed = await client.ao.signMessage({ process, data: 'x', signer: client.signer })
      return client.ao.sendSignedMessage(signed)
    }, context.processId)
    await expect(sent).rejects.toThrow('Error while communicating with MU: {}')
    expect(asked).toEqual([])
  })

  const router = 'getMessages, getMessageById, getLastSlot, message({ returnAssignmentSlot })'
  differs(
    router,
    'they ask su-router.ao-testnet.xyz, whatever `connect` is told: wrap `fetch` in the page',
    async () => {
      const asked = context.page.evaluate((processId) => client.ao.getLastSlot({ processId }), context.processId)
      await expect(asked).rejects.toThrow('Failed to fetch')
    },
  )
}

async function evaluateCode({ page, processId }: Context, code: string): Promise<string> {
  return page.evaluate(
    ({ process, data }) =>
      client.ao.message({ process, data, tags: [{ name: 'Action', value: 'Eval' }], signer: client.signer }),
    { process: processId, data: code },
  )
}
