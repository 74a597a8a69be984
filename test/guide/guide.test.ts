/**
 * The guide "What are AO Processes" works as it is printed: every code block, not one character changed.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDevelopmentWallets, readWallet } from '../../src/cli/development-wallets.ts'
import { type HttpServer, startHttpServer } from '../../src/http/server.ts'
import { createNetwork } from '../../src/network/network.ts'
import type { Network } from '../../src/network/types.ts'
import { parseDataItem } from '../../src/protocol/data-item.ts'
import { parseItemId, parseProcessId } from '../../src/protocol/ids.ts'
import { type ClientRun, clientProgram, javascriptBlockNames, runClientProgram } from './client-program.ts'
import {
  blockEntry,
  blockNames,
  blocksNotTaken,
  guideBlocks,
  isGuideAbsent,
  luaBlockNames,
  printed,
  printedBlocks,
  take,
} from './guide-blocks.ts'
import { createGuideProcess, handlerNames, owner, wallet } from './guide-process.ts'
import { describeLuaBlocks } from './lua-cases.ts'

const title = 'the guide "What are AO Processes", as printed'
const reason = 'skipped: there is no ../shared/guide/what-are-ao-processes.md beside this checkout'

const bob = wallet('bob')

describe.skipIf(isGuideAbsent)(isGuideAbsent ? `${title} (${reason})` : title, () => {
  let network: Network

  beforeAll(async () => {
    network = await createNetwork()
  })

  afterAll(async () => {
    await network.close()
  })

  describe('every code block is known', () => {
    test('number, order, language and place are those of the table', () => {
      expect(printedBlocks.map(({ language, heading }) => ({ language, heading }))).toEqual(
        blockNames.map((name) => ({ language: guideBlocks[name].language, heading: guideBlocks[name].heading })),
      )
    })

    test('every handler that a block adds is in the table', () => {
      for (const name of luaBlockNames) {
        const added = [...printed(name).matchAll(/Handlers\.\w+\(\s*"([^"]+)"/g)].map(([, handler]) => handler)
        expect(added, name).toEqual(blockEntry(name).handlers ?? [])
      }
    })

    test('the diagram is a drawing: there is nothing to run', () => {
      const lines = take('architecture').split('\n')
      expect(lines).toContain('   AO Process ←→ Another Process')
      expect(lines.filter((line) => /[(){}="]/.test(line.replace(/\((Message|Messages)\)/, '')))).toEqual([])
    })
  })

  describe('JavaScript, with the npm package @permaweb/aoconnect', () => {
    let server: HttpServer
    let run: ClientRun
    let directory: string

    beforeAll(async () => {
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      server = await startHttpServer({ network, host: '127.0.0.1', port: 0, log })
      directory = mkdtempSync(join(tmpdir(), 'loom-guide-wallets-'))
      const [first] = openDevelopmentWallets(directory)
      const initializeHandler = [...guideBlocks.initialize.supplied.map(({ lua }) => lua), printed('initialize')]
      run = await runClientProgram(server.url, {
        wallet: readWallet(first?.path ?? ''),
        initializeHandler: initializeHandler.join('\n'),
      })
    })

    afterAll(async () => {
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    })

    test('the program holds every block whole', () => {
      const program = clientProgram()
      expect(javascriptBlockNames).toHaveLength(3)
      for (const name of javascriptBlockNames) expect(program).toContain(`\n${printed(name)}\n`)
    })

    test('connect() without arguments reaches the node, and spawn gives the id of a process with the tags', async () => {
      const { processId, userAddress } = run.report
      expect(run.stdout).toBe(`Process created: ${processId}\n`)
      const entry = await network.entry(parseProcessId(processId), parseItemId(processId))
      expect(entry).toMatchObject({ kind: 'process', nonce: 0 })
      const item = parseDataItem(entry?.item ?? new Uint8Array())
      expect(item.ownerAddress).toBe(userAddress)
      expect(item.tags).toEqual(
        expect.arrayContaining([
          { name: 'App-Name', value: 'MyApp' },
          { name: 'App-Version', value: '1.0.0' },
          { name: 'Module', value: 'MODULE_TX_ID' },
          { name: 'Scheduler', value: 'SCHEDULER_ADDRESS' },
        ]),
      )
    })

    test('the process answers Initialize, and has the state of the message', async () => {
      const { processId, userAddress, initialize, state } = run.report
      expect(initialize.result).toMatchObject({
        Messages: [{ Target: userAddress, Data: 'Process initialized successfully' }],
      })
      expect(initialize.result).not.toHaveProperty('Error')
      expect(state).toEqual({ owner: 'USER_ADDRESS', name: 'My Process', initialized: true })
      const entry = await network.entry(parseProcessId(processId), parseItemId(initialize.messageId))
      const item = parseDataItem(entry?.item ?? new Uint8Array())
      expect(JSON.parse(new TextDecoder().decode(item.data))).toEqual({
        owner: 'USER_ADDRESS',
        name: 'My Process',
        version: '1.0.0',
      })
    })

    test('result reads the answer to the direct message', () => {
      const { direct, userAddress, initialize } = run.report
      expect(direct.messageId).not.toBe(initialize.messageId)
      expect(direct.result).toMatchObject({
        Messages: [{ Target: userAddress, Data: '42' }],
        Spawns: [],
        Assignments: [],
      })
      expect(direct.result).not.toHaveProperty('Error')
    })
  })

  describeLuaBlocks(() => network)

  test('Testing Strategies: the line for the REPL sends, and says that the message has no target', async () => {
    // The rest installs and starts the console, from the internet.
    const [line = '', ...others] = take('testing')
      .split('\n')
      .filter((text) => /^\w+\(/.test(text))
    expect(others).toEqual([])
    const process = await createGuideProcess(network)
    const { output, sent } = await process.eval(line)

    expect(output).toContain(
      'WARN: No target specified for message. Data will be stored, but no process will receive it.',
    )
    expect(output).toContain('Message added to outbox')
    expect(sent).toMatchObject([{ target: undefined, data: 'test data', tags: { Action: 'Test' } }])
    expect(await process.inbox()).toEqual([])
  })

  describe('the page from top to bottom, in one process', () => {
    test('every handler is there, and each answers to its action', async () => {
      const process = await createGuideProcess(network)
      for (const name of luaBlockNames) {
        for (const { lua = '' } of blockEntry(name).supplied) await process.eval(lua)
        await process.eval(printed(name))
      }
      const handlers = luaBlockNames.flatMap((name) => blockEntry(name).handlers ?? [])
      expect(await handlerNames(process)).toEqual(expect.arrayContaining(handlers))

      const data = JSON.stringify({ owner: 'USER_ADDRESS', value: 1, required_field: 'x' })
      const transfers = JSON.stringify([{ to: bob.address, amount: 1 }])
      const tags = { Operation: 'credit', Amount: '1', Recipient: bob.address, Quantity: '1', Topic: 'news' }
      const answers: Record<string, number> = {}
      for (const action of handlers.filter((handler) => handler !== 'DebugHandler')) {
        const more = { ...tags, Action: action, Title: 'T', NextProcess: bob.address }
        const { sent, error, output } = await process.send(owner, more, action === 'BatchTransfer' ? transfers : data)
        expect(error, action).toBeUndefined()
        expect(output, `${action} is not left to the last handler`).toBe('')
        answers[action] = sent.length
      }
      expect(answers).toEqual({
        ...{ Initialize: 1, UpdateBalance: 1, SaveCheckpoint: 1, Transfer: 2, CreateProposal: 1, ProcessData: 1 },
        ...{ Subscribe: 1, Publish: 1, SafeOperation: 1, AdminOnly: 0, BatchTransfer: 1, IdempotentHandler: 0 },
        HealthCheck: 1,
      })
      expect((await process.send(owner, { Action: 'Unknown' })).output).toMatch(/^DEBUG \[/)
    })
  })

  test('nothing is left out: every block was taken by a case of its own', () => {
    expect(blocksNotTaken()).toEqual([])
  })
})
