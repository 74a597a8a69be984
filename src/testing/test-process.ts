import { fileURLToPath } from 'node:url'
import { forkTags } from '../network/fork-tags.ts'
import type { Network, Submission } from '../network/types.ts'
import { bundleProject } from '../project/bundle-project.ts'
import { parseDataItem } from '../protocol/data-item.ts'
import { type ProcessId, parseAddress } from '../protocol/ids.ts'
import { TestingError } from './errors.ts'
import { parseEvaluation } from './evaluation.ts'
import { type ItemFactory, messageTags } from './item-factory.ts'
import type {
  ForkOptions,
  InboxMessage,
  TestEvaluation,
  TestMessageDraft,
  TestProcess,
  TestResult,
  TestWallet,
} from './types.ts'

/** The `Inbox` as plain data; the message that made the process is the first of it after every spawn. */
const inboxExpression = `(function()
  local list = {}
  for _, message in ipairs(Inbox) do
    if message.Id ~= ao.id then
      local data = message.Data
      if type(data) == "table" then data = require("json").encode(data) end
      list[#list + 1] = {
        id = message.Id, from = message.From, target = message.Target, action = message.Action, data = data or "",
        tags = message.Tags,
      }
    end
  end
  return list
end)()`

export class LocalTestProcess implements TestProcess {
  readonly #network: Network
  readonly #items: ItemFactory
  readonly id: ProcessId
  readonly owner: TestWallet

  constructor(id: ProcessId, owner: TestWallet, network: Network, items: ItemFactory) {
    this.id = id
    this.owner = owner
    this.#network = network
    this.#items = items
  }

  async eval(code: string): Promise<TestResult> {
    const result = await this.send({ action: 'Eval', data: code })
    const { error } = result
    if (error !== undefined) throw new TestingError({ code: 'TESTING_EVAL_FAILED', processId: this.id, error })
    return result
  }

  async load(file: string | URL): Promise<TestResult> {
    return this.eval(bundleProject(file instanceof URL ? fileURLToPath(file) : file).code)
  }

  async send(draft: TestMessageDraft): Promise<TestResult> {
    const { from = this.owner } = draft
    const { id, nonce, timestampMs } = await this.#submit(from, draft)
    const { json } = await this.#network.result(this.id, id)
    return { ...parseEvaluation(json, this.id, addressOf(from)), id, nonce, timestampMs }
  }

  #submit(from: TestWallet | string, draft: TestMessageDraft): Promise<Submission> {
    if (typeof from !== 'string') return this.#network.submit(this.#items.message(from, this.id, draft).bytes)
    return this.#network.submitAs(parseAddress(from), this.#items.messageDraft(this.id, draft))
  }

  async dryRun(draft: TestMessageDraft): Promise<TestEvaluation> {
    const { from = this.owner, data = ' ' } = draft
    const owner = addressOf(from)
    const json = await this.#network.dryRun(this.id, { owner, tags: messageTags(draft), data })
    return parseEvaluation(json, this.id, owner)
  }

  async state(expression: string): Promise<unknown> {
    await this.#network.idle()
    const code = `return require("json").encode({ value = ${expression}\n})`
    const { error, output } = await this.dryRun({ action: 'Eval', data: code })
    if (error !== undefined) {
      throw new TestingError({ code: 'TESTING_STATE_UNREADABLE', processId: this.id, expression, error })
    }
    // Handlers of the process may have printed before.
    const json = output.slice(output.lastIndexOf('\n') + 1)
    return (JSON.parse(json) as { readonly value?: unknown }).value
  }

  async stateAt(nonce: number, path?: string): Promise<unknown> {
    return JSON.parse((await this.#network.stateAt(this.id, { nonce, path })).json) as unknown
  }

  async fork({ at, wallet = this.owner, name, code }: ForkOptions = {}): Promise<TestProcess> {
    const [genesis] = await this.#network.entries(this.id, 0, 0, 1)
    const processTags = genesis === undefined ? [] : parseDataItem(genesis.item).tags
    const onBoot = code === undefined ? [] : [{ name: 'On-Boot', value: 'Data' }]
    const tags = [...forkTags({ processId: this.id, processTags, nonce: at, name }), ...onBoot]
    const { processId } = await this.#network.submit(this.#items.processOf(wallet, tags, code).bytes)
    return new LocalTestProcess(processId, wallet, this.#network, this.#items)
  }

  async inbox(): Promise<readonly InboxMessage[]> {
    return (await this.state(inboxExpression)) as readonly InboxMessage[]
  }
}

function addressOf(sender: TestWallet | string): string {
  return typeof sender === 'string' ? sender : sender.address
}
