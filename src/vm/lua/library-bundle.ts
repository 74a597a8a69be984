/**
 * Makes one Lua chunk of the process library (`lua/library/*.lua`): the data of the Module item that a node publishes.
 *
 * The chunk takes the channel as its argument and returns `step` (docs/guest-channel.md). Each file stays a chunk of its
 * own inside, loaded under its module name, so that errors point into `[string ".handlers"]` and not into a bundle.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One file of the library. */
export interface LibraryFile {
  /** The module name: `.handlers` for `handlers.lua`, `.crypto.init` for `crypto/init.lua`, and `json` for `json.lua`. */
  readonly name: string
  readonly source: string
}

/**
 * The module that the bundle runs, with `(import, channel)`; it returns `step`. The others get `(import, nil, exists)`:
 * what loads a module once, and what says whether there is one of that name.
 */
const entryName = '.main'

/** The modules whose public names have no dot before them. Process API 14. */
const plainNames: ReadonlySet<string> = new Set(['crdt', 'json'])

/** The library's folder: three levels above this file in the checkout (`src/vm/lua`) and in the package (`dist/vm/lua`). */
export const libraryDirectory: string = fileURLToPath(new URL('../../../lua/library', import.meta.url))

/**
 * Reads all Lua files below a folder, sorted by module name.
 *
 * @param directory - Absolute path; the library of this package if left out.
 */
export function readLibraryFiles(directory: string = libraryDirectory): LibraryFile[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.lua'))
    .map((path) => ({
      name: moduleName(path),
      source: readFileSync(`${directory}/${path}`, 'utf8'),
    }))
    .sort((a, b) => compareText(a.name, b.name))
}

function moduleName(path: string): string {
  const name = path.slice(0, -'.lua'.length).replaceAll(/[\\/]/g, '.')
  return plainNames.has(name) ? name : `.${name}`
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/**
 * Makes the text of one Lua chunk that holds all files and runs the module `.main`.
 *
 * The same files give the same text, whatever their order: the text is what the module's id is made of.
 */
export function bundleLibrary(files: readonly LibraryFile[]): string {
  const sorted = [...files].sort((a, b) => compareText(a.name, b.name))
  const eager = reachableFrom(entryName, sorted)
  const sources = sorted.map(({ name, source }) => {
    const text = longString(withoutComments(source))
    return eager.has(name)
      ? `chunks[${quoted(name)}] = compile(${quoted(name)}, ${text})`
      : `sources[${quoted(name)}] = ${text}`
  })
  return `${[prologue, ...sources, epilogue].join('\n')}\n`
}

/** Leaves out whole lines of comment, which would be part of the state of every process; lines keep their numbers. */
function withoutComments(source: string): string {
  return source.replaceAll(/^[ \t]*--(?!\[=*\[).*$/gm, '')
}

/** The modules that a module imports by a literal name, and those that these import. */
function reachableFrom(entry: string, files: readonly LibraryFile[]): ReadonlySet<string> {
  const sources = new Map(files.map(({ name, source }) => [name, source]))
  const found = new Set<string>()
  const visit = (name: string): void => {
    const source = sources.get(name)
    if (source === undefined || found.has(name)) return
    found.add(name)
    for (const [, imported = ''] of source.matchAll(/\bimport\("([^"\n]+)"\)/g)) visit(imported)
  }
  visit(entry)
  return found
}

const prologue = `-- The process library, bundled. Arguments: the channel. Returns: step.
local channel = ...
local error, load = error, load
local sources, chunks, modules = {}, {}, {}
local function compile(name, source, environment)
  local chunk, problem = load(source, name, "t", environment or _G)
  if not chunk then
    error(problem, 0)
  end
  return chunk
end`

// What every process needs is compiled first, all of it, and only then run: code and objects then lie apart, and messages
// write to the objects. The rest stays a text until someone asks for it. Nothing is kept that is not needed any more: it
// would be part of every process's state.
const epilogue = `if channel.settle then
  channel.settle()
end
local function exists(name)
  return sources[name] ~= nil or modules[name] ~= nil
end
-- What is compiled later finds Lua's own libraries as they are now, whatever user code does to them.
-- All but what the library itself puts something else in place of.
local standard = setmetatable({}, { __index = _G })
for name, value in pairs(_G) do
  if type(value) == "function" and name ~= "print" and name ~= "require" then
    standard[name] = value
  end
end
for _, name in ipairs({ "bit32", "coroutine", "math", "string", "table", "utf8" }) do
  standard[name] = {}
  for key, member in pairs(_G[name]) do
    standard[name][key] = member
  end
end
local function import(name)
  local module = modules[name]
  if module == nil then
    local chunk = chunks[name] or compile(name, sources[name], standard)
    sources[name], chunks[name] = nil, nil
    module = chunk(import, name == ${quoted(entryName)} and channel or nil, exists)
    modules[name] = module
  end
  return module
end
return import(${quoted(entryName)})`

function quoted(name: string): string {
  return `"${name.replaceAll(/["\\\n]/g, (character) => `\\${character}`)}"`
}

/**
 * Writes text as a Lua long string. Lua drops a newline that directly follows the opening bracket, so one is put there,
 * and the lines of the source keep their numbers.
 */
function longString(text: string): string {
  let level = 0
  while (closes(text, level)) level++
  const equals = '='.repeat(level)
  return `[${equals}[\n${text}]${equals}]`
}

/** Also true when the text ends in the first half of the closing bracket, which the second half would then complete. */
function closes(text: string, level: number): boolean {
  const closing = `]${'='.repeat(level)}`
  return text.includes(`${closing}]`) || text.endsWith(closing)
}
