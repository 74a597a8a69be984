-- `require("crdt")`: conflict-free replicated data types, and their replication between processes.
--
-- Replicas of a document change on their own, exchange states or deltas in any order and as often as they like, and
-- agree. Delta-state CRDTs after Almeida, Shoker and Baquero (2018); text after Weidner and Kleppmann's Fugue (2023).
-- docs/crdt.md says which type is for what, and what the replicas say to each other.
--
--   dot      (replica, seq): one event of one replica. Never used twice.
--   context  the dots that are known: replica → { first, last, first, last, … }, ranges that rise and do not touch.
--            The range from 1 is the version vector, what comes behind it the dot cloud.
--   store    what the known events have left. Its shape depends on the kind.
--   item     { replica, seq, value, timestamp }: what a dot keeps alive in a store. Never changed once made. Lists of
--            items are sorted by dot.
--   state    a context and a store. A dot that is in the context but keeps nothing alive was removed: no tombstones.
--   delta    a state that lists all it touches, with empty lists where something was removed. What it does not list
--            it leaves alone, so that merging it costs as much as it is large, and not as the document is.
--
-- C1  A dot keeps at most one item alive.
-- C2  Each change has a dot of its own, also one that only removes. So where deltas are merged in causal order, as
--     `replicate` does, replicas with equal contexts are equal.
-- C3  Merging is commutative, associative and idempotent, for states and deltas in any mixture and order.
-- C4  Nothing depends on the order of `pairs`: equal states have equal encodings and values.
--
-- The file needs nothing but Lua 5.3 and, for encodings, a module `json`; `replicate` needs `ao` and `Handlers`.
local concat, error, find, format, G, insert, ipairs, mathType, max, min, next, offset, pairs, pcall, remove, require =
  table.concat,
  error,
  string.find,
  string.format,
  _G,
  table.insert,
  ipairs,
  math.type,
  math.max,
  math.min,
  next,
  utf8.offset,
  pairs,
  pcall,
  table.remove,
  require
local os, rawget, setmetatable, sort, sub, toInteger, tonumber, tostring, type, utf8Length =
  os, rawget, setmetatable, table.sort, string.sub, math.tointeger, tonumber, tostring, type, utf8.len

local crdt = {}

-- Shared by whoever has nothing, so never written to.
local none = {}

local function fail(text, ...)
  error("crdt: " .. format(text, ...), 0)
end

----------------------------------------------------------------------------------------------------- plain values --

local replicaBytesMax = 128
local depthMax = 64

-- True for what survives a message: UTF-8 without surrogates.
local function isText(value)
  return type(value) == "string" and utf8Length(value) ~= nil and not find(value, "\xED[\xA0-\xBF]")
end

local function checkText(value, what)
  if not isText(value) then
    fail("%s must be UTF-8 text, not %s.", what, type(value) == "string" and "other bytes" or tostring(value))
  end
  return value
end

local function checkReplica(replica)
  if not isText(replica) or replica == "" or #replica > replicaBytesMax then
    fail("A replica id must be 1 to %d bytes of UTF-8, another one for each replica.", replicaBytesMax)
  end
  return replica
end

-- A whole float becomes the integer that it is after a round trip.
local function checkNumber(number)
  if number ~= number or number == 1 / 0 or number == -1 / 0 then
    fail("A number must be finite, not %s.", tostring(number))
  end
  return toInteger(number) or number
end

local function isScalar(value)
  local kind = type(value)
  return kind == "string" or kind == "number" or kind == "boolean"
end

local function checkScalar(value, what)
  if type(value) == "string" then
    return checkText(value, what)
  elseif type(value) == "number" then
    return checkNumber(value)
  elseif type(value) ~= "boolean" then
    fail("%s must be a string, a number or a boolean, not a %s.", what, type(value))
  end
  return value
end

-- Copies what JSON can hold, and refuses the rest.
local function checkValue(value, depth)
  if type(value) ~= "table" then
    return checkScalar(value, "A value")
  elseif depth > depthMax then
    fail("A value must not be nested deeper than %d tables, nor contain itself.", depthMax)
  end
  local copy, size, isArray = {}, 0, rawget(value, 1) ~= nil
  for key, member in pairs(value) do
    if isArray and mathType(key) ~= "integer" or not isArray and not isText(key) then
      fail("A table must have the keys 1, 2, 3, … or texts alone; it has the key %s.", tostring(key))
    end
    copy[key] = checkValue(member, depth + 1)
    size = size + 1
  end
  if isArray and size ~= #copy then
    fail("A table with the keys 1, 2, 3, … must have no gaps.")
  end
  return copy
end

local function copyOf(value)
  return type(value) == "table" and checkValue(value, 1) or value
end

local function checkCount(value, least, what)
  local count = type(value) == "number" and toInteger(value)
  if not count or count < least then
    fail("%s must be a whole number from %d, not %s.", what, least, tostring(value))
  end
  return count
end

local ranks = { boolean = 1, number = 2, string = 3 }

-- Booleans before numbers before strings.
local function isLess(a, b)
  local kind, other = type(a), type(b)
  if kind ~= other then
    return ranks[kind] < ranks[other]
  elseif kind == "boolean" then
    return not a and b
  end
  return a < b
end

local function sortedKeys(map)
  local keys, count = {}, 0
  for key in pairs(map) do
    count = count + 1
    keys[count] = key
  end
  sort(keys, isLess)
  return keys
end

------------------------------------------------------------------------------------------------------------- JSON --

local writeJson

local function writeObject(value, parts)
  local separator = "{"
  for _, key in ipairs(sortedKeys(value)) do
    parts[#parts + 1] = separator
    writeJson(key, parts)
    parts[#parts + 1] = ":"
    writeJson(value[key], parts)
    separator = ","
  end
  parts[#parts + 1] = "}"
end

-- Writes the one JSON text of a value: keys sorted, numbers with all their digits. An empty table is `[]`.
function writeJson(value, parts)
  local kind = type(value)
  if kind == "table" then
    if next(value) ~= nil and rawget(value, 1) == nil then
      return writeObject(value, parts)
    end
    for index = 1, #value do
      parts[#parts + 1] = index == 1 and "[" or ","
      writeJson(value[index], parts)
    end
    parts[#parts + 1] = #value == 0 and "[]" or "]"
  elseif kind == "string" then
    parts[#parts + 1] = require("json").encode(value)
  elseif kind == "number" then
    parts[#parts + 1] = format(mathType(value) == "integer" and "%d" or "%.17g", value)
  else
    parts[#parts + 1] = tostring(value)
  end
end

local function toJson(value)
  local parts = {}
  writeJson(value, parts)
  return concat(parts)
end

-- What decoding has to find.
local function expect(condition)
  if not condition then
    fail("This text is not the encoding of a CRDT, or is damaged. Take the text that encode() gave, unchanged.")
  end
  return condition
end

local function fromJson(text)
  expect(type(text) == "string")
  local ok, value = pcall(require("json").decode, text)
  expect(ok and type(value) == "table")
  return value
end

local function expectList(value)
  expect(type(value) == "table" and (next(value) == nil or rawget(value, 1) ~= nil))
  return value
end

local function expectCount(value, least)
  local count = type(value) == "number" and toInteger(value)
  expect(count and count >= least)
  return count
end

--------------------------------------------------------------------------------------------------------- contexts --

local function lastSeq(context, replica)
  local ranges = context[replica]
  return ranges and ranges[#ranges] or 0
end

local function contains(context, replica, seq)
  local ranges = context[replica]
  if not ranges then
    return false
  end
  local low, high = 1, #ranges // 2
  while low < high do
    local middle = (low + high) // 2
    if ranges[2 * middle] < seq then
      low = middle + 1
    else
      high = middle
    end
  end
  return ranges[2 * low - 1] <= seq and seq <= ranges[2 * low]
end

-- Adds the dots `first` to `last`, and joins the ranges that they touch.
local function addRange(context, replica, first, last)
  local ranges = context[replica]
  if not ranges then
    context[replica] = { first, last }
    return
  end
  -- New dots are nearly always the latest.
  local place = #ranges + 1
  while place > 1 and ranges[place - 1] >= first - 1 do
    place = place - 2
    if ranges[place] <= last + 1 then
      first, last = min(first, ranges[place]), max(last, ranges[place + 1])
      remove(ranges, place)
      remove(ranges, place)
    end
  end
  insert(ranges, place, last)
  insert(ranges, place, first)
end

-- Gives a new list of what either has.
local function joinRanges(mine, theirs)
  local joined, last = {}, -1
  local i, j = 1, 1
  while mine[i] or theirs[j] do
    local first, final
    if not theirs[j] or mine[i] and mine[i] <= theirs[j] then
      first, final, i = mine[i], mine[i + 1], i + 2
    else
      first, final, j = theirs[j], theirs[j + 1], j + 2
    end
    if first <= last + 1 and joined[1] then
      last = max(last, final)
      joined[#joined] = last
    else
      last = final
      joined[#joined + 1], joined[#joined + 2] = first, final
    end
  end
  return joined
end

local function joinContext(mine, theirs)
  for replica, ranges in pairs(theirs) do
    if #ranges == 2 then
      addRange(mine, replica, ranges[1], ranges[2])
    else
      mine[replica] = joinRanges(mine[replica] or none, ranges)
    end
  end
end

local function coversRanges(mine, theirs)
  local index = 1
  for place = 1, #theirs, 2 do
    while mine[index] and mine[index + 1] < theirs[place] do
      index = index + 2
    end
    if not mine[index] or mine[index] > theirs[place] or mine[index + 1] < theirs[place + 1] then
      return false
    end
  end
  return true
end

-- True if `mine` knows every dot of `theirs`.
local function covers(mine, theirs)
  for replica, ranges in pairs(theirs) do
    if not coversRanges(mine[replica] or none, ranges) then
      return false
    end
  end
  return true
end

local function readRanges(list, from)
  local ranges, last = {}, -1
  for index = from, #list, 2 do
    local first = expectCount(list[index], max(1, last + 2))
    last = expectCount(list[index + 1], first)
    ranges[#ranges + 1], ranges[#ranges + 2] = first, last
  end
  expect(#ranges > 0)
  return ranges
end

-- The dots of one change under way: { replica, last, context, forgotten = items }.
local function allocate(draft, count)
  local first = draft.last + 1
  draft.last = draft.last + count
  addRange(draft.context, draft.replica, first, draft.last)
  return first
end

-- Says that the change has seen these items and takes them away.
local function forget(draft, items)
  for _, item in ipairs(items) do
    draft.forgotten[#draft.forgotten + 1] = item
  end
end

------------------------------------------------------------------------------------------------------------ items --

-- `known` is what a merge has to know of its two sides:
-- { mine, theirs = contexts, full = "theirs" is a state and no delta, keepsEmpty = "mine" is a delta }.

local function isBefore(a, b)
  return a[1] < b[1] or a[1] == b[1] and a[2] < b[2]
end

-- Keeps what both have, and what one has and the other has never known. Gives a new list.
local function joinItems(mine, theirs, known)
  local joined, count = {}, 0
  local i, j = 1, 1
  local a, b = mine[1], theirs[1]
  while a or b do
    local item
    if a and b and a[1] == b[1] and a[2] == b[2] then
      item = a
      i, j = i + 1, j + 1
    elseif a and (not b or isBefore(a, b)) then
      item = not contains(known.theirs, a[1], a[2]) and a
      i = i + 1
    else
      item = not contains(known.mine, b[1], b[2]) and b
      j = j + 1
    end
    if item then
      count = count + 1
      joined[count] = item
    end
    a, b = mine[i], theirs[j]
  end
  return joined
end

local function isEmptyTable(store)
  return next(store) == nil
end

-- Writers get `indexOf(replica)`, readers `replicaAt(index)`: ids are long and stand in an encoding once.

local function writeItems(items, indexOf)
  local list = {}
  for _, item in ipairs(items) do
    list[#list + 1], list[#list + 2] = indexOf(item[1]), item[2]
  end
  return list
end

local function expectSorted(items)
  for index = 2, #items do
    expect(isBefore(items[index - 1], items[index]))
  end
  return items
end

local function readItems(list, replicaAt)
  local items = {}
  for index = 1, #list, 2 do
    items[#items + 1] = { replicaAt(list[index]), expectCount(list[index + 1], 1) }
  end
  return expectSorted(items)
end

------------------------------------------------------------------------------------------------------------ kinds --

-- A kind has, for its stores (a delta's too):
--   empty()                      a new one
--   join(mine, theirs, known)    merges into `mine`, and gives the result
--   isBlank(store)               nothing is in it
--   isLive(store)                it has something to show
--   value(store)                 a copy that belongs to the caller
--   clear(store, draft)          the delta's store that takes away all that is seen here
--   write(store, indexOf), read(list, replicaAt)
--   methods                      what its documents can do besides what all can
local kinds = {}

-- Runs a change and gives its delta. `build(store, draft)` gives the delta's store, or nil if there is nothing to do.
-- `grows` says that the change adds something, and so brings back keys that are removed at the same time.
-- Defined below, with documents.
local change
local storeOf

---------------------------------------------------------------------------------------------------------- counters --

-- Store: replica → { increments, decrements, cleared increments, cleared decrements }, which only grow. What is cleared
-- stays beside what is counted, so that clearing takes away what was seen and nothing that came meanwhile.
local zeros = { 0, 0, 0, 0 }
local counter = { empty = function() return {} end, isBlank = isEmptyTable }

function counter.join(mine, theirs)
  for replica, counts in pairs(theirs) do
    local own = mine[replica] or zeros
    mine[replica] = {
      max(own[1], counts[1]), max(own[2], counts[2]), max(own[3], counts[3]), max(own[4], counts[4]),
    }
  end
  return mine
end

function counter.isLive(store)
  for _, counts in pairs(store) do
    if counts[1] > counts[3] or counts[2] > counts[4] then
      return true
    end
  end
  return false
end

function counter.value(store)
  local total = 0
  for _, counts in pairs(store) do
    total = total + counts[1] - counts[3] - counts[2] + counts[4]
  end
  return total
end

function counter.clear(store)
  local delta = {}
  for replica, counts in pairs(store) do
    delta[replica] = { counts[1], counts[2], counts[1], counts[2] }
  end
  return delta
end

function counter.write(store, indexOf)
  local list = {}
  for _, replica in ipairs(sortedKeys(store)) do
    local entry = { indexOf(replica), store[replica][1], store[replica][2], store[replica][3], store[replica][4] }
    while entry[#entry] == 0 and #entry > 2 do
      entry[#entry] = nil
    end
    list[#list + 1] = entry
  end
  return list
end

function counter.read(list, replicaAt)
  local store = {}
  for _, entry in ipairs(list) do
    local counts = {}
    for index = 1, 4 do
      counts[index] = expectCount(expectList(entry)[index + 1] or 0, 0)
    end
    expect(counts[3] <= counts[1] and counts[4] <= counts[2])
    store[replicaAt(entry[1])] = counts
  end
  return store
end

-- `place` in the counts: 1 increments, 2 decrements.
local function addTo(self, place, amount)
  amount = checkCount(amount or 1, 1, "An amount")
  return change(self, true, function(store, draft)
    local own = store[draft.replica] or zeros
    local counts = { own[1], own[2], 0, 0 }
    counts[place] = counts[place] + amount
    if counts[place] > 1 << 53 then
      fail("A replica's counts must stay below 2^53.")
    end
    return { [draft.replica] = counts }
  end)
end

local function increment(self, amount)
  return addTo(self, 1, amount)
end

local function decrement(self, amount)
  return addTo(self, 2, amount)
end

local function derive(base, methods)
  local kind = { methods = methods }
  for name, member in pairs(base) do
    kind[name] = member
  end
  return kind
end

kinds.GCounter = derive(counter, { increment = increment })
kinds.PNCounter = derive(counter, { increment = increment, decrement = decrement })

--------------------------------------------------------------------------------------------------------- registers --

-- Store: a list of items with a value. A write takes the place of all writes that it has seen.
local register = { empty = function() return {} end, isBlank = isEmptyTable, join = joinItems }

function register.isLive(store)
  return store[1] ~= nil
end

function register.clear(store, draft)
  forget(draft, store)
  return {}
end

function register.write(store, indexOf)
  local list = {}
  for index, item in ipairs(store) do
    list[index] = { indexOf(item[1]), item[2], item[3], item[4] }
  end
  return list
end

function register.read(list, replicaAt)
  local items = {}
  for index, entry in ipairs(list) do
    expect(expectList(entry)[3] ~= nil)
    items[index] = {
      replicaAt(entry[1]), expectCount(entry[2], 1), checkValue(entry[3], 1), entry[4] and expectCount(entry[4], 0),
    }
  end
  return expectSorted(items)
end

local function write(store, draft, value, timestamp)
  forget(draft, store)
  return { { draft.replica, allocate(draft, 1), value, timestamp } }
end

local multiValue = derive(register, {
  set = function(self, value)
    value = checkValue(value, 1)
    return change(self, true, function(store, draft)
      return write(store, draft, value)
    end)
  end,
})
kinds.MVRegister = multiValue

-- The values of the writes that no other has seen, each once.
function multiValue.value(store)
  local byText = {}
  for _, item in ipairs(store) do
    byText[toJson(item[3])] = item[3]
  end
  local values = {}
  for index, text in ipairs(sortedKeys(byText)) do
    values[index] = copyOf(byText[text])
  end
  return values
end

-- The latest write; at the same time the greater replica id. Items are sorted by dot, so the last of equals counts.
local function latest(store)
  local winner
  for _, item in ipairs(store) do
    if not winner or item[4] >= winner[4] then
      winner = item
    end
  end
  return winner
end

local function now()
  return toInteger(tonumber(os.time()) or 0) or 0
end

local lastWriter = derive(register, {
  -- Without a timestamp: now, or just after the latest write that is known (a hybrid logical clock).
  set = function(self, value, timestamp)
    value = checkValue(value, 1)
    timestamp = timestamp and checkCount(timestamp, 0, "A timestamp")
    return change(self, true, function(store, draft)
      local last = latest(store)
      timestamp = timestamp or max(now(), last and last[4] + 1 or 0)
      -- An earlier write is lost, and so is one at the same time with a smaller replica id.
      if not last or timestamp > last[4] or timestamp == last[4] and draft.replica >= last[1] then
        return write(store, draft, value, timestamp)
      end
    end)
  end,
  timestamp = function(self)
    local last = latest(storeOf(self))
    return last and last[4]
  end,
})
kinds.LWWRegister = lastWriter

function lastWriter.value(store)
  local last = latest(store)
  return last and copyOf(last[3])
end

function lastWriter.read(list, replicaAt)
  for _, entry in ipairs(list) do
    expect(expectList(entry)[4] ~= nil)
  end
  return register.read(list, replicaAt)
end

------------------------------------------------------------------------------------------------------- add-wins set --

-- Store: element → items, those of the adds that no remove has seen.
local set = { empty = function() return {} end, isBlank = isEmptyTable }

function set.join(mine, theirs, known)
  local function put(element, items)
    mine[element] = (items[1] or known.keepsEmpty) and items or nil
  end
  for element, items in pairs(theirs) do
    put(element, joinItems(mine[element] or none, items, known))
  end
  if known.full then
    for element, items in pairs(mine) do
      if not theirs[element] then
        put(element, joinItems(items, none, known))
      end
    end
  end
  return mine
end

function set.isLive(store)
  for _, items in pairs(store) do
    if items[1] then
      return true
    end
  end
  return false
end

function set.value(store)
  local elements = {}
  for _, element in ipairs(sortedKeys(store)) do
    if store[element][1] then
      elements[#elements + 1] = element
    end
  end
  return elements
end

function set.clear(store, draft)
  local delta = {}
  for element, items in pairs(store) do
    forget(draft, items)
    delta[element] = {}
  end
  return delta
end

function set.write(store, indexOf)
  local list = {}
  for index, element in ipairs(sortedKeys(store)) do
    list[index] = { element, writeItems(store[element], indexOf) }
  end
  return list
end

function set.read(list, replicaAt)
  local store = {}
  for _, entry in ipairs(list) do
    expect(isScalar(expectList(entry)[1]))
    store[checkScalar(entry[1], "An element")] = readItems(expectList(entry[2]), replicaAt)
  end
  return store
end

set.methods = {
  add = function(self, element)
    element = checkScalar(element, "An element")
    return change(self, true, function(store, draft)
      forget(draft, store[element] or none)
      return { [element] = { { draft.replica, allocate(draft, 1) } } }
    end)
  end,
  remove = function(self, element)
    return change(self, false, function(store, draft)
      if store[element] then
        forget(draft, store[element])
        return { [element] = {} }
      end
    end)
  end,
  has = function(self, element)
    local items = element ~= nil and storeOf(self)[element]
    return items and items[1] ~= nil or false
  end,
}
kinds.AWSet = set

-------------------------------------------------------------------------------------------------------------- text --

-- Fugue: characters are the nodes of a tree. Each is a left or right child of the one that it was written next to, and
-- the text is the tree read from left to right: left children, the character, right children. Children on one side are
-- sorted by dot. Deleted characters stay as places to write next to.
--
-- Characters written one after another have dots one after another, each the right child of the one before. They are
-- kept together as a span, which is cut where something comes between:
--   { replica, seq, size, text or false where deleted, parent, parentSeq, side = "L" or "R", chunk }
-- `replica, seq` is the first character's dot; `parent, parentSeq, side` where it hangs, parent "" being the root.
--
-- Store: { runs = replica → its spans sorted by seq, order }. `order` is the text from left to right, made when asked
-- for: { first = chunk, size, children, hasOrphans }. It stays true under changes, or is thrown away.
--   chunk     { span, span, …, size, next }: so that a place in the text is found without looking at each span
--   children  replica → seq → { L, R = spans that hang there, sorted }, but for those that continue a run
--   T1  A character with left children is the first of its span, one with right children in `children` the last.
--   T2  Spans whose parent has not arrived are in no chunk, nor is what hangs on them; `hasOrphans` says so.
local text = {}

local chunkSpansMax = 64
-- Writing at the end of a span copies it.
local spanBytesMax = 1024

function text.empty()
  return { runs = {} }
end

function text.isBlank(store)
  return next(store.runs) == nil
end

local function cut(characters, size, first, last)
  if #characters == size then
    return sub(characters, first, last)
  end
  return sub(characters, offset(characters, first), offset(characters, last + 1) - 1)
end

-- A new span of some characters of another.
local function slice(span, first, last)
  local isStart = first == span.seq
  return {
    replica = span.replica,
    seq = first,
    size = last - first + 1,
    text = span.text and cut(span.text, span.size, first - span.seq + 1, last - span.seq + 1),
    parent = isStart and span.parent or span.replica,
    parentSeq = isStart and span.parentSeq or first - 1,
    side = isStart and span.side or "R",
  }
end

-- True for a span that goes on where its replica's run was.
local function continues(span)
  return span.side == "R" and span.parentSeq == span.seq - 1 and span.parent == span.replica
end

-- Index of the first span that ends at or behind `seq`.
local function indexAt(spans, seq)
  local low, high = 1, #spans + 1
  while low < high do
    local middle = (low + high) // 2
    local span = spans[middle]
    if span.seq + span.size <= seq then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

-- The span of a character, and its index in the run.
local function spanAt(store, replica, seq)
  local spans = store.runs[replica]
  if spans then
    local index = indexAt(spans, seq)
    if spans[index] and spans[index].seq <= seq then
      return spans[index], index
    end
  end
end

local function positionOf(span)
  local chunk = span.chunk
  for position = 1, #chunk do
    if chunk[position] == span then
      return position
    end
  end
end

local function following(span)
  local chunk = span.chunk
  return chunk[positionOf(span) + 1] or chunk.next and chunk.next[1]
end

-- Puts a span into a chunk. Its characters are counted by the caller.
local function putIn(chunk, position, span)
  insert(chunk, position, span)
  span.chunk = chunk
  if #chunk > chunkSpansMax then
    local half = { size = 0, next = chunk.next }
    for index = chunkSpansMax // 2 + 1, #chunk do
      local moved = chunk[index]
      half[#half + 1] = moved
      moved.chunk = half
      half.size = half.size + (moved.text and moved.size or 0)
      chunk[index] = nil
    end
    chunk.size = chunk.size - half.size
    chunk.next = half
  end
end

-- Cuts a span in two before `seq`; gives the second.
local function split(store, replica, index, seq)
  local spans = store.runs[replica]
  local span = spans[index]
  local rest = slice(span, seq, span.seq + span.size - 1)
  local size = seq - span.seq
  span.text = span.text and cut(span.text, span.size, 1, size)
  span.size = size
  insert(spans, index + 1, rest)
  if store.order and span.chunk then
    putIn(span.chunk, positionOf(span) + 1, rest)
  end
  return rest
end

local function childrenAt(order, replica, seq, side)
  local bySeq = order.children[replica]
  local sides = bySeq and bySeq[seq]
  return sides and sides[side] or none
end

local function isSpanBefore(a, b)
  return a.replica < b.replica or a.replica == b.replica and a.seq < b.seq
end

-- Cuts so that a child can hang on a character (T1). Gives the span that has the character, or nil.
local function prepareParent(store, replica, seq, side)
  local span, index = spanAt(store, replica, seq)
  if span and side == "L" and span.seq < seq then
    return split(store, replica, index, seq)
  elseif span and side == "R" and seq < span.seq + span.size - 1 then
    split(store, replica, index, seq + 1)
  end
  return span
end

local function addChild(order, span)
  if continues(span) then
    return
  end
  local bySeq = order.children[span.parent] or {}
  order.children[span.parent] = bySeq
  local sides = bySeq[span.parentSeq] or { L = {}, R = {} }
  bySeq[span.parentSeq] = sides
  local list = sides[span.side]
  local place = #list + 1
  while place > 1 and isSpanBefore(span, list[place - 1]) do
    place = place - 1
  end
  insert(list, place, span)
end

-- The span that continues the run of this one.
local function continuation(store, span)
  local spans = store.runs[span.replica]
  local nextSpan = spans[indexAt(spans, span.seq) + 1]
  return nextSpan and nextSpan.seq == span.seq + span.size and continues(nextSpan) and nextSpan or nil
end

-- The spans that hang to the right of the last character of a span, sorted.
local function rightChildren(store, span)
  local children = childrenAt(store.order, span.replica, span.seq + span.size - 1, "R")
  local extra = continuation(store, span)
  if not extra then
    return children
  end
  local all, place = { extra }, 1
  for _, child in ipairs(children) do
    if isSpanBefore(child, extra) then
      insert(all, place, child)
      place = place + 1
    else
      all[#all + 1] = child
    end
  end
  return all
end

-- The rightmost span of the tree below a span.
local function lastBelow(store, span)
  local children = rightChildren(store, span)
  while children[1] do
    span = children[#children]
    children = rightChildren(store, span)
  end
  return span
end

-- The leftmost span of the tree below a span.
local function firstBelow(order, span)
  local child = childrenAt(order, span.replica, span.seq, "L")[1]
  while child do
    span = child
    child = childrenAt(order, span.replica, span.seq, "L")[1]
  end
  return span
end

-- Puts a span that is new in its run to its place in the order, or throws the order away if that is not known.
local function place(store, span)
  local order = store.order
  local isRoot = span.parent == ""
  local parent = not isRoot and prepareParent(store, span.parent, span.parentSeq, span.side)
  if order.hasOrphans or not (isRoot or parent) then
    store.order = nil
    return
  end

  local siblings
  if isRoot or span.side == "L" then
    siblings = childrenAt(order, span.parent, span.parentSeq, span.side)
  else
    siblings = rightChildren(store, parent)
  end
  local before, after
  for _, sibling in ipairs(siblings) do
    if isSpanBefore(sibling, span) then
      before = sibling
    elseif sibling ~= span and not after then
      after = sibling
    end
  end
  addChild(order, span)

  local chunk, position
  if before then
    local last = lastBelow(store, before)
    chunk, position = last.chunk, positionOf(last) + 1
  elseif span.side == "R" and parent then
    chunk, position = parent.chunk, positionOf(parent) + 1
  else
    local first = after and firstBelow(order, after) or parent
    chunk, position = first and first.chunk or order.first, first and positionOf(first) or 1
  end
  local size = span.text and span.size or 0
  chunk.size, order.size = chunk.size + size, order.size + size
  putIn(chunk, position, span)
end

-- Reads the tree from left to right. A stack, because it can be as deep as the text is long.
local function collectSpans(store)
  local spans = {}
  local stack, isRead = {}, {}
  local function pushAll(list)
    for index = #list, 1, -1 do
      stack[#stack + 1] = list[index]
    end
  end
  pushAll(childrenAt(store.order, "", 0, "R"))
  while stack[1] do
    local span = remove(stack)
    if isRead[span] then
      spans[#spans + 1] = span
    else
      isRead[span] = true
      pushAll(rightChildren(store, span))
      stack[#stack + 1] = span
      pushAll(childrenAt(store.order, span.replica, span.seq, "L"))
    end
  end
  return spans
end

local function orderOf(store)
  local order = store.order
  if order then
    return order
  end
  local first = { size = 0 }
  order = { first = first, size = 0, children = {}, hasOrphans = false }
  local heads = {}
  for _, replica in ipairs(sortedKeys(store.runs)) do
    for _, span in ipairs(store.runs[replica]) do
      span.chunk = nil
      if not continues(span) then
        heads[#heads + 1] = span
      end
    end
  end
  for _, span in ipairs(heads) do
    prepareParent(store, span.parent, span.parentSeq, span.side)
    addChild(order, span)
  end
  store.order = order
  local chunk, missing = first, 0
  for _, spans in pairs(store.runs) do
    missing = missing + #spans
  end
  for _, span in ipairs(collectSpans(store)) do
    if #chunk == chunkSpansMax // 2 then
      chunk.next = { size = 0 }
      chunk = chunk.next
    end
    local size = span.text and span.size or 0
    chunk[#chunk + 1], chunk.size, order.size = span, chunk.size + size, order.size + size
    span.chunk = chunk
    missing = missing - 1
  end
  order.hasOrphans = missing > 0
  return order
end

-- Makes one span of two that stand together and are alike.
local function coalesce(store, spans, index)
  local span, rest = spans[index], spans[index + 1]
  if
    not span
    or not rest
    or rest.seq ~= span.seq + span.size
    or not continues(rest)
    or (span.text == false) ~= (rest.text == false)
    or span.text and #span.text + #rest.text > spanBytesMax
  then
    return
  end
  local order = store.order
  if order then
    local chunk = span.chunk
    if not chunk or chunk ~= rest.chunk or childrenAt(order, span.replica, rest.seq - 1, "R")[1] then
      return
    end
    local position = positionOf(span)
    if chunk[position + 1] ~= rest then
      return
    end
    remove(chunk, position + 1)
  end
  span.text = span.text and span.text .. rest.text
  span.size = span.size + rest.size
  remove(spans, index + 1)
end

local function delete(store, span)
  if store.order and span.chunk then
    span.chunk.size = span.chunk.size - span.size
    store.order.size = store.order.size - span.size
  end
  span.text = false
end

-- Merges one span: what is new gets its place, what is deleted on one side is deleted.
local function mergeSpan(store, span)
  local replica = span.replica
  local spans = store.runs[replica] or {}
  store.runs[replica] = spans
  local seq, last = span.seq, span.seq + span.size - 1
  while seq <= last do
    -- Looked for each time: whatever gets its place may cut spans of the same run.
    local index = indexAt(spans, seq)
    local own = spans[index]
    if not own or own.seq > seq then
      local new = slice(span, seq, min(last, own and own.seq - 1 or last))
      insert(spans, index, new)
      seq = seq + new.size
      if store.order then
        place(store, new)
      end
    else
      local ownLast = own.seq + own.size - 1
      if own.text and not span.text then
        if own.seq < seq then
          own = split(store, replica, index, seq)
        end
        if ownLast > last then
          split(store, replica, indexAt(spans, seq), last + 1)
        end
        delete(store, own)
      end
      seq = ownLast + 1
    end
  end
  -- Backwards, so that indices stay right.
  for touched = indexAt(spans, last), max(1, indexAt(spans, span.seq) - 1), -1 do
    coalesce(store, spans, touched)
  end
end

function text.join(mine, theirs)
  for _, replica in ipairs(sortedKeys(theirs.runs)) do
    for _, span in ipairs(theirs.runs[replica]) do
      mergeSpan(mine, span)
    end
  end
  return mine
end

-- A store of spans in any order.
local function textOf(spans)
  local runs = {}
  sort(spans, isSpanBefore)
  for _, span in ipairs(spans) do
    local run = runs[span.replica] or {}
    runs[span.replica] = run
    run[#run + 1] = span
  end
  return { runs = runs }
end

function text.isLive(store)
  for _, spans in pairs(store.runs) do
    for _, span in ipairs(spans) do
      if span.text then
        return true
      end
    end
  end
  return false
end

-- The span that shows a character, and the character's place in it.
local function findSpan(order, index)
  local chunk = order.first
  while index > chunk.size do
    index = index - chunk.size
    chunk = chunk.next
  end
  for _, span in ipairs(chunk) do
    if span.text then
      if index <= span.size then
        return span, index
      end
      index = index - span.size
    end
  end
end

-- The pieces of spans that show `count` characters from `index` on.
local function piecesAt(order, index, count)
  local pieces = {}
  if count < 1 then
    return pieces
  end
  local span, at = findSpan(order, index)
  while true do
    if span.text then
      local size = min(count, span.size - at + 1)
      pieces[#pieces + 1] = slice(span, span.seq + at - 1, span.seq + at + size - 2)
      count = count - size
      if count == 0 then
        return pieces
      end
    end
    span, at = following(span), 1
  end
end

local function charactersAt(order, index, count)
  local pieces = piecesAt(order, index, count)
  for place, piece in ipairs(pieces) do
    pieces[place] = piece.text
  end
  return concat(pieces)
end

function text.value(store)
  local parts = {}
  local chunk = orderOf(store).first
  while chunk do
    for _, span in ipairs(chunk) do
      parts[#parts + 1] = span.text or nil
    end
    chunk = chunk.next
  end
  return concat(parts)
end

function text.clear(store)
  local spans = {}
  for _, run in pairs(store.runs) do
    for _, span in ipairs(run) do
      if span.text then
        local deleted = slice(span, span.seq, span.seq + span.size - 1)
        deleted.text = false
        spans[#spans + 1] = deleted
      end
    end
  end
  return textOf(spans)
end

-- A run is { seq, parent's index, parent's seq, side, … }, then its texts, and in numbers how many are deleted.
function text.write(store, indexOf)
  local list = {}
  for _, replica in ipairs(sortedKeys(store.runs)) do
    local written, run, parts, nextSeq = { indexOf(replica) }, nil, {}, nil
    local function flush()
      if parts[1] then
        run[#run + 1] = concat(parts)
        parts = {}
      end
    end
    for _, span in ipairs(store.runs[replica]) do
      if span.seq ~= nextSeq or not continues(span) then
        flush()
        run = { span.seq, span.parent == "" and 0 or indexOf(span.parent), span.parentSeq, span.side }
        written[#written + 1] = run
      end
      nextSeq = span.seq + span.size
      if span.text then
        parts[#parts + 1] = span.text
      else
        flush()
        if type(run[#run]) == "number" then
          run[#run] = run[#run] + span.size
        else
          run[#run + 1] = span.size
        end
      end
    end
    flush()
    list[#list + 1] = written
  end
  return list
end

function text.read(list, replicaAt)
  local spans = {}
  for _, written in ipairs(list) do
    local replica, nextSeq = replicaAt(expectList(written)[1]), 1
    for index = 2, #written do
      local run = expectList(written[index])
      local isRoot = run[2] == 0
      local seq = expectCount(run[1], nextSeq)
      local parent, parentSeq, side = isRoot and "" or replicaAt(run[2]), expectCount(run[3], isRoot and 0 or 1), run[4]
      expect((side == "R" or side == "L" and not isRoot) and run[5])
      for position = 5, #run do
        local part = run[position]
        local size = isText(part) and utf8Length(part) or expectCount(part, 1)
        expect(size > 0)
        spans[#spans + 1] = {
          replica = replica, seq = seq, size = size, text = type(part) == "string" and part,
          parent = parent, parentSeq = parentSeq, side = side,
        }
        seq = seq + size
        parent, parentSeq, side = replica, seq - 1, "R"
      end
      nextSeq = seq
    end
  end
  return textOf(spans)
end

-- Where a character hangs that is written at `index`: to the right of the character before, or, if something hangs
-- there already, to the left of the one that follows, shown or deleted.
local function gapAt(store, index)
  local order = orderOf(store)
  local right
  if index == 1 then
    right = order.first[1]
    if not right then
      return "", 0, "R"
    end
  else
    local span, at = findSpan(order, index - 1)
    local seq = span.seq + at - 1
    if at < span.size then
      return span.replica, seq + 1, "L"
    elseif not rightChildren(store, span)[1] then
      return span.replica, seq, "R"
    end
    right = following(span)
  end
  return right.replica, right.seq, "L"
end

local function checkRange(index, least, most, what)
  index = checkCount(index, least, what)
  if index > most then
    fail("%s must be from %d to %d, not %d.", what, least, most, index)
  end
  return index
end

text.methods = {
  -- The first new character stands at `index`, from 1 to one behind the last.
  insert = function(self, index, characters)
    local size = utf8Length(checkText(characters, "Inserted text"))
    return change(self, true, function(store, draft)
      index = checkRange(index, 1, orderOf(store).size + 1, "The index of an insert")
      if size > 0 then
        local parent, parentSeq, side = gapAt(store, index)
        local span = { replica = draft.replica, seq = allocate(draft, size), size = size, text = characters }
        span.parent, span.parentSeq, span.side = parent, parentSeq, side
        return textOf({ span })
      end
    end)
  end,
  delete = function(self, index, size)
    return change(self, false, function(store)
      local order = orderOf(store)
      size = checkRange(size or 1, 0, order.size, "The number of characters to delete")
      index = checkRange(index, 1, order.size - size + 1, "The index of a delete")
      if size > 0 then
        local pieces = piecesAt(order, index, size)
        for _, piece in ipairs(pieces) do
          piece.text = false
        end
        return textOf(pieces)
      end
    end)
  end,
  length = function(self)
    return orderOf(storeOf(self)).size
  end,
  -- The characters from `first` to `last`; what lies outside of the text is left out.
  slice = function(self, first, last)
    local order = orderOf(storeOf(self))
    first = checkCount(first, 1, "The first character")
    last = min(order.size, checkCount(last or order.size, 0, "The last character"))
    return charactersAt(order, first, last - first + 1)
  end,
}
kinds.Text = text

--------------------------------------------------------------------------------------------------------------- map --

-- Store: key → kind → { items, value }. The kind is part of a key's name, so replicas that create it with two kinds
-- have two entries. Each change that adds something below a key gives it a new item; the key is there as long as it has
-- one that no remove has seen, or its value has something to show.
local map = { empty = function() return {} end, isBlank = isEmptyTable }

local function isPresent(entry, kind)
  return entry.items[1] ~= nil or kinds[kind].isLive(entry.value)
end

-- The kind of a key that counts: the first of the alphabet, should there be several.
local function presentKind(store, key)
  local byKind = store[key]
  if byKind then
    for _, kind in ipairs(sortedKeys(byKind)) do
      if isPresent(byKind[kind], kind) then
        return kind
      end
    end
  end
  return nil
end

local function joinEntry(byKind, kind, items, value, known)
  local own = byKind[kind] or { items = none, value = kinds[kind].empty() }
  own.items = joinItems(own.items, items, known)
  own.value = kinds[kind].join(own.value, value, known)
  local keeps = known.keepsEmpty or own.items[1] or not kinds[kind].isBlank(own.value)
  byKind[kind] = keeps and own or nil
end

function map.join(mine, theirs, known)
  for key, byKind in pairs(theirs) do
    local own = mine[key] or {}
    for kind, entry in pairs(byKind) do
      joinEntry(own, kind, entry.items, entry.value, known)
    end
    mine[key] = next(own) and own
  end
  if known.full then
    for key, byKind in pairs(mine) do
      for kind in pairs(byKind) do
        if not (theirs[key] or none)[kind] then
          joinEntry(byKind, kind, none, kinds[kind].empty(), known)
        end
      end
      mine[key] = next(byKind) and byKind
    end
  end
  return mine
end

function map.isLive(store)
  for key in pairs(store) do
    if presentKind(store, key) then
      return true
    end
  end
  return false
end

local function keysOf(store)
  local keys = {}
  for _, key in ipairs(sortedKeys(store)) do
    if presentKind(store, key) then
      keys[#keys + 1] = key
    end
  end
  return keys
end

function map.value(store)
  local values = {}
  for _, key in ipairs(keysOf(store)) do
    local kind = presentKind(store, key)
    values[key] = kinds[kind].value(store[key][kind].value)
  end
  return values
end

local function clearKey(byKind, draft)
  local delta = {}
  for kind, entry in pairs(byKind) do
    forget(draft, entry.items)
    delta[kind] = { items = {}, value = kinds[kind].clear(entry.value, draft) }
  end
  return delta
end

function map.clear(store, draft)
  local delta = {}
  for key, byKind in pairs(store) do
    delta[key] = clearKey(byKind, draft)
  end
  return delta
end

function map.write(store, indexOf)
  local list = {}
  for _, key in ipairs(sortedKeys(store)) do
    for _, kind in ipairs(sortedKeys(store[key])) do
      local entry = store[key][kind]
      list[#list + 1] = { key, kind, writeItems(entry.items, indexOf), kinds[kind].write(entry.value, indexOf) }
    end
  end
  return list
end

function map.read(list, replicaAt)
  local store = {}
  for _, entry in ipairs(list) do
    local key, kind = expectList(entry)[1], entry[2]
    expect(isText(key) and type(kind) == "string" and kinds[kind])
    store[key] = store[key] or {}
    store[key][kind] = {
      items = readItems(expectList(entry[3]), replicaAt),
      value = kinds[kind].read(expectList(entry[4]), replicaAt),
    }
  end
  return store
end

map.methods = {
  has = function(self, key)
    return presentKind(storeOf(self), key) ~= nil
  end,
  keys = function(self)
    return keysOf(storeOf(self))
  end,
  -- The value of a key, or nil.
  get = function(self, key)
    local store = storeOf(self)
    local kind = presentKind(store, key)
    return kind and kinds[kind].value(store[key][kind].value)
  end,
  -- The kind of a key, or nil.
  kindOf = function(self, key)
    return presentKind(storeOf(self), key)
  end,
  remove = function(self, key)
    return change(self, false, function(store, draft)
      if presentKind(store, key) then
        return { [key] = clearKey(store[key], draft) }
      end
    end)
  end,
}
kinds.ORMap = map

-------------------------------------------------------------------------------------------------------- documents --

-- A document is { kind, replica, context, store, delta, unsent }. `replica` is nil in one that is only read; `delta` is
-- true in a delta; `unsent` gathers the changes of one that `replicate` looks after. What stands in a map is reached
-- through { kind, parent, key }, which holds nothing and can be made anew at any time.

-- kind → the metatable of its documents
local metatables = {}

function storeOf(self)
  if not self.parent then
    return self.store
  end
  local byKind = storeOf(self.parent)[self.key]
  local entry = byKind and byKind[self.kind]
  return entry and entry.value or kinds[self.kind].empty()
end

local function rootOf(self)
  while self.parent do
    self = self.parent
  end
  return self
end

local function checkRoot(self)
  if self.parent then
    fail("%s %q is a part of a document: do this with the whole document.", self.kind, self.key)
  end
end

local function document(kind, replica)
  return setmetatable({ kind = kind, replica = replica, context = {}, store = kinds[kind].empty() }, metatables[kind])
end

local function emptyDelta(kind)
  local delta = document(kind)
  delta.delta = true
  return delta
end

-- What a change below a key means for the map that holds it.
local function wrap(self, grows, value, draft)
  local store = storeOf(self.parent)
  local items = {}
  if grows then
    local present = presentKind(store, self.key)
    if present and present ~= self.kind then
      fail("The key %q holds a %s: remove it first, or take another key for a %s.", self.key, present, self.kind)
    end
    local entry = store[self.key] and store[self.key][self.kind]
    forget(draft, entry and entry.items or none)
    items[1] = { draft.replica, allocate(draft, 1) }
  end
  return { [self.key] = { [self.kind] = { items = items, value = value } } }
end

function change(self, grows, build)
  local root = rootOf(self)
  local delta = emptyDelta(root.kind)
  if not root.replica then
    fail("This %s is only for reading and merging. To change it, give it a replica id: crdt.decode(text, replica).",
      root.kind)
  end
  local before = lastSeq(root.context, root.replica)
  local draft = { replica = root.replica, last = before, context = delta.context, forgotten = {} }
  local store = build(storeOf(self), draft)
  if store == nil then
    return delta
  end
  while self.parent do
    store = wrap(self, grows, store, draft)
    self = self.parent
  end
  if draft.last == before then
    allocate(draft, 1)
  end
  -- Sorted, so that each range is added behind the others.
  sort(draft.forgotten, isBefore)
  for _, item in ipairs(draft.forgotten) do
    addRange(delta.context, item[1], item[2], item[2])
  end
  delta.store = store
  root:merge(delta)
  if root.unsent then
    root.unsent:merge(delta)
  end
  return delta
end

local common = {}

-- A copy of what the document shows, in plain Lua.
function common:value()
  return kinds[self.kind].value(storeOf(self))
end

-- Merges a state or a delta of the same kind into this document. Gives this document.
function common:merge(other)
  checkRoot(self)
  if type(other) ~= "table" or other.kind ~= self.kind or not other.context then
    fail("A %s can only be merged with a %s or its delta, not with %s.", self.kind, self.kind,
      type(other) == "table" and other.kind or tostring(other))
  elseif other == self then
    return self
  elseif self.delta and not other.delta then
    local state = document(self.kind):merge(other):merge(self)
    self.context, self.store, self.delta = state.context, state.store, nil
    return self
  end
  local known = { mine = self.context, theirs = other.context, full = not other.delta, keepsEmpty = self.delta }
  self.store = kinds[self.kind].join(self.store, other.store, known)
  joinContext(self.context, other.context)
  return self
end

-- Takes away all that is seen here, and nothing that others add meanwhile.
function common:clear()
  return change(self, false, function(store, draft)
    if kinds[self.kind].isLive(store) then
      return kinds[self.kind].clear(store, draft)
    end
  end)
end

-- The one text of this state or delta. It does not say whose it is: equal replicas have equal texts.
function common:encode()
  checkRoot(self)
  local replicas, indices = {}, {}
  local function indexOf(replica)
    if not indices[replica] then
      replicas[#replicas + 1] = replica
      indices[replica] = #replicas
    end
    return indices[replica]
  end
  local context = {}
  for index, replica in ipairs(sortedKeys(self.context)) do
    indexOf(replica)
    context[index] = self.context[replica]
  end
  local store = kinds[self.kind].write(self.store, indexOf)
  return toJson({
    context = context, delta = self.delta, format = 1, kind = self.kind, replicas = replicas, store = store,
  })
end

function common:equals(other)
  return type(other) == "table" and other.kind == self.kind and self:encode() == other:encode()
end

for name, kind in pairs(kinds) do
  local methods = { value = common.value, merge = common.merge, encode = common.encode, equals = common.equals }
  if name ~= "GCounter" then
    methods.clear = common.clear
  end
  for key, method in pairs(kind.methods) do
    methods[key] = method
  end
  if name == "ORMap" then
    -- `map:AWSet(key)` and its like: what stands under a key. It is created by the first change.
    for child in pairs(kinds) do
      methods[child] = function(self, key)
        return setmetatable({ kind = child, parent = self, key = checkText(key, "A key") }, metatables[child])
      end
    end
  end
  metatables[name] = {
    __index = methods,
    __name = name,
    __tostring = function(self)
      local value = self:value()
      return type(value) == "string" and value or toJson(value)
    end,
  }
  -- `crdt.AWSet(replica)` and its like.
  crdt[name] = function(replica)
    return document(name, checkReplica(replica))
  end
end

-- Makes a document of the text that `encode` gave. Without a replica id it can be read and merged, but not changed.
function crdt.decode(encoded, replica)
  local decoded = fromJson(encoded)
  local kind = decoded.kind
  expect(decoded.format == 1 and type(kind) == "string" and kinds[kind])
  expect(decoded.delta == nil or decoded.delta == true)
  if decoded.delta and replica then
    fail("A delta has no replica id: merge it into a document that has one.")
  end
  local replicas = expectList(decoded.replicas)
  for _, id in ipairs(replicas) do
    checkReplica(id)
  end
  local made = document(kind, replica and checkReplica(replica))
  made.delta = decoded.delta
  for index, list in ipairs(expectList(decoded.context)) do
    made.context[expect(replicas[index])] = readRanges(expectList(list), 1)
  end
  made.store = kinds[kind].read(expectList(decoded.store), function(index)
    return expect(type(index) == "number" and replicas[index])
  end)
  return made
end

------------------------------------------------------------------------------------------------------ replication --

-- The anti-entropy algorithm with delta-intervals of the delta-state paper: what changes a replica, its own or
-- another's, goes into a buffer under the next sequence number, and from there to each peer that it did not come from.
-- A peer merges a delta only if it has all that was sent before. Then replicas are causally consistent, and a context
-- sums up a replica (C2). What is not acknowledged is sent again, or, once it has left the buffer, the whole state.
--
-- All there is to know stands in one plain table per document, in a table of the user's:
--   { name, document, session, sequence, first, buffer, bufferBytes, peers, retryMs, bufferCountMax, bufferBytesMax }
--   session  tells this life of the numbers from an earlier one
--   buffer   first..sequence → { text, source = replica id }
--   peers    replica id → what is known of the peer:
--            { replica, process, acked, sent, lost, attempts, retryAt, session, received, askedAt }
--     acked, sent        last number that the peer has merged; that was sent to it
--     lost               what it lacks up to this number has left the buffer: below it, only the state helps
--     attempts, retryAt  repetitions in vain; when the next is due, in milliseconds
--     session, received  of the numbers that come from the peer: last number merged here
--     askedAt            when it was asked for what is missing, until that comes
local shared = {}

local sharedMeta = { __index = shared, __name = "crdt.replicate" }

local nameBytesMax = 64
-- Repetitions wait longer and longer, up to this many times two.
local doublingsMax = 7

local function sortedPeers(self)
  local peers = {}
  for index, replica in ipairs(sortedKeys(self.peers)) do
    peers[index] = self.peers[replica]
  end
  return peers
end

-- `tags` are a list, whose order is kept; those of a map would be sent in any.
local function send(self, peer, action, tags, data)
  local all = {
    { name = "Document", value = self.name },
    { name = "From-Replica", value = self.document.replica },
    { name = "To-Replica", value = peer.replica },
  }
  for _, tag in ipairs(tags) do
    if tag[2] then
      all[#all + 1] = { name = tag[1], value = type(tag[2]) == "number" and format("%d", tag[2]) or tag[2] }
    end
  end
  G.ao.send({ Target = peer.process, Action = action, Tags = all, Data = data })
end

local function note(self, reason, ...)
  G.print(format("crdt: document %s: ", self.name) .. format(reason, ...))
end

local function lacks(peer, sequence, entry)
  return sequence > peer.acked and entry.source ~= peer.replica
end

-- True if nothing waits for the peer's acknowledgement.
local function isCurrent(self, peer)
  if peer.acked < peer.lost then
    return false
  end
  for sequence = max(self.first, peer.acked + 1), self.sequence do
    if lacks(peer, sequence, self.buffer[sequence]) then
      return false
    end
  end
  return true
end

-- Takes the oldest entry out of the buffer.
local function dropFirst(self)
  local sequence = self.first
  local entry = self.buffer[sequence]
  for _, peer in pairs(self.peers) do
    if lacks(peer, sequence, entry) then
      peer.lost = sequence
    end
  end
  self.buffer[sequence] = nil
  self.bufferBytes = self.bufferBytes - #entry.text
  self.first = sequence + 1
end

-- Drops what every peer has, and what is more than the buffer may hold.
local function trim(self)
  local function isWanted(sequence)
    for _, peer in pairs(self.peers) do
      if lacks(peer, sequence, self.buffer[sequence]) then
        return true
      end
    end
    return false
  end
  while
    self.first <= self.sequence
    and (
      self.sequence - self.first >= self.bufferCountMax
      or self.bufferBytes > self.bufferBytesMax
      or not isWanted(self.first)
    )
  do
    dropFirst(self)
  end
end

local function record(self, encoded, source)
  self.sequence = self.sequence + 1
  self.buffer[self.sequence] = { text = encoded, source = source }
  self.bufferBytes = self.bufferBytes + #encoded
  trim(self)
end

-- The text of all that a peer may lack since a number, or nil.
local function textSince(self, peer, since)
  local found, joined
  for sequence = max(self.first, since + 1), self.sequence do
    local entry = self.buffer[sequence]
    if entry.source ~= peer.replica then
      if found then
        joined = (joined or crdt.decode(found)):merge(crdt.decode(entry.text))
      end
      found = entry.text
    end
  end
  return joined and joined:encode() or found
end

-- Sends a state, or, where `since` is given, a delta for a peer that has everything up to that number.
local function sendChanges(self, peer, encoded, since)
  send(self, peer, since and "Crdt-Delta" or "Crdt-State", {
    { "Session", self.session }, { "Since", since }, { "Sequence", self.sequence },
  }, encoded)
  peer.sent = self.sequence
  peer.retryAt = peer.retryAt or now() + self.retryMs
end

-- Sends a peer what it lacks since a number.
local function transmit(self, peer, since)
  if since < peer.lost then
    sendChanges(self, peer, self.document:encode())
  else
    local encoded = textSince(self, peer, since)
    if encoded then
      sendChanges(self, peer, encoded, since)
    end
  end
end

local function writeVersion(context)
  local list = {}
  for index, replica in ipairs(sortedKeys(context)) do
    list[index] = { replica }
    for _, bound in ipairs(context[replica]) do
      list[index][#list[index] + 1] = bound
    end
  end
  return toJson(list)
end

local function readVersion(encoded)
  local context = {}
  for _, entry in ipairs(expectList(fromJson(encoded))) do
    context[checkReplica(expectList(entry)[1])] = readRanges(entry, 2)
  end
  return context
end

-- Tells a peer what is known here. It sends what is missing, and may ask in turn unless this is a reply.
local function sendSync(self, peer, isReply)
  send(self, peer, "Crdt-Sync", {
    { "Session", peer.session }, { "Received", peer.received }, { "Reply", isReply and "true" },
  }, writeVersion(self.document.context))
end

-- Records local changes, and sends each peer what is new.
function shared:flush()
  local changes = self.document.unsent
  if next(changes.context) then
    self.document.unsent = emptyDelta(self.document.kind)
    record(self, changes:encode(), self.document.replica)
  end
  for _, peer in ipairs(sortedPeers(self)) do
    if peer.sent < self.sequence then
      transmit(self, peer, peer.sent)
    end
  end
end

-- Runs `fn(document)`, and sends all that it changed as one delta. Gives what `fn` gives.
function shared:change(fn)
  local result = fn(self.document)
  self:flush()
  return result
end

-- Compares notes with all peers: each sends what the other lacks.
function shared:sync()
  self:flush()
  for _, peer in ipairs(sortedPeers(self)) do
    sendSync(self, peer)
  end
end

-- { sequence, buffered, peers = { { replica, process, acked, waiting, attempts } } }, for people and tests.
function shared:status()
  local peers = {}
  for index, peer in ipairs(sortedPeers(self)) do
    peers[index] = {
      replica = peer.replica, process = peer.process, acked = peer.acked, attempts = peer.attempts,
      waiting = not isCurrent(self, peer),
    }
  end
  return { sequence = self.sequence, buffered = self.sequence - self.first + 1, peers = peers }
end

-- Sends again what was not acknowledged in time.
local function retry(self)
  for _, peer in ipairs(sortedPeers(self)) do
    if peer.retryAt and now() >= peer.retryAt and not isCurrent(self, peer) then
      peer.attempts = peer.attempts + 1
      peer.retryAt = now() + (self.retryMs << min(peer.attempts, doublingsMax))
      transmit(self, peer, peer.acked)
    end
  end
end

-- Merges what a peer sent. False if it cannot be: then nothing is acknowledged.
local function absorb(self, peer, encoded)
  local document = self.document
  local other = crdt.decode(encoded)
  local own, theirs = document.context[document.replica], other.context[document.replica]
  if own and theirs and not coversRanges(own, theirs) then
    note(self, "%s has changes of replica %s that were not made here. Either two processes use that id, or this one "
      .. "lost its state. Begin again with an empty table and a new replica id.", peer.replica, document.replica)
    return false
  end
  local isNew = not covers(document.context, other.context)
  document:merge(other)
  if isNew then
    record(self, encoded, peer.replica)
    if self.onChange then
      self.onChange(document, peer.replica)
    end
    self:flush()
  end
  return true
end

-- What to do with each kind of message from a peer.
local actions = {}

local function countOf(tags, name)
  return expectCount(tonumber(tags[name]), 0)
end

local function acknowledge(self, peer, sequence)
  peer.received = max(peer.received, sequence)
  peer.askedAt = nil
  send(self, peer, "Crdt-Ack", { { "Session", peer.session }, { "Sequence", peer.received } })
end

actions["Crdt-Delta"] = function(self, peer, tags, data)
  local since, sequence = countOf(tags, "Since"), countOf(tags, "Sequence")
  if since > peer.received then
    -- Something in between was lost. One question is enough for all that comes behind it.
    if not peer.askedAt or now() >= peer.askedAt + self.retryMs then
      peer.askedAt = now()
      sendSync(self, peer)
    end
  elseif sequence <= peer.received or absorb(self, peer, data) then
    acknowledge(self, peer, sequence)
  end
end

actions["Crdt-State"] = function(self, peer, tags, data)
  if absorb(self, peer, data) then
    acknowledge(self, peer, countOf(tags, "Sequence"))
  end
end

actions["Crdt-Ack"] = function(self, peer, tags)
  if tags.Session == self.session then
    peer.acked = max(peer.acked, min(countOf(tags, "Sequence"), self.sequence))
    peer.sent = max(peer.sent, peer.acked)
    trim(self)
  end
end

actions["Crdt-Sync"] = function(self, peer, tags, data)
  local theirs = readVersion(data)
  local mine = self.document.context
  local received = min(countOf(tags, "Received"), self.sequence)
  -- A peer that has less than it acknowledged has lost its state, or the message is an old one.
  local isKnown = tags.Session == self.session and received >= peer.acked
  peer.acked = isKnown and received or 0
  if covers(theirs, mine) then
    -- It has everything, by whatever way, but perhaps not the number.
    peer.lost = 0
    if peer.acked < self.sequence then
      sendChanges(self, peer, emptyDelta(self.document.kind):encode(), peer.acked)
    end
  else
    if not isKnown or isCurrent(self, peer) then
      peer.acked, peer.lost = 0, self.sequence
    end
    transmit(self, peer, peer.acked)
  end
  if not tags.Reply and not covers(mine, theirs) then
    sendSync(self, peer, true)
  end
end

local function ignore(self, msg)
  note(self, "ignored %s from %s, which is not a peer.", msg.Action, tostring(msg.From))
end

local function receive(self, msg)
  local tags = msg.Tags
  local peer = self.peers[tags["From-Replica"]]
  if tags["To-Replica"] ~= self.document.replica then
    -- A process on two schedulers also hears what is meant for the other replica.
    return
  elseif not peer or peer.process ~= msg.From then
    return ignore(self, msg)
  end
  if (msg.Action == "Crdt-Delta" or msg.Action == "Crdt-State") and tags.Session ~= peer.session then
    peer.session, peer.received = tags.Session, 0
  end
  local wasSilent = peer.attempts > 0
  peer.attempts = 0
  actions[msg.Action](self, peer, tags, msg.Data)
  if isCurrent(self, peer) then
    peer.retryAt = nil
  elseif wasSilent then
    -- It is back: no reason to wait for the next repetition.
    peer.retryAt = nil
    transmit(self, peer, peer.acked)
  end
end

local function isOwner(msg)
  return msg.From == G.Owner or msg.From == G.ao.id
end

local function addHandler(self)
  local function isOurs(msg)
    return actions[msg.Action] ~= nil and msg.Tags.Document == self.name
  end
  G.Handlers.prepend("crdt." .. self.name, function(msg)
    return isOurs(msg) and "break" or "continue"
  end, function(msg)
    if not isOurs(msg) then
      -- An error here would fail every message, the owner's too.
      local ok, problem = true, nil
      if not msg["Read-Only"] then
        ok, problem = pcall(function()
          self:flush()
          retry(self)
        end)
      end
      if not ok then
        note(self, "%s", tostring(problem))
      end
    elseif msg.Tags["From-Replica"] then
      self:flush()
      receive(self, msg)
      retry(self)
    elseif msg.Action == "Crdt-Sync" and isOwner(msg) then
      self:sync()
    else
      ignore(self, msg)
    end
  end)
end

local function readPeers(self, list)
  local peers, added = {}, {}
  for _, entry in ipairs(list) do
    local process = type(entry) == "table" and entry.process or entry
    local replica = checkReplica(type(entry) == "table" and entry.replica or process)
    if type(process) ~= "string" then
      fail("A peer must be a process id, or { process = id, replica = id }.")
    end
    -- So that all processes may be given the same list.
    if replica ~= self.document.replica then
      local peer = self.peers[replica]
      if not peer then
        peer = {
          replica = replica, acked = 0, sent = self.sequence, lost = self.sequence, attempts = 0, received = 0,
          retryAt = now() + self.retryMs,
        }
        added[#added + 1] = peer
      end
      peer.process = process
      peers[replica] = peer
    end
  end
  self.peers = peers
  return added
end

-- Makes a document that this process shares with others, or takes it up again.
--
-- options:
--   store     a table that the process keeps, such as `Documents = Documents or {}`: code that is loaded again finds
--             its documents there
--   name      of the document, the same everywhere
--   kind      such as "ORMap"
--   peers     list of process ids, or of { process = id, replica = id }; the process itself may be among them
--   replica   id of this replica; the process id if left out. Never the id of another replica, nor of one whose state
--             is gone
--   retryMs   after how long to send again what was not acknowledged; 30,000 if left out
--   bufferCountMax, bufferBytesMax  what to keep for peers that do not answer; 256 deltas, 1 MiB
--   onChange  function(document, replica), called when a peer's changes have been merged
--
-- Gives { document, change(fn), flush(), sync(), status() }. While a document is shared, change it by its own methods
-- alone; deltas merged by hand do not reach the peers.
function crdt.replicate(options)
  local store, name = options.store, options.name
  if type(store) ~= "table" then
    fail("replicate needs a table `store` that the process keeps, such as Documents = Documents or {}.")
  elseif not isText(name) or name == "" or #name > nameBytesMax then
    fail("replicate needs a `name` of 1 to %d bytes of UTF-8.", nameBytesMax)
  elseif not kinds[options.kind or ""] then
    fail("replicate needs a `kind`: %s.", concat(sortedKeys(kinds), ", "))
  end
  local replica = checkReplica(options.replica or G.ao.id)
  local self = store[name]
  if not self then
    self = {
      name = name, document = document(options.kind, replica),
      -- Both rise, and one of them from any life of the document to the next.
      session = format("%d.%d", now(), G.ao.reference or 0),
      sequence = 0, first = 1, buffer = {}, bufferBytes = 0, peers = {},
    }
    self.document.unsent = emptyDelta(options.kind)
    store[name] = self
  elseif self.document.kind ~= options.kind or self.document.replica ~= replica then
    fail("The document %s is a %s of replica %s. Take another name for a %s of replica %s.", name, self.document.kind,
      self.document.replica, options.kind, replica)
  end
  -- This code may be newer than what made the tables.
  setmetatable(self, sharedMeta)
  setmetatable(self.document, metatables[options.kind])
  setmetatable(self.document.unsent, metatables[options.kind])
  self.retryMs = checkCount(options.retryMs or 30000, 1, "retryMs")
  self.bufferCountMax = checkCount(options.bufferCountMax or 256, 1, "bufferCountMax")
  self.bufferBytesMax = checkCount(options.bufferBytesMax or 1 << 20, 1, "bufferBytesMax")
  self.onChange = options.onChange
  local added = readPeers(self, options.peers or none)
  trim(self)
  addHandler(self)
  for _, peer in ipairs(added) do
    sendSync(self, peer)
  end
  return self
end

return crdt
