-- What is known of an error at the moment it is raised, in development mode: who called whom, and what was nil.
local find, getinfo, getlocal, getmetatable, getupvalue, gmatch, gsub, match, rawget, running, sub, tonumber, type =
  string.find,
  debug.getinfo,
  debug.getlocal,
  getmetatable,
  debug.getupvalue,
  string.gmatch,
  string.gsub,
  string.match,
  rawget,
  coroutine.running,
  string.sub,
  tonumber,
  type
local G = _G

local import, _, isLibrary = ...
local isShared = import(".clone").isShared
local locate = import(".sources").locate

local faults = {}

local framesMax, depthMax = 10, 200

-------------------------------------------------------------------------------------------------------- the names --

-- What the names mean at a level of a thread, as the caller counts levels.
local function scopeOf(thread, level, info)
  if thread == running() then
    level = level + 1
  end
  local values, known = {}, {}
  for index = 1, 250 do
    local name, value = getlocal(thread, level, index)
    if name == nil then
      break
    end
    values[name], known[name] = value, true
  end
  for index = 1, 255 do
    local name, value = getupvalue(info.func, index)
    if name == nil then
      break
    elseif not known[name] then
      values[name], known[name] = value, true
    end
  end
  -- Gives the value, and whether the name is a global one.
  return function(name)
    if known[name] then
      return values[name], false
    end
    return rawget(G, name), true
  end
end

-- Code without its texts and comments, which keep their length.
local function blank(code)
  local function spaces(text)
    return (gsub(text, ".", " "))
  end
  code = gsub(code, '"[^"]*"', spaces)
  code = gsub(code, "'[^']*'", spaces)
  return (gsub(code, "%-%-.*$", spaces))
end

local keywords = {}
for word in gmatch(
  "and break do else elseif end false for function goto if in local nil not or repeat return then true until while",
  "%a+"
) do
  keywords[word] = true
end

-- The member of a table, and whether that can be told without running code of the user's.
local function member(parent, key)
  local metatable = getmetatable(parent)
  if type(parent) ~= "table" then
    return nil, false
  elseif metatable == nil or isShared(metatable) then
    return parent[key], true
  end
  local value = rawget(parent, key)
  return value, value ~= nil or (type(metatable) == "table" and rawget(metatable, "__index") == nil)
end

local readPath

-- The key between brackets: a text, a number or a path. Gives whether it is known, the key, and the place behind it.
local function readKey(code, plain, place, lookUp)
  local text, behind = match(code, "^%[%s*[\"']([^\"']*)[\"']%s*%]()", place)
  if text then
    return true, text, behind
  end
  text, behind = match(code, "^%[%s*(%d+)%s*%]()", place)
  if text then
    return true, tonumber(text), behind
  end
  local inner = match(plain, "^%[%s*()[%a_]", place)
  if inner then
    local found = readPath(code, plain, inner, lookUp)
    behind = match(plain, "^%s*%]()", found.behind)
    if behind then
      return found.known, found.value, behind
    end
  end
  return false
end

-- Reads a path such as `State.users[msg.From]` that begins at `place`, as far as its value is known and not nil. Gives
-- its text, its value, and the table and key it was found with.
function readPath(code, plain, place, lookUp)
  local name, behind = match(plain, "^([%a_][%w_]*)()", place)
  local value, isGlobal = lookUp(name)
  local found = { known = true, value = value, behind = behind, root = name, isGlobal = isGlobal }
  while found.known do
    local key, isKnown
    local field, after = match(plain, "^%s*[%.:]%s*([%a_][%w_]*)()", found.behind)
    if field and not find(plain, "^%s*%.%.", found.behind) then
      isKnown, key = true, field
    else
      local bracket = match(plain, "^%s*()%[", found.behind)
      if not bracket then
        break
      end
      isKnown, key, after = readKey(code, plain, bracket, lookUp)
    end
    if found.value == nil then
      found.isIndexed = true
      break
    elseif not after or not isKnown or key == nil then
      found.known = false
      break
    end
    found.parent, found.key = found.value, key
    found.value, found.known = member(found.value, key)
    found.behind = after
  end
  found.text = sub(code, place, found.behind - 1)
  return found
end

-- Calls `visit` with each path of a line of code, until it says true.
local function eachPath(code, lookUp, visit)
  local plain = blank(code)
  local place = 1
  while true do
    local first, behind, word = match(plain, "()[%a_][%w_]*()", place)
    if not first then
      return
    end
    word = sub(plain, first, behind - 1)
    place = behind
    if not keywords[word] and not find(sub(plain, 1, first - 1), "[%w_%.:]$") then
      local found = readPath(code, plain, first, lookUp)
      found.follows = sub(plain, found.behind)
      if not find(found.follows, "^%s*=[^=]") and visit(found) then
        return
      end
      place = found.isIndexed and behind or found.behind
    end
  end
end

-- By what Lua says went wrong: does this path fit?
local function fits(problem, found)
  if not found.known then
    return false
  elseif find(problem, "attempt to index a nil value", 1, true) then
    return found.value == nil and found.isIndexed
  elseif find(problem, "attempt to call a nil value", 1, true) then
    return found.value == nil and find(found.follows, "^%s*[%(%{\"']") ~= nil
  elseif find(problem, "a nil value", 1, true) or find(problem, "nil with", 1, true) or find(problem, "with nil", 1, true) then
    return found.value == nil and not found.isIndexed and not find(found.follows, "^%s*%(")
  elseif find(problem, "a string value", 1, true) or find(problem, "string with", 1, true) or find(problem, "with string", 1, true) then
    return type(found.value) == "string"
  elseif find(problem, "a table value", 1, true) then
    return type(found.value) == "table" and not find(found.follows, "^%s*%(")
  end
  return false
end

-------------------------------------------------------------------------------------------------------- the frames --

-- What the caller calls a function. The library's own names for functions of the user say nothing.
local function nameOf(info, caller)
  if info.what == "main" then
    return "main chunk"
  elseif info.name and not (caller and isLibrary(caller.source)) then
    return "function '" .. info.name .. "'"
  end
  return nil
end

-- Looks at a thread that has failed, or is about to. `problem` is what was raised.
function faults.capture(thread, problem)
  local fault = { problem = problem, frames = {} }
  for depth = 0, depthMax do
    local info = getinfo(thread, depth, "Slnf")
    if not info or #fault.frames == framesMax then
      break
    end
    if info.what ~= "C" and not isLibrary(info.source) and info.currentline > 0 then
      local label, line, at = locate(info, info.currentline)
      if #fault.frames == 0 and type(problem) == "string" and at(0) then
        eachPath(at(0), scopeOf(thread, depth, info), function(found)
          if fits(problem, found) then
            fault.culprit = found
            return true
          end
        end)
      end
      local caller = getinfo(thread, depth + 1, "S")
      fault.frames[#fault.frames + 1] = { label = label, line = line, at = at, name = nameOf(info, caller) }
    end
  end
  return fault
end

return faults
