/**
 * Processes for the tests of the library: the real engine, the real bundle, one message in and one result out.
 *
 * @module
 */
import { afterEach, expect, test } from 'vitest'
import type { Tag } from '../src/protocol/types.ts'
import { bundleLibrary, readLibraryFiles } from '../src/vm/lua/library-bundle.ts'
import { createLuaEngine, type LuaEngine, type LuaTemplate, type VmLimits } from '../src/vm/lua/lua-vm.ts'
import type { Evaluation, JsonValue, OutgoingTag, Snapshot, Vm, VmMessage } from '../src/vm/types.ts'

export const processId: string = 'PROCESS'.padEnd(43, '-')
export const owner: string = 'OWNER'.padEnd(43, '-')
export const moduleId: string = 'MODULE'.padEnd(43, '-')

export const color = {
  red: '\u001b[31m',
  green: '\u001b[32m',
  blue: '\u001b[34m',
  gray: '\u001b[90m',
  reset: '\u001b[0m',
} as const

/** Text without its colours. */
export function plain(text: unknown): string {
  return Object.values(color).reduce((rest, code) => rest.replaceAll(code, ''), String(text))
}

/** The prompt that a process has while user code has none of its own. Process API 9.2. */
export function promptOf(name: string, inboxCount: number): string {
  const { red, green, blue, gray, reset } = color
  return `${green}${name}${gray}@${blue}aos-2.0.4${gray}[Inbox:${red}${inboxCount}${gray}]${reset}> `
}

/** A message in, with everything that a case does not name filled in. A wallet's message: `owner` is `from`. */
export type Incoming = Partial<Omit<VmMessage, 'tags'>> & {
  readonly action?: string
  /** Tags by name, or a list where order or doubles matter. */
  readonly tags?: Readonly<Record<string, string>> | readonly Tag[]
}

export interface Sent {
  readonly target: JsonValue | undefined
  readonly data: unknown
  readonly anchor: JsonValue | undefined
  readonly tags: readonly OutgoingTag[]
  /** The tags as a map; the last of a name counts. */
  readonly tag: Readonly<Record<string, JsonValue | undefined>>
}

/** A result that went well. */
export interface Answer {
  readonly data: unknown
  readonly prompt: unknown
  readonly print: boolean
  readonly test: string | undefined
  readonly hints: readonly string[]
  readonly messages: readonly Sent[]
  readonly spawns: readonly Sent[]
  readonly assignments: readonly JsonValue[]
}

export interface LibraryProcess {
  /** Evaluates a message that must go well. */
  send(message: Incoming): Answer
  /** Evaluates a message that must fail, and gives the result's `Error`. */
  fail(message: Incoming): JsonValue
  /** Evaluates code as its owner, and gives what it printed. */
  eval(code: string): unknown
  /** Evaluates code as its owner that must fail, and gives the `Error`. */
  evalError(code: string): JsonValue
  dryRun(message: Incoming): Evaluation
  /** Calls the global `handle`, JSON texts in and out, from an Eval of the owner. Nothing undoes a failed call. */
  handle(message: JsonObject, environment?: JsonObject): HandleResult
  /** Goes on in another instance, from a snapshot. */
  restart(): void
}

export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** What `handle` gives: a result object, or the text of an error outside the pipeline. Process API 1.1. */
export type HandleResult =
  | { readonly ok: true; readonly response: ResultObject }
  | { readonly ok: false; readonly response: string }

/** Process API 1.3. */
export interface ResultObject {
  readonly Output?: JsonObject
  readonly Messages?: readonly JsonObject[]
  readonly Spawns?: readonly JsonObject[]
  readonly Assignments?: readonly JsonValue[]
  readonly Error?: JsonValue
}

export interface ProcessOptions {
  /** Tags of the process. */
  readonly tags?: readonly Tag[]
  /** Changes to the process message, or false to leave it out. */
  readonly first?: Incoming | false
  /** Code that the owner evaluates before the case begins. */
  readonly setup?: string
  /** Code of the module itself: it runs when the library is loaded, before the first message. */
  readonly module?: string
  readonly limits?: Partial<VmLimits>
  /** Whether errors explain themselves. */
  readonly development?: boolean
  /** Texts of files, by path. */
  readonly files?: Readonly<Record<string, string>>
}

let engine: LuaEngine | undefined
const templates = new Map<string, LuaTemplate>()
const open: Vm[] = []

afterEach(() => {
  for (const vm of open.splice(0)) vm.close()
})

function templateWith(code: string): LuaTemplate {
  let template = templates.get(code)
  if (template === undefined) {
    engine ??= createLuaEngine()
    const library = bundleLibrary(readLibraryFiles())
    const source = code === '' ? library : `local step = (function(...) ${library} end)(...)\n${code}\nreturn step`
    template = engine.createTemplate(source)
    templates.set(code, template)
  }
  return template
}

/** Makes a process of its own that lives until the test ends. */
export function createLibraryProcess(options: ProcessOptions = {}): LibraryProcess {
  const { tags = [], first = {}, setup, module = '', limits, development, files = {} } = options
  const template = templateWith(module)
  const environment = {
    process: { id: processId, owner, tags: [{ name: 'Module', value: moduleId }, ...tags] },
    module: { id: moduleId, owner, tags: [] },
    development,
    files: new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
  }
  const vm = template.spawn(environment, limits)
  open.push(vm)
  const library = connect(vm, (snapshot) => template.restore(snapshot, limits))
  if (first !== false) library.send({ ...processMessage(tags), ...first })
  if (setup !== undefined) library.eval(setup)
  return library
}

/** The first message of a process. */
export function processMessage(tags: readonly Tag[] = []): Incoming {
  const own = { 'Data-Protocol': 'ao', Type: 'Process', Module: moduleId }
  return { id: processId, nonce: 0, data: '', tags: [...tagList(own), ...tags] }
}

function connect(spawned: Vm, restore: (snapshot: Snapshot) => Vm): LibraryProcess {
  let vm = spawned
  let nonce = 0
  const complete = (message: Incoming): VmMessage => completeMessage(message, ++nonce)
  const library: LibraryProcess = {
    send: (message) => answerOf(vm.evaluate(complete(message))),
    fail: (message) => errorOf(vm.evaluate(complete(message))),
    eval: (code) => library.send({ action: 'Eval', data: code }).data,
    evalError: (code) => library.fail({ action: 'Eval', data: code }),
    dryRun: (message) => vm.dryRun(complete({ readOnly: true, ...message })),
    handle: (message, environment = ownEnvironment) =>
      JSON.parse(
        String(
          library.eval(`local text = handle(${luaJson(message)}, ${luaJson(environment)})
        HANDLER_PRINT_LOGS = {} ao.clearOutbox() return text`),
        ),
      ),
    restart() {
      vm = restore(vm.snapshot())
      open.push(vm)
    },
  }
  return library
}

const ownEnvironment: JsonObject = {
  Process: { Id: processId, Owner: owner, Tags: [{ name: 'Module', value: moduleId }] },
}

/** JSON as a Lua string. */
function luaJson(value: JsonObject): string {
  return `[==[${JSON.stringify(value)}]==]`
}

function completeMessage({ action, tags, ...fields }: Incoming, nonce: number): VmMessage {
  const from = fields.from ?? owner
  return {
    id: `message-${nonce}`.padEnd(43, '-'),
    target: processId,
    from,
    owner: from,
    timestampMs: 1_000_000 + nonce,
    blockHeight: 999,
    nonce,
    epoch: 0,
    hashChain: 'chain',
    cron: false,
    readOnly: false,
    ...fields,
    tags: [...(action === undefined ? [] : [{ name: 'Action', value: action }]), ...tagList(tags ?? {})],
  }
}

function tagList(tags: Readonly<Record<string, string>> | readonly Tag[]): readonly Tag[] {
  if (isTagArray(tags)) return tags
  return Object.entries(tags).map(([name, value]) => ({ name, value }))
}

function isTagArray(tags: Readonly<Record<string, string>> | readonly Tag[]): tags is readonly Tag[] {
  return Array.isArray(tags)
}

function answerOf(evaluation: Evaluation): Answer {
  if (!evaluation.ok) throw new Error(`the message failed: ${JSON.stringify(evaluation.error)}`)
  const { output, messages, spawns, assignments } = evaluation
  return {
    data: output.data,
    prompt: output.prompt,
    print: output.print,
    test: output.test,
    hints: output.hints,
    messages: messages.map((message) => ({ ...message, tag: tagMap(message.tags) })),
    spawns: spawns.map((spawn) => ({ ...spawn, target: undefined, tag: tagMap(spawn.tags) })),
    assignments,
  }
}

function errorOf(evaluation: Evaluation): JsonValue {
  if (evaluation.ok) throw new Error(`the message did not fail: ${JSON.stringify(evaluation.output.data)}`)
  return evaluation.error
}

function tagMap(tags: readonly OutgoingTag[]): Record<string, JsonValue | undefined> {
  return Object.fromEntries(tags.map(({ name, value }) => [name, value]))
}

/** One row: code that the owner evaluates in a fresh process, and what it prints. */
export type CodeCase = readonly [title: string, code: string, expected: string | number | RegExp]

/** Runs rows of code; a row whose expectation is a pattern is matched, all others are compared as they stand. */
export function testCode(cases: readonly CodeCase[], options: ProcessOptions = {}): void {
  test.each(cases)('%s', (_title, code, expected) => {
    const printed = createLibraryProcess(options).eval(code)
    if (expected instanceof RegExp) expect(printed).toMatch(expected)
    else expect(printed).toBe(String(expected))
  })
}

/** Runs rows of code that must raise exactly this text; what Lua puts before it does not count. */
export function testErrors(cases: readonly (readonly [title: string, code: string, text: string])[]): void {
  test.each(cases)('%s', (_title, code, text) => {
    const guarded = `local ok, problem = pcall(function() ${code} end) assert(not ok) return tostring(problem)`
    const raised = String(createLibraryProcess().eval(guarded))
    expect(raised.replace(/^\[string "[^"]*"\]:\d+: /, '')).toBe(text)
  })
}
