/**
 * Every code block of the guide in its order, with the names that the guide leaves undefined there. A name that stands
 * here is not defined by any block that the reader has seen by then; nothing else is added, and no block is changed.
 *
 * @module
 */
import { type FencedBlock, fencedBlocks, readGuide } from './guide-file.ts'

export interface Supplied {
  readonly name: string
  readonly reason: string
  /** Lua that defines the name; JavaScript names are given by `client-program.ts`. */
  readonly lua?: string
}

export interface BlockEntry {
  readonly language: '' | 'javascript' | 'lua' | 'bash'
  readonly heading: string
  /** Handlers that the block adds, by name, in its order. */
  readonly handlers?: readonly string[]
  /** Lua blocks of the guide, further up, whose globals this one uses. */
  readonly after?: readonly string[]
  readonly supplied: readonly Supplied[]
}

const wallet = { name: 'wallet', reason: 'the reader has a key file: an Arweave JWK, RSA-4096' }
const createDataItemSigner = {
  name: 'createDataItemSigner',
  reason: 'exported by @permaweb/aoconnect; the block does not import it',
}

export const guideBlocks = {
  architecture: { language: '', heading: 'Core Architecture', supplied: [] },
  spawn: { language: 'javascript', heading: '1. Process Creation', supplied: [createDataItemSigner, wallet] },
  initializeMessage: {
    language: 'javascript',
    heading: '2. Process Initialization',
    supplied: [createDataItemSigner, wallet],
  },
  initialize: {
    language: 'lua',
    heading: '3. Message Processing',
    handlers: ['Initialize'],
    supplied: [{ name: 'State', reason: 'the block fills a table that it does not make', lua: 'State = {}' }],
  },
  updateBalance: {
    language: 'lua',
    heading: 'Deterministic State Updates',
    handlers: ['UpdateBalance'],
    supplied: [],
  },
  saveCheckpoint: {
    language: 'lua',
    heading: 'State Persistence',
    handlers: ['SaveCheckpoint'],
    after: ['updateBalance'],
    supplied: [],
  },
  token: { language: 'lua', heading: '1. Token Contracts', handlers: ['Transfer'], supplied: [] },
  proposals: {
    language: 'lua',
    heading: '2. Decentralized Applications',
    handlers: ['CreateProposal'],
    supplied: [],
  },
  pipeline: {
    language: 'lua',
    heading: '3. Data Processing Pipelines',
    handlers: ['ProcessData'],
    supplied: [
      {
        name: 'transformData',
        reason: "stands for the reader's own step",
        lua: 'function transformData(data) return { doubled = data.value * 2, tags = data.tags } end',
      },
    ],
  },
  directMessage: {
    language: 'javascript',
    heading: 'Direct Messaging',
    supplied: [
      createDataItemSigner,
      wallet,
      { name: 'targetProcessId', reason: 'any process that answers GetBalance; the guide shows none' },
      { name: 'userAddress', reason: "address of the reader's wallet" },
      { name: 'messageId', reason: 'what the call of `ao.message` above it returns; the block drops it' },
    ],
  },
  pubSub: { language: 'lua', heading: 'Pub/Sub Patterns', handlers: ['Subscribe', 'Publish'], supplied: [] },
  safeOperation: {
    language: 'lua',
    heading: 'Error Handling',
    handlers: ['SafeOperation'],
    supplied: [
      {
        name: 'processData',
        reason: "stands for the reader's own operation",
        lua: 'function processData(data) return { length = #data.required_field } end',
      },
    ],
  },
  adminOnly: { language: 'lua', heading: 'Access Control', handlers: ['AdminOnly'], supplied: [] },
  testing: { language: 'bash', heading: 'Testing Strategies', supplied: [] },
  batchTransfer: {
    language: 'lua',
    heading: 'Message Optimization',
    handlers: ['BatchTransfer'],
    after: ['token'],
    supplied: [
      {
        name: 'executeTransfer',
        reason: "stands for the reader's own transfer; here it moves the balances of the token block",
        lua: `function executeTransfer(to, amount)
          if Balances[Owner] < amount then return false end
          Balances[Owner] = Balances[Owner] - amount
          Balances[to] = (Balances[to] or 0) + amount
          return true
        end`,
      },
    ],
  },
  rollingWindow: { language: 'lua', heading: 'State Management Optimization', supplied: [] },
  validateTransfer: { language: 'lua', heading: 'Input Validation', after: ['token'], supplied: [] },
  idempotent: {
    language: 'lua',
    heading: 'Reentrancy Protection',
    handlers: ['IdempotentHandler'],
    supplied: [],
  },
  // StartTime and LastActivity have defaults in the block; they stay undefined until a case sets them.
  healthCheck: {
    language: 'lua',
    heading: 'Process Health Checks',
    handlers: ['HealthCheck'],
    after: ['updateBalance', 'idempotent'],
    supplied: [],
  },
  debugHandler: { language: 'lua', heading: 'Debugging Tools', handlers: ['DebugHandler'], supplied: [] },
} as const satisfies Record<string, BlockEntry>

export type BlockName = keyof typeof guideBlocks

export const blockNames = Object.keys(guideBlocks) as BlockName[]

export function blockEntry(name: BlockName): BlockEntry {
  return guideBlocks[name]
}

export const luaBlockNames = blockNames.filter((name) => guideBlocks[name].language === 'lua')

const guide = readGuide()

export const isGuideAbsent = guide === undefined

/** The guide's code blocks in their order; none where the guide is absent. */
export const printedBlocks: readonly FencedBlock[] = guide === undefined ? [] : fencedBlocks(guide)

/** The text of a block, not one character changed. */
export function printed(name: BlockName): string {
  const block = printedBlocks[blockNames.indexOf(name)]
  if (block === undefined) throw new Error(`The guide has no block for ${name}.`)
  return block.text
}

const taken = new Set<BlockName>()

/** The text of a block, for a case of its own: see {@link blocksNotTaken}. */
export function take(name: BlockName): string {
  taken.add(name)
  return printed(name)
}

/** Blocks that no case of their own has taken yet. */
export function blocksNotTaken(): BlockName[] {
  return blockNames.filter((name) => !taken.has(name))
}
