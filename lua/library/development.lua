-- Development mode: errors say where they come from, and classic mistakes are pointed out. It is on for all the life of a
-- process or not at all, because results depend on it; the environment says so.
local error, find, G, getinfo, getlocal, load, pcall, remove, running, select, sub, tostring, type, xpcall =
  error,
  string.find,
  _G,
  debug.getinfo,
  debug.getlocal,
  load,
  pcall,
  table.remove,
  coroutine.running,
  select,
  string.sub,
  tostring,
  type,
  xpcall

local import = ...
local explanation = import(".explanation")
local hints = import(".hints")
local capture = import(".faults").capture
local sources = import(".sources")

-- `isOn` is false until `begin`; `hints` are those of the message that is handled now.
local development = { isOn = false, hints = {} }

------------------------------------------------------------------------------------------------- errors and traces --

-- Errors that user code has caught during this message, newest last. They may be raised again, or end up in another.
local caught, caughtMax = {}, 8

local function remember(fault)
  if #caught >= caughtMax then
    remove(caught, 1)
  end
  caught[#caught + 1] = fault
end

-- A handler for `xpcall`: takes in where the error began. Never fails, also when the stack is all used up.
local function note(problem)
  local ok, fault = pcall(capture, running(), problem)
  if ok then
    remember(fault)
  end
  return problem
end

development.note = note

-- The same of a coroutine that has died.
function development.noteThread(thread, problem)
  local ok, fault = pcall(capture, thread, problem)
  if ok then
    remember(fault)
  end
end

-- The first error that lives on in this one.
local function originOf(problem)
  for index = 1, #caught do
    local inner = caught[index].problem
    if inner == problem then
      return caught[index]
    elseif type(inner) == "string" and type(problem) == "string" and #inner > 0 and find(problem, inner, 1, true) then
      return caught[index]
    end
  end
end

-- The name of the handler that a failed worker was in: it is a local of the function that walks over the list.
local function handlerOf(worker, evaluate)
  for level = 0, 200 do
    local info = getinfo(worker, level, "f")
    if not info then
      return nil
    elseif info.func == evaluate then
      for index = 1, 50 do
        local name, value = getlocal(worker, level, index)
        if name == nil then
          return nil
        elseif name == "entry" then
          return type(value) == "table" and tostring(value.name) or nil
        end
      end
    end
  end
end

-- The text that follows an error's own, or "". `worker` is the coroutine that died of it.
function development.explain(problem, worker, evaluate)
  local ok, text = pcall(function()
    local fault = originOf(problem) or capture(worker, problem)
    fault.handler = handlerOf(worker, evaluate)
    return explanation.explain(fault)
  end)
  return ok and text ~= "" and "\n\n" .. text or ""
end

function development.explainSyntax(problem, code)
  local ok, text = pcall(explanation.explainSyntax, problem, code)
  return ok and text ~= "" and "\n\n" .. text or ""
end

------------------------------------------------------------------------------------------------------- new code --

-- Code of this message that is not yet looked at: `{ label, text }`.
local fresh = {}

-- Remembers a chunk that was loaded.
function development.noteChunk(chunk, name, label, text)
  sources.note(chunk, name, label, text)
  fresh[#fresh + 1] = { label = label, text = text }
end

-- As the function of that name, but its code is remembered.
local function loadAndNote(...)
  local chunk, problem = load(...)
  if chunk then
    local text, name = ...
    if type(text) == "string" and type(name) == "string" and sub(text, 1, 1) ~= "\27" then
      local label = find(name, "^[@=]") and sub(name, 2) or name
      development.noteChunk(chunk, name, label, text)
    end
    return chunk
  end
  return chunk, problem
end

local function pcallAndNote(...)
  if select("#", ...) == 0 then
    error("bad argument #1 to 'pcall' (value expected)", 2)
  end
  local fn = ...
  return xpcall(fn, note, select(2, ...))
end

local function xpcallAndNote(...)
  local fn, handler = ...
  if type(handler) ~= "function" then
    local given = select("#", ...) < 2 and "no value" or type(handler)
    error("bad argument #2 to 'xpcall' (function expected, got " .. given .. ")", 2)
  end
  return xpcall(fn, function(problem)
    return handler(note(problem))
  end, select(3, ...))
end

-- Puts a function in the place of a global one, unless user code has put another there.
local function exchange(name, present, wanted)
  if G[name] == present then
    G[name] = wanted
  end
end

-- Switches it on, before any code of the user runs; or when a process without it is forked.
function development.begin()
  development.isOn = true
  exchange("load", load, loadAndNote)
  exchange("pcall", pcall, pcallAndNote)
  exchange("xpcall", xpcall, xpcallAndNote)
end

-- Switches it off: a process that had it is forked where it is off.
function development.finish()
  development.reset()
  development.isOn = false
  exchange("load", loadAndNote, load)
  exchange("pcall", pcallAndNote, pcall)
  exchange("xpcall", xpcallAndNote, xpcall)
end

-- A message begins.
function development.reset()
  if #caught > 0 then
    caught = {}
  end
  if #development.hints > 0 then
    development.hints = {}
  end
  if #fresh > 0 then
    fresh = {}
  end
end

-- A message went well: looks at its code and at what it sends.
function development.review(entries, messages)
  local list = development.hints
  pcall(function()
    for index = 1, #fresh do
      hints.forCode(list, fresh[index].label, fresh[index].text, entries)
    end
    hints.forSent(list, messages)
  end)
end

return development
