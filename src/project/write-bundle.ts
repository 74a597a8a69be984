import type { LuaFile } from './lua-file.ts'

/** A file that others require. */
export interface LuaModule extends LuaFile {
  /** What it is required by, at least one name. */
  readonly names: readonly string[]
}

/**
 * Writes one Lua text that loads the modules and runs the main file, and gives what that returns.
 *
 * Each file is a chunk of its own, named after its path, so that Lua's errors name the file and its line. Every file is
 * compiled before anything runs: if one of them is not Lua, the process is as it was and the error is the result (`nil`
 * and the text, which Eval takes for an error; Process API 10.3).
 *
 * A module runs when it is first required, again after each load of the bundle. One file is one module, whatever names it
 * is required by.
 */
export function writeBundle(main: LuaFile, modules: readonly LuaModule[]): string {
  if (modules.length === 0) return `${writeMain(main)}\nreturn main(...)\n`
  return `${[modulesHead, ...modules.map(writeModule), modulesTail, writeMain(main), install].join('\n')}\n`
}

function writeModule({ path, names, source }: LuaModule): string {
  return `{ path = ${quoted(path)}, names = { ${names.map(quoted).join(', ')} }, source = ${longString(source)} },`
}

/** Like Eval, takes the text for an expression first, so that a file means what the same text means in an Eval. */
function writeMain({ path, source }: LuaFile): string {
  const name = quoted(`@${path}`)
  return `local source = ${longString(source)}
local main = load("return " .. source, ${name}, "t")
if not main then
  local problem
  main, problem = load(source, ${name}, "t")
  if not main then
    return nil, problem
  end
end`
}

const modulesHead = 'local modules = {'

const modulesTail = `}
for _, module in ipairs(modules) do
  local chunk, problem = load(module.source, "@" .. module.path, "t")
  if not chunk then
    return nil, problem
  end
  module.chunk = chunk
end`

// Lua itself would go round a cycle until its stack is full, and would not say where.
const install = `local error, getinfo, require = error, debug.getinfo, require
local function isRunning(chunk)
  local level = 2
  local frame = getinfo(level, "f")
  while frame and frame.func ~= chunk do
    level = level + 1
    frame = getinfo(level, "f")
  end
  return frame ~= nil
end
local function loader(path, chunk)
  return function(...)
    if isRunning(chunk) then
      error("a cycle: " .. path .. " is still being loaded; require it inside the function that uses it", 3)
    end
    return chunk(...)
  end
end
for _, module in ipairs(modules) do
  local first = module.names[1]
  for index, name in ipairs(module.names) do
    package.preload[name] = index == 1 and loader(module.path, module.chunk) or function()
      return require(first)
    end
    package.loaded[name] = nil
  end
end
return main(...)`

/** Writes text as a Lua string on one line. */
function quoted(text: string): string {
  const escaped = (character: string): string => `\\${character.charCodeAt(0).toString().padStart(3, '0')}`
  return `"${text.replaceAll(/["\\\n\r]/g, escaped)}"`
}

/** Writes text as a Lua long string. Lua drops a line end right after the bracket, so one is put there. */
function longString(text: string): string {
  let equals = ''
  // Also when the text ends in the first half of the closing bracket, which the second half would complete.
  while (`${text}]`.includes(`]${equals}]`)) equals += '='
  return `[${equals}[\n${text}]${equals}]`
}
