import { readdirSync, readFileSync } from 'node:fs'
import { join, matchesGlob, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readLibraryFiles } from '../../src/vm/lua/library-bundle.ts'
import { createLibraryProcess, type LibraryProcess } from '../harness.ts'
import { createProcess, differences, lineageOf, shapeOf } from './compare-definitions.ts'
import { type Definition, definitionsDirectory, readDefinitions } from './read-definitions.ts'

// The definitions and the library say the same: what one has and the other has not, or has in another form, is a failure.

const definitions = readDefinitions()
const { classes, aliases, globals, modules, standard, types } = definitions

const replication = 'require("crdt").replicate({ store = {}, name = "a", kind = "AWSet", peers = { "P" } })'

/** Lua that gives a value of each class that is no module and no global, with all that such a value can have. */
const instances: Readonly<Record<string, string>> = {
  'Handlers.Entry': '(function() Handlers.once("a", "A", print) return Handlers.list[1] end)()',
  'Handlers.Position': 'Handlers.before("_eval")',
  'ao.Assignable': '(function() ao.addAssignable("a", "A") return ao.assignables[1] end)()',
  'ao.Environment': 'ao.env',
  'ao.Message': 'Inbox[#Inbox]',
  'ao.Module': 'ao.env.Module',
  'ao.Outbox': 'setmetatable({ Error = "E" }, { __index = ao.outbox })',
  'ao.Process': 'ao.env.Process',
  'ao.SendResult': 'Send({ Target = "T" })',
  'ao.Sent': 'ao.send({ Target = "T", Data = "D" })',
  'ao.SpawnResult': 'Spawn("M", {})',
  'ao.Spawned': 'ao.spawn("M", {})',
  'ao.Tag': 'ao.env.Process.TagArray[1]',
  bint: 'require(".bint")(256)',
  'crdt.AWSet': 'require("crdt").AWSet("a")',
  'crdt.GCounter': 'require("crdt").GCounter("a")',
  'crdt.LWWRegister': 'require("crdt").LWWRegister("a")',
  'crdt.MVRegister': 'require("crdt").MVRegister("a")',
  'crdt.ORMap': 'require("crdt").ORMap("a")',
  'crdt.PNCounter': 'require("crdt").PNCounter("a")',
  'crdt.PeerStatus': `${replication}:status().peers[1]`,
  'crdt.Replication': replication,
  'crdt.ReplicationStatus': `${replication}:status()`,
  'crdt.Text': 'require("crdt").Text("a")',
  'crypto.Queue': 'require(".crypto").utils.queue()',
  'crypto.Result': 'require(".crypto").digest.sha3_256("")',
}

/** Classes of what user code hands in: nothing of the library to compare them with. */
const handedIn = ['ao.Assignment', 'ao.Outgoing', 'ao.SpawnRequest', 'crdt.ReplicationOptions']

/** Names that Lua has by itself and editors know. */
const luaGlobals =
  '_G _VERSION assert collectgarbage coroutine debug dofile error getmetatable io ipairs load loadfile math next os ' +
  'package pairs pcall print rawequal rawget rawlen rawset require select setmetatable string table tonumber tostring ' +
  'type utf8 xpcall'

const luaTypeNames =
  'any async boolean fun function integer nil number osdate self string table thread userdata false true file*'

function instanceOf(className: string): Definition {
  return { kind: 'field', where: className, text: '', type: className }
}

describe('the library', () => {
  test('all modules that code can require are defined, and nothing else is one', () => {
    const library = createProcess()
    const names = readLibraryFiles().map(({ name }) => name.replace(/\.init$/, ''))
    expect([...modules.keys()].sort()).toEqual(publicNames(library, names).sort())
  })

  test.each([...modules])('require("%s")', (name, definition) => {
    expect(differences(definitions, name, definition, shapeOf(`require("${name}")`))).toEqual([])
  })

  test('all globals are defined, and nothing else is one', () => {
    const names = createProcess().eval(
      'local names = {} for name in pairs(_G) do names[#names + 1] = name end return json.encode(names)',
    )
    const own = JSON.parse(String(names)).filter((name: string) => !luaGlobals.split(' ').includes(name))
    const defined = [...globals.keys()].filter((name) => !luaGlobals.split(' ').includes(name))
    expect(defined.sort()).toEqual(own.sort())
  })

  test.each([...globals, ...standard])('%s', (name, definition) => {
    expect(differences(definitions, name, definition, shapeOf(name))).toEqual([])
  })

  test.each(Object.entries(instances))('class %s', (className, expression) => {
    expect(differences(definitions, className, instanceOf(className), shapeOf(expression))).toEqual([])
  })

  test('every class is that of a module, of a global or of an instance, or user code hands it in', () => {
    const values = [...modules.values(), ...globals.values()].flatMap((each) =>
      each.kind === 'field' ? each.type : [],
    )
    const compared = [...values, ...Object.keys(instances), ...handedIn].flatMap((name) => lineageOf(definitions, name))
    expect([...classes.keys()].filter((name) => !compared.includes(name))).toEqual([])
  })
})

/**
 * The modules among these names. What `.crypto` is made of can be required too, but only what it shows is promised.
 */
function publicNames(library: LibraryProcess, names: readonly string[]): string[] {
  const code = `
    local shown = {}
    local function show(value)
      shown[value] = true
      for _, member in pairs(type(value) == "table" and value or {}) do
        show(member)
      end
    end
    show(require(".crypto"))
    local public = {}
    for _, name in ipairs(json.decode([==[${JSON.stringify(names)}]==])) do
      local ok, value = pcall(require, name)
      if ok and (shown[value] or not name:find("^%.crypto")) then
        public[#public + 1] = name
      end
    end
    return json.encode(public)`
  return JSON.parse(String(library.eval(code)))
}

describe('the definitions', () => {
  test.each(readLibraryFiles(definitionsDirectory).map(({ name, source }) => [name, source]))(
    'the file of %s is Lua that runs',
    (_name = '', source = '') => {
      const library = createLibraryProcess({ files: { '/file': source } })
      // Lua's own tables, such as `os`, are there to be written to.
      const environment = 'setmetatable({}, { __index = function(all, name) all[name] = {} return all[name] end })'
      const code = `assert(load(io.open("/file"):read("a"), "file", "t", ${environment}))() return "it runs"`
      expect(library.eval(code)).toBe('it runs')
    },
  )

  const functions = [...classes.values()]
    .flatMap(({ members }) => [...members.values()])
    .concat([...globals.values(), ...modules.values(), ...standard.values()])
    .flatMap((definition) => (definition.kind === 'function' ? definition : []))

  test('every class, field, function and variable has a text', () => {
    const fields = [...classes.values()].flatMap(({ members }) => [...members.values()])
    const all = [...classes.values(), ...fields, ...functions, ...globals.values()]
    expect(all.filter(({ text }) => !/\w/.test(text)).map(({ where }) => where)).toEqual([])
  })

  test('every function has a @param for each parameter, in order', () => {
    const wrong = functions.filter(
      ({ parameters, variadic, documented }) =>
        documented.join() !== [...parameters, ...(variadic ? ['...'] : [])].join(),
    )
    expect(wrong.map(({ where }) => where)).toEqual([])
  })

  test('every example is Lua', () => {
    const texts = [...classes.values(), ...functions, ...globals.values()].map(({ text }) => text)
    const examples = texts.flatMap((text) => [...text.matchAll(/```lua\n(.*?)```/gs)].map(([, code = '']) => code))
    expect(examples.length).toBeGreaterThan(10)
    const library = createLibraryProcess()
    for (const code of new Set(examples)) {
      expect(library.eval(`local _, problem = load([==[${code}]==]) return tostring(problem)`)).toBe('nil')
    }
  })

  test('every type that is named exists', () => {
    const unknown = types.flatMap(({ where, type, generics }) => {
      const known = new Set([...classes.keys(), ...aliases.keys(), ...luaTypeNames.split(' '), ...generics])
      const names = type
        .replaceAll(/"[^"]*"/g, '')
        .replaceAll(/[\w.]+\??: /g, '')
        .match(/[A-Za-z_][\w.]*\*?/g)
      return (names ?? []).filter((name) => !known.has(name)).map((name) => `${where}: ${name}`)
    })
    expect(unknown).toEqual([])
  })
})

describe('the package', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))

  test('ships all files', () => {
    const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: readonly string[] }
    const patterns = files.flatMap((pattern) => [pattern, `${pattern}/**`])
    const paths = readdirSync(definitionsDirectory, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.lua'))
      .map((path) => `lua/definitions/${path}`)
    expect(paths.filter((path) => !patterns.some((pattern) => matchesGlob(path, pattern)))).toEqual([])
  })

  test('is where the settings of a new project look for them', () => {
    const settings = JSON.parse(readFileSync(join(root, 'src/project/template/luarc.json'), 'utf8'))
    const [folder, ...others] = settings['workspace.library'] as readonly string[]
    expect(others).toEqual([])
    expect(resolve(root, relative('node_modules/ao-loom', folder ?? ''))).toBe(resolve(definitionsDirectory))
  })
})
