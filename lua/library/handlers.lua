-- `Handlers` and `require(".handlers")`: what a process does with its messages. Process API 6 and 8.4.
local error, insert, isYieldable, pairs, remove, running, select, type, unpack, xpcall, yield =
  error,
  table.insert,
  coroutine.isyieldable,
  pairs,
  table.remove,
  coroutine.running,
  select,
  type,
  table.unpack,
  xpcall,
  coroutine.yield
local traceback = debug.traceback

local import = ...
local development = import(".development")
local matchesSpec = import(".matching").matchesSpec
local workers = import(".workers")
local continue, failure = workers.continue, workers.failure

local handlers = {
  _version = "0.0.5",
  list = {},
  coroutines = {},
  onceNonce = 0,
  utils = import(".handlers-utils"),
}

---------------------------------------------------------------------------------------------------- registration --

local expected = "Invalid arguments given. Expected: \n"
  .. "\tname : string,\n"
  .. "\tpattern : string, table of keys and patterns, or function(msg) giving true, false, a number or a string,\n"
  .. "\thandle : function(msg) or table of patterns and functions,\n"
  .. '\tMaxRuns : number, "inf" or nil'

-- True if a pattern's answer says that the handle shall run.
local function isMatch(verdict)
  return verdict and verdict ~= 0 and verdict ~= "skip"
end

local function resolve(table, message, env)
  for spec, handle in pairs(table) do
    if isMatch(matchesSpec(message, spec)) then
      handle(message, env)
      return
    end
  end
end

function handlers.generateResolver(spec)
  if type(spec) == "function" then
    return spec
  end
  return function(message, env)
    if type(spec) == "table" then
      resolve(spec, message, env)
    else
      -- Nobody checked it at registration: this says what it is.
      spec(message, env)
    end
  end
end

local generateResolver = handlers.generateResolver

-- Reads `(name, pattern, handle, maxRuns)` or `(name, handle)`, where the name is the Action to match.
local function readArguments(...)
  local name, pattern, handle, maxRuns = ...
  if select("#", ...) == 2 then
    name, pattern, handle = name, name, pattern
  end
  local kind = type(pattern)
  if type(name) ~= "string" or (kind ~= "string" and kind ~= "table" and kind ~= "function") then
    error(expected, 0)
  end
  return name, pattern, generateResolver(handle), maxRuns
end

local function list()
  local current = handlers.list
  if type(current) ~= "table" then
    current = {}
    handlers.list = current
  end
  return current
end

local function indexOf(name)
  local entries = list()
  for index = 1, #entries do
    if entries[index].name == name then
      return index
    end
  end
end

-- Changes the entry of that name in place, or puts a new one at `position`, by default last.
local function put(position, name, pattern, handle, maxRuns)
  local entries = list()
  local index = indexOf(name)
  if index then
    local entry = entries[index]
    entry.pattern, entry.handle, entry.maxRuns = pattern, handle, maxRuns
  else
    insert(entries, position or #entries + 1, { name = name, pattern = pattern, handle = handle, maxRuns = maxRuns })
  end
end

function handlers.add(...)
  put(nil, readArguments(...))
  return #handlers.list
end

function handlers.append(...)
  put(nil, readArguments(...))
end

function handlers.prepend(...)
  put(1, readArguments(...))
end

local function onceName()
  local nonce = handlers.onceNonce
  handlers.onceNonce = nonce + 1
  return "_once_" .. nonce
end

local function once(...)
  local name, pattern, handle = ...
  if select("#", ...) < 3 then
    name, pattern, handle = onceName(), name, pattern
  end
  name, pattern, handle = readArguments(name, pattern, handle, 1)
  put(1, name, pattern, handle, 1)
end

handlers.once = once

local function inserter(name, offset)
  if type(name) ~= "string" then
    error("Handler name MUST be a string", 0)
  end
  return {
    add = function(...)
      local newName, pattern, handle, maxRuns = readArguments(...)
      local index = indexOf(name)
      if index then
        local entry = { name = newName, pattern = pattern, handle = handle, maxRuns = maxRuns }
        insert(handlers.list, index + offset, entry)
      end
    end,
  }
end

function handlers.before(name)
  return inserter(name, 0)
end

function handlers.after(name)
  return inserter(name, 1)
end

-- A removed entry remembers its neighbours, so that a pass that stands on it finds its way (see `standing`).
local function removeAt(entries, index)
  local entry = entries[index]
  entry.followed, entry.preceded = entries[index + 1], entries[index - 1]
  remove(entries, index)
end

function handlers.remove(name)
  if type(name) ~= "string" then
    error("name MUST be string", 0)
  end
  local index = indexOf(name)
  if index then
    removeAt(list(), index)
  end
end

------------------------------------------------------------------------------------------------------- evaluation --

local function positionOf(entries, wanted)
  for index = 1, #entries do
    if entries[index] == wanted then
      return index
    end
  end
end

-- The place of the first of some entries that is still there.
local function firstPlace(entries, wanted, from, to, step)
  for index = from, to, step do
    local place = positionOf(entries, wanted[index])
    if place then
      return place
    end
  end
end

-- Where a pass stands that was at `entry`, now that the list has changed: the index before the next one to look at.
-- No entry is left out and none is met twice. `order` is the list as it was, in which the entry was at `place`: user code
-- that takes entries out of the list itself leaves no other trace. Nil if nothing of it is left.
local function standing(entries, entry, order, place)
  local found = positionOf(entries, entry)
  if found then
    return found
  end
  local neighbour = entry.followed
  while neighbour do
    found = positionOf(entries, neighbour)
    if found then
      return found - 1
    end
    neighbour = neighbour.followed
  end
  neighbour = entry.preceded
  while neighbour do
    found = positionOf(entries, neighbour)
    if found then
      return found
    end
    neighbour = neighbour.preceded
  end
  found = firstPlace(entries, order, place + 1, #order, 1)
  if found then
    return found - 1
  end
  return firstPlace(entries, order, place - 1, 1, -1)
end

-- The trace is taken where the error began: the coroutine shows it no more when the error has gone on.
local function noteTrace(problem)
  failure.trace = failure.trace or traceback(nil, 2)
  if development.isOn then
    development.note(problem)
  end
  return problem
end

-- Runs the handle of an entry. An error goes on with the position of this file before its own.
local function execute(entries, entry, message, env)
  local ok, problem = xpcall(entry.handle, noteTrace, message, env)
  if not ok then
    error(problem)
  end
  local runs = entry.maxRuns
  if runs ~= nil and runs ~= "inf" then
    entry.maxRuns = runs - 1
    if runs <= 1 then
      local index = positionOf(entries, entry)
      if index then
        removeAt(entries, index)
      end
    end
  end
end

-- Reads a pattern's answer: whether to run the handle, and whether to stop then.
local function judge(verdict)
  local kind = type(verdict)
  if kind == "boolean" then
    return verdict, verdict
  elseif kind == "number" then
    return verdict ~= 0, verdict < 0
  elseif kind == "string" then
    return verdict == "break" or verdict == "continue", verdict == "break"
  end
  error("Pattern result is not valid, it MUST be string, number, or boolean", 0)
end

function handlers.evaluate(message, env)
  if type(message) ~= "table" then
    error("msg is not valid", 0)
  elseif type(env) ~= "table" then
    error("env is not valid", 0)
  end
  local entries = list()
  local index = 1
  local entry = entries[1]
  while entry do
    if entry.name ~= "_default" then
      local pattern, order, place = entry.pattern, nil, index
      local before, after = entries[index - 1], entries[index + 1]
      local verdict
      if type(pattern) == "function" then
        verdict = pattern(message)
      else
        verdict = matchesSpec(message, pattern)
      end
      if verdict ~= false then
        local run, stop = judge(verdict)
        if run then
          if not stop and entries[index] == entry then
            order = { unpack(entries) }
          end
          execute(entries, entry, message, env)
          if stop then
            return
          end
        end
      end
      if entries[index] ~= entry then
        if not order then
          order, place = { before, entry, after }, 2
        end
        index = standing(entries, entry, order, place) or index - 1
      end
    end
    index = index + 1
    entry = entries[index]
  end
  local place = indexOf("_default")
  if place then
    execute(entries, entries[place], message, env)
  end
end

---------------------------------------------------------------------------------------------------------- waiting --

-- Ends the message here, and goes on inside the next message that matches, which it returns.
function handlers.receive(pattern)
  local waiting = running()
  if not isYieldable() then
    -- Fails with Lua's own words, and leaves no waiter behind.
    yield()
  end
  local name = onceName()
  local entry
  once(name, pattern, function(message)
    -- Not twice, whatever the code that now continues does. Another entry may have the name by now.
    local index = positionOf(list(), entry)
    if index then
      removeAt(list(), index)
    end
    local ok, problem = continue(waiting, message)
    if not ok then
      error(problem)
    end
  end)
  entry = list()[indexOf(name)]
  return (yield())
end

return handlers
