-- Exposes state: nodes that know the device patch@1.0 merge what it sends into the readable state of the process.
-- Process API 17. Elsewhere these messages have no effect. docs/blueprints.md shows each function in use.

-- `or` keeps what is tracked when this file is loaded again.
Patch = Patch or {}
-- key → { read = function, sent = the value as nodes have it }
Patch.tracked = Patch.tracked or {}

-- What a node takes for "remove this key"; leaving it out would keep the old value.
local removed = "unset"

local function checkKey(key)
  -- Paths of nodes are lower-case.
  if type(key) ~= "string" or key == "" or key ~= key:lower() or key == "device" then
    error('Patch: a key must be lower-case text other than "device", but was ' .. tostring(key) .. ".", 0)
  end
end

-- Also the end of tables that contain themselves.
local depthMax = 16

-- What may be sent, with all keys but those of lists as text. Strict, because a message that has no JSON fails, and
-- with `track` it would be every message.
local function sendable(value, where, depth)
  local kind = type(value)
  if kind == "table" then
    if depth > depthMax then
      error("Patch: " .. where .. " is deeper than " .. depthMax .. " tables.", 0)
    end
    local count = 0
    for _ in pairs(value) do
      count = count + 1
    end
    local isList = value[1] ~= nil and count == #value
    local copy = {}
    for key, member in pairs(value) do
      if type(key) ~= "string" and type(key) ~= "number" then
        error("Patch: " .. where .. " has a key that is a " .. type(key) .. ". Use text.", 0)
      end
      copy[isList and key or tostring(key)] = sendable(member, where .. "." .. key, depth + 1)
    end
    return copy
  elseif kind == "string" or kind == "boolean" or kind == "number" and value - value == 0 then
    return value
  end
  error("Patch: " .. where .. " is " .. tostring(value) .. ". Give text, numbers, booleans, or tables of these.", 0)
end

local function isList(value)
  return type(value) == "table" and value[1] ~= nil
end

local function isEqual(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, member in pairs(a) do
    if not isEqual(member, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

-- What to merge into `old` to get `new`; nil if there is nothing. A list that differs goes whole: its places have no
-- names of their own.
local function difference(old, new)
  if isEqual(old, new) then
    return nil
  elseif new == nil then
    return removed
  elseif type(new) ~= "table" or isList(new) then
    return new
  end
  if type(old) ~= "table" or isList(old) then
    old = {}
  end
  local changes = {}
  for key, member in pairs(new) do
    changes[key] = difference(old[key], member)
  end
  for key in pairs(old) do
    if new[key] == nil then
      changes[key] = removed
    end
  end
  return next(changes) ~= nil and changes or nil
end

local function send(values)
  if next(values) ~= nil then
    -- Not `Send`, which warns about a missing target: these messages have none.
    values.device = "patch@1.0"
    ao.send(values)
  end
end

-- Sends several values in one message, now: Patch.publish({ ticker = Ticker, balances = { [account] = "5" } }).
-- Tables are merged into what is there: what they do not name stays.
function Patch.publish(values)
  local message = {}
  for key, value in pairs(values) do
    checkKey(key)
    message[key] = sendable(value, key, 1)
  end
  send(message)
end

-- Sends one value now.
function Patch.set(key, value)
  Patch.publish({ [key] = value })
end

-- Keeps a value up to date: sends it now, then calls `read` after each message and sends what has changed since it was
-- sent last. Reading takes time with every message: track small values, and use `set` for what changes in a large one.
function Patch.track(key, read)
  checkKey(key)
  if type(read) ~= "function" then
    error("Patch.track: the second argument must be a function that gives the value.", 0)
  end
  local before = Patch.tracked[key]
  Patch.tracked[key] = { read = read, sent = before and before.sent }
  Patch.sendChanges()
end

-- Ends it. What nodes have stays as it is.
function Patch.untrack(key)
  Patch.tracked[key] = nil
end

-- Sends what has changed. A value that cannot be sent is printed and left out: it must not fail every message.
function Patch.sendChanges()
  local changes = {}
  for key, entry in pairs(Patch.tracked) do
    local ok, value = pcall(function()
      local current = entry.read()
      if current ~= nil then
        return sendable(current, key, 1)
      end
    end)
    if ok then
      changes[key] = difference(entry.sent, value)
      entry.sent = value
    else
      print("Patch could not read " .. key .. ": " .. tostring(value))
    end
  end
  send(changes)
end

-- No handler is sure to run after all others, so the pass over the handlers itself is followed by ours. The wrapper is
-- put on once, however often this file is loaded.
if Handlers.evaluate ~= Patch.evaluate then
  local evaluate = Handlers.evaluate
  function Patch.evaluate(...)
    local result = evaluate(...)
    Patch.sendChanges()
    return result
  end
  Handlers.evaluate = Patch.evaluate
end

return "Patch loaded: Patch.publish(values), Patch.set(key, value), Patch.track(key, read), Patch.untrack(key)."
