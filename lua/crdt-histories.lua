-- Runs random histories of replicas for crdt.test.ts, many at once: this is evaluated in a process, and returns a
-- function from the JSON text of histories to the JSON text of what was seen (crdt-histories.ts has the shapes).
local crdt, json = require("crdt"), require("json")

-- A state or delta that came up: { text = its encoding, document = what that was decoded to }. Documents are merged
-- into others again and again, which must not change them.
local function entryOf(text)
  return { text = text, document = crdt.decode(text) }
end

-- The encoding of what entries are together.
local function merge(first, ...)
  local merged = crdt.decode(first.text)
  for _, entry in ipairs({ ... }) do
    merged:merge(entry.document)
  end
  return merged:encode()
end

-- Characters of 2, 3 and 4 bytes, each once in a history.
local function uniqueText(history, count)
  local characters = {}
  for index = 1, count do
    local number = history.characters
    history.characters = number + 1
    local bases = { 0x100, 0x4E00, 0x1F300 }
    characters[index] = utf8.char(bases[number % 3 + 1] + number)
  end
  return table.concat(characters)
end

local changes = {}

-- The numbers drawn for a text say where in it, whatever its length; what was done is reported.
function changes.insert(history, text, raw, count)
  local index, characters = raw % (text:length() + 1) + 1, uniqueText(history, count)
  return text:insert(index, characters), { index, characters }
end

function changes.delete(history, text, raw, count)
  local length = text:length()
  local index = raw % math.max(1, length) + 1
  count = math.min(count, length - index + 1)
  return text:delete(index, count), { index, count }
end

local function target(document, path)
  for _, step in ipairs(path) do
    document = document[step[1]](document, step[2])
  end
  return document
end

local steps = {}

function steps.change(history, replica, path, method, arguments)
  local document = history.replicas[replica]
  local part = target(document, path)
  local delta, done
  if changes[method] and part.insert then
    delta, done = changes[method](history, part, arguments[1], arguments[2])
  else
    delta = part[method](part, table.unpack(arguments))
  end
  local entry = entryOf(delta:encode())
  history.deltas[#history.deltas + 1] = entry
  history.pool[#history.pool + 1] = entry
  if merge(history.latest[replica], entry) ~= document:encode() then
    history.problem("a state and the delta of a change are not the changed state")
  end
  return done
end

local function deltaAt(history, number)
  return history.deltas[number % #history.deltas + 1]
end

function steps.delta(history, replica, number)
  if history.deltas[1] then
    history.replicas[replica]:merge(deltaAt(history, number).document)
  end
end

-- Two deltas as one.
function steps.group(history, replica, first, second)
  if history.deltas[1] then
    local group = entryOf(merge(deltaAt(history, first), deltaAt(history, second)))
    history.pool[#history.pool + 1] = group
    history.replicas[replica]:merge(group.document)
  end
end

function steps.state(history, replica, other)
  history.replicas[replica]:merge(history.replicas[other])
end

local function checkLaws(history, triple)
  local pool = history.pool
  local x, y, z = pool[triple[1] % #pool + 1], pool[triple[2] % #pool + 1], pool[triple[3] % #pool + 1]
  local both = merge(x, y)
  if merge(y, x) ~= both then
    history.problem("merge is not commutative")
  end
  if merge(entryOf(both), z) ~= merge(x, entryOf(merge(y, z))) then
    history.problem("merge is not associative")
  end
  if merge(x, x) ~= x.text or merge(x, y, y, x) ~= both then
    history.problem("merge is not idempotent")
  end
  if x.document:encode() ~= x.text then
    history.problem("a decoded text is encoded differently, or merging changed what was merged")
  end
end

-- All replicas hear of everything, each in its own order.
local function converge(history, order)
  local texts = {}
  for index, number in ipairs(order) do
    local receiver = history.replicas[index]
    for shift = 1, #history.deltas do
      receiver:merge(deltaAt(history, index % 2 == 0 and number + shift or number - shift).document)
    end
    texts[index] = receiver:encode()
  end
  local last = crdt.decode(texts[1])
  for index, receiver in ipairs(history.replicas) do
    if texts[index] ~= texts[1] then
      history.problem("replicas that know the same differ")
    end
    if tostring(receiver) ~= tostring(last) then
      history.problem("equal states show different values")
    end
  end
  return last:value()
end

local function run(drawn)
  local history = { kind = drawn.kind, replicas = {}, deltas = {}, pool = {}, latest = {}, characters = 0 }
  local problems, trace = {}, {}
  function history.problem(text)
    problems[#problems + 1] = text
  end
  for index = 1, drawn.replicas do
    -- Not in the order of the alphabet.
    history.replicas[index] = crdt[drawn.kind](("dbca"):sub(index, index))
    history.latest[index] = entryOf(history.replicas[index]:encode())
    history.pool[index] = history.latest[index]
  end
  for index, step in ipairs(drawn.steps) do
    local kind, replica = step[1], step[2]
    local done = steps[kind](history, replica, table.unpack(step, 3))
    local document = history.replicas[replica]
    history.latest[replica] = entryOf(document:encode())
    if tostring(document) ~= tostring(history.latest[replica].document) then
      history.problem("a document shows something else than its encoding")
    end
    history.pool[#history.pool + 1] = history.latest[replica]
    trace[index] = { value = document:value(), done = done }
  end
  for _, triple in ipairs(drawn.triples) do
    checkLaws(history, triple)
  end
  return { trace = trace, value = converge(history, drawn.order), problems = problems }
end

return function(text)
  local results = {}
  for index, drawn in ipairs(json.decode(text)) do
    results[index] = run(drawn)
  end
  return json.encode(results)
end
