import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleLibrary, readLibraryFiles } from '../src/vm/lua/library-bundle.ts'
import { createLuaEngine, type LuaEngine } from '../src/vm/lua/lua-vm.ts'
import { compileLuaWasm } from '../src/vm/lua/lua-wasm.ts'
import { evalModuleSource } from '../src/vm/lua/test-module.ts'
import type { Evaluation, Vm, VmMessage } from '../src/vm/types.ts'
import { nativeFigures } from './native-lua.ts'
import { against, figure, line, median, section } from './report.ts'

// Measures: the engine alone, in one thread, packet in to packet out with the answer parsed, CPU and wall alike.
// Does not measure: threads, signatures, disk, HTTP. Native Lua 5.3 running the same files is the floor.

const here = (path: string): string => new URL(path, import.meta.url).pathname
const processId = 'P'.repeat(43)
const owner = 'O'.repeat(43)
const moduleId = 'M'.repeat(43)
const accountCount = 1_000
const messageCount = 20_000
const rounds = 7

const account = (index: number): string => `addr_${index}_`.padEnd(43, '0')

function message(nonce: number, from: string, data: string, tags: Record<string, string>, id?: string): VmMessage {
  return {
    ...{ id: id ?? `id_${nonce}_`.padEnd(43, '0'), target: processId, from, owner: from, data, nonce, epoch: 0 },
    ...{ hashChain: 'H'.repeat(43), timestampMs: 1_700_000_000_000 + nonce, blockHeight: 1_400_000 },
    ...{ cron: false, readOnly: false, tags: Object.entries(tags).map(([name, value]) => ({ name, value })) },
  }
}

/** A token transfer, or a message like it with another action. */
function transfer(nonce: number, action = 'Transfer'): VmMessage {
  return message(nonce, account(1 + (nonce % accountCount)), '1234', {
    ...{ 'Data-Protocol': 'ao', Variant: 'ao.TN.1', Type: 'Message', Action: action },
    ...{ Recipient: account(1 + ((nonce * 7) % accountCount)), Quantity: '1' },
  })
}

function expectOk(evaluation: Evaluation): Evaluation & { ok: true } {
  if (!evaluation.ok) throw new Error(`The process failed: ${JSON.stringify(evaluation.error)}`)
  return evaluation
}

/** A process with code of `bench/fixtures`, ready for messages from nonce 2 on. */
function spawnWith(engine: LuaEngine, bundle: string, fixture: string): Vm {
  const tags = [
    { name: 'Type', value: 'Process' },
    { name: 'Module', value: moduleId },
    { name: 'Name', value: 'bench' },
  ]
  const vm = engine.createTemplate(bundle).spawn({
    process: { id: processId, owner, tags },
    module: { id: moduleId, owner, tags: [] },
  })
  expectOk(vm.evaluate(message(0, owner, '', { Type: 'Process', Module: moduleId }, processId)))
  expectOk(vm.evaluate(message(1, owner, readFileSync(here(`fixtures/${fixture}`), 'utf8'), { Action: 'Eval' })))
  return vm
}

/** Messages that a process takes, and the same in native Lua. Microseconds. */
interface MessageCost {
  readonly us: number
  readonly nativeUs: number | undefined
  /** Bytes that native Lua allocates for one. */
  readonly allocated: number | undefined
}

function messageCost(bundle: string, vm: Vm, fixture: string, action: string, sentCount: number): MessageCost {
  const messages = Array.from({ length: messageCount }, (_, i) => transfer(i + 3, action))
  const sent = expectOk(vm.evaluate(transfer(2, action))).messages.length
  if (sent !== sentCount) throw new Error(`A message ${action} must send ${sentCount} messages, and sent ${sent}.`)
  const perRound: number[] = []
  for (let round = 0; round < rounds; round++) {
    const started = process.hrtime.bigint()
    for (const each of messages) expectOk(vm.evaluate(each))
    perRound.push(Number(process.hrtime.bigint() - started) / 1_000 / messageCount)
  }
  const directory = mkdtempSync(join(tmpdir(), 'loom-bench-'))
  const bundlePath = join(directory, 'bundle.lua')
  writeFileSync(bundlePath, bundle)
  const counts = [sentCount, messageCount, rounds].map(String)
  const args = [bundlePath, here(`fixtures/${fixture}`), action, ...counts]
  const native = nativeFigures(here('native/messages.lua'), args, ['message', 'allocated'])
  rmSync(directory, { recursive: true })
  const nativeUs = native === undefined ? undefined : median(native.message)
  return { us: median(perRound), nativeUs, allocated: native?.allocated[0] }
}

/** Evaluated token transfers, hot, beside the same library under native Lua. */
export function benchTransfers(): void {
  section(
    'Token transfer, hot process, 1,000 balances, whole library in the path',
    `${rounds} rounds of ${messageCount} messages, medians`,
  )
  const bundle = bundleLibrary(readLibraryFiles())
  const vm = spawnWith(createLuaEngine(), bundle, 'token.lua')
  const { us, nativeUs } = messageCost(bundle, vm, 'token.lua', 'Transfer', 2)
  line('Loom, metered, answer parsed', figure(us, 'µs'), against(us, 40, 'at most', 'µs'))
  if (nativeUs === undefined) line('native lua5.3', 'not installed')
  else {
    line('native lua5.3, same library', figure(nativeUs, 'µs'))
    line('ratio', figure(us / nativeUs, '×'), against(us / nativeUs, 2.5, 'at most', '×'))
  }
  benchUndo(vm)
}

/** What is given back: dry runs, and failed messages. */
function benchUndo(vm: Vm): void {
  const messages = Array.from({ length: messageCount }, (_, i) => transfer(i + 3))
  const dryRuns: number[] = []
  for (let i = 0; i < 2_000; i++) {
    const started = process.hrtime.bigint()
    vm.dryRun(messages[i] ?? transfer(1))
    dryRuns.push(Number(process.hrtime.bigint() - started) / 1_000)
  }
  line('dry run of a transfer', figure(median(dryRuns), 'µs'))
  const failures: number[] = []
  for (let i = 0; i < 500; i++) {
    for (let good = 0; good < 20; good++) vm.evaluate(messages[i * 20 + good] ?? transfer(1))
    const started = process.hrtime.bigint()
    vm.evaluate(message(1, owner, 'error("boom")', { Action: 'Eval' }))
    failures.push(Number(process.hrtime.bigint() - started) / 1_000)
  }
  line('failed message after 20 good ones, undone', figure(median(failures), 'µs'))
}

/** What a message costs apart from what its handler does. */
export function benchPipeline(): void {
  section(
    'The pipeline apart from the handler',
    `five tags in, 8 other handlers before; ${rounds} rounds of ${messageCount} messages, medians, beside native lua5.3`,
  )
  const bundle = bundleLibrary(readLibraryFiles())
  const cases = [
    ['normalise, match, dispatch: an empty handler', 'Nothing', 0],
    ['the same, and msg.reply with a tag', 'Reply', 1],
    ['the same, and three messages by Send', 'SendThree', 3],
    ['no handler: into the Inbox, one line printed', 'Unknown', 0],
  ] as const
  const engine = createLuaEngine()
  for (const [what, action, sentCount] of cases) {
    const vm = spawnWith(engine, bundle, 'pipeline.lua')
    const { us, nativeUs, allocated } = messageCost(bundle, vm, 'pipeline.lua', action, sentCount)
    vm.close()
    const beside =
      nativeUs === undefined
        ? 'native lua5.3 is not installed'
        : `${figure(us / nativeUs, '×')} native (${figure(nativeUs, 'µs')}); allocates ${figure(allocated ?? 0, 'bytes')}`
    line(what, figure(us, 'µs'), beside)
  }
}

/** What the library weighs. */
export function benchLibrary(): void {
  section('The process library', `${rounds} rounds, medians`)
  const files = readLibraryFiles()
  const bundle = bundleLibrary(files)
  line('files', String(files.length))
  line('bundle, the data of the Module item', figure(bundle.length / 1_024, 'KiB'))
  const engine = createLuaEngine()
  const loads: number[] = []
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    engine.createTemplate(bundle)
    loads.push(performance.now() - started)
  }
  line('loaded into a template', figure(median(loads), 'ms'))
  const template = engine.createTemplate(bundle)
  const environment = {
    process: { id: processId, owner, tags: [{ name: 'Type', value: 'Process' }] },
    module: { id: moduleId, owner, tags: [] },
    development: true,
  }
  const first = message(0, owner, '', { Type: 'Process', Module: moduleId }, processId)
  const spawns: number[] = []
  for (let round = 0; round < 200; round++) {
    const started = performance.now()
    const vm = template.spawn(environment)
    expectOk(vm.evaluate(first))
    spawns.push((performance.now() - started) * 1_000)
    vm.close()
  }
  line('process from the template, first message done', figure(median(spawns), 'µs'))
  const vm = template.spawn(environment)
  expectOk(vm.evaluate(first))
  const { sizeBytes, ownSizeBytes } = vm.snapshot()
  const own = ownSizeBytes / 1_024
  line('its state', figure(sizeBytes / 1_024, 'KiB'))
  line('of which not shared with the template', figure(own, 'KiB'), against(own, 100, 'at most', 'KiB'))
}

/** Compute-bound Lua with gas on, with gas off, and native. */
export function benchCompute(): void {
  section('Compute-bound Lua', `${rounds} runs each, medians; "gas off" is the same engine without the charges`)
  const metered = createLuaEngine()
  const plain = createLuaEngine(compileLuaWasm({ chargeGas: false }))
  for (const name of ['fib', 'loop', 'tables', 'text', 'sort']) {
    const path = here(`fixtures/compute/${name}.lua`)
    const withGas = medianRunMs(metered, path)
    const without = medianRunMs(plain, path)
    const native = nativeFigures(here('native/compute.lua'), [path, String(rounds)], ['run'])?.run
    const ratio =
      native === undefined ? '' : `${figure(withGas / median(native), '×')} native (${figure(median(native), 'ms')})`
    line(name, figure(withGas, 'ms'), `${ratio}; gas costs ${figure((withGas / without - 1) * 100, '%')}`)
  }
  console.log('  marks: at most 2 × native; gas at most 25 %')
}

function medianRunMs(engine: LuaEngine, path: string): number {
  const vm = engine.createTemplate(evalModuleSource).spawn({
    process: { id: processId, owner, tags: [] },
    module: { id: moduleId, owner, tags: [] },
  })
  expectOk(vm.evaluate(message(0, owner, `Run = load(${luaText(readFileSync(path, 'utf8'))})() return 1`, {})))
  const times: number[] = []
  for (let round = 0; round < rounds + 2; round++) {
    const started = process.hrtime.bigint()
    expectOk(vm.evaluate(message(round, owner, 'return Run()', {})))
    times.push(Number(process.hrtime.bigint() - started) / 1e6)
  }
  return median(times.slice(2))
}

function luaText(text: string): string {
  return `[====[\n${text}]====]`
}
