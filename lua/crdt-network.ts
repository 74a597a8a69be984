/**
 * Processes that send each other messages over a network that the test is: what is under way lies in a list, to be
 * delivered in any order, twice, or never.
 *
 * @module
 */
import { bundleLibrary, readLibraryFiles } from '../src/vm/lua/library-bundle.ts'
import { createLuaEngine, type LuaTemplate } from '../src/vm/lua/lua-vm.ts'
import type { OutgoingTag, Vm, VmMessage } from '../src/vm/types.ts'

/** A message that a process sent and that has not arrived. */
export interface InFlight {
  readonly from: number
  /** Undefined if it goes to none of the processes. */
  readonly to: number | undefined
  readonly action: string
  readonly tags: readonly OutgoingTag[]
  readonly data: string
}

export class ProcessNetwork {
  readonly ids: readonly string[]
  /** Owner of all processes. */
  readonly owner: string = 'OWNER'.padEnd(43, '-')
  readonly inFlight: InFlight[] = []
  readonly #template: LuaTemplate
  readonly #vms: Vm[]
  #nowMs = 1_700_000_000_000
  #nonce = 0

  /** @param names - Each makes a process; a name that occurs twice makes two replicas of one process. */
  constructor(names: readonly string[], setup: string) {
    this.#template = createLuaEngine().createTemplate(bundleLibrary(readLibraryFiles()))
    this.ids = names.map((name) => name.padEnd(43, '-'))
    this.#vms = this.ids.map((id) => {
      const module = { id: 'MODULE'.padEnd(43, '-'), owner: this.owner, tags: [] }
      const process = { id, owner: this.owner, tags: [{ name: 'Module', value: module.id }] }
      return this.#template.spawn({ process, module })
    })
    for (const [index, id] of this.ids.entries()) {
      this.#evaluate(index, {
        id,
        tags: [
          { name: 'Type', value: 'Process' },
          { name: 'Module', value: 'M' },
        ],
      })
      this.eval(index, setup)
    }
  }

  advance(byMs: number): void {
    this.#nowMs += byMs
  }

  /** Evaluates code as the owner, and gives what it printed. What it sent is under way. */
  eval(index: number, code: string): string {
    return this.#evaluate(index, { data: code, tags: [{ name: 'Action', value: 'Eval' }] })
  }

  /** Sends a message from the owner, or from another address. */
  send(index: number, action: string, tags: Readonly<Record<string, string>> = {}, from: string = this.owner): string {
    const list = Object.entries({ Action: action, ...tags }).map(([name, value]) => ({ name, value }))
    return this.#evaluate(index, { from, owner: from, tags: list })
  }

  /** Gives the actions that a message from the owner would send. */
  dryRun(index: number, action: string): string[] {
    const tags = [{ name: 'Action', value: action }]
    const evaluation = this.#vm(index).dryRun(this.#complete(index, { tags, readOnly: true }))
    if (!evaluation.ok) throw new Error(`process ${index} failed: ${JSON.stringify(evaluation.error)}`)
    return evaluation.messages.map(({ tags }) => String(tags.find(({ name }) => name === 'Action')?.value))
  }

  /** Takes a message out of the list and delivers it. Gives what its process printed. */
  deliver(message: InFlight): string {
    this.drop(message)
    return this.repeat(message)
  }

  /** Delivers a message and leaves it in the list. */
  repeat({ from, to, tags, data }: InFlight): string {
    if (to === undefined) throw new Error('the message goes to none of the processes')
    const address = this.ids[from] ?? ''
    const list = tags.map(({ name, value }) => ({ name, value: String(value) }))
    return this.#evaluate(to, { from: address, owner: address, tags: list, data })
  }

  drop(message: InFlight): void {
    this.inFlight.splice(this.inFlight.indexOf(message), 1)
  }

  /** Delivers all that is under way, and what comes of it, oldest first. Gives how many messages there were. */
  deliverAll(): number {
    let count = 0
    for (let next = this.inFlight[0]; next !== undefined; next = this.inFlight[0]) {
      this.deliver(next)
      count += 1
      if (count > 1_000) throw new Error('the processes do not come to rest')
    }
    return count
  }

  /** Makes a process again from a snapshot of its state. */
  restart(index: number): void {
    const vm = this.#vm(index)
    this.#vms[index] = this.#template.restore(vm.snapshot())
    vm.close()
  }

  close(): void {
    for (const vm of this.#vms) vm.close()
  }

  #vm(index: number): Vm {
    const vm = this.#vms[index]
    if (vm === undefined) throw new Error(`there is no process ${index}`)
    return vm
  }

  #complete(index: number, message: Partial<VmMessage>): VmMessage {
    this.#nonce += 1
    return {
      ...{ id: `message-${this.#nonce}`.padEnd(43, '-'), target: this.ids[index] ?? '', from: this.owner },
      ...{ owner: this.owner, data: '', tags: [], timestampMs: this.#nowMs, blockHeight: 1, nonce: this.#nonce },
      ...{ epoch: 0, hashChain: 'chain', cron: false, readOnly: false },
      ...message,
    }
  }

  #evaluate(index: number, message: Partial<VmMessage>): string {
    const evaluation = this.#vm(index).evaluate(this.#complete(index, message))
    if (!evaluation.ok) throw new Error(`process ${index} failed: ${JSON.stringify(evaluation.error)}`)
    for (const { target, tags, data } of evaluation.messages) {
      const action = String(tags.find(({ name }) => name === 'Action')?.value)
      // The replica tells two processes of one id apart.
      const replica = tags.find(({ name }) => name === 'To-Replica')?.value
      const places = [...this.ids.keys()].filter((place) => this.ids[place] === target)
      const to = places.length > 1 ? places.find((place) => `${place + 1}` === String(replica).slice(-1)) : places[0]
      this.inFlight.push({ from: index, to, action, tags, data: String(data) })
    }
    return String(evaluation.output.data)
  }
}
