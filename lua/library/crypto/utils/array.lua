-- `utils.array`: arrays of bytes. All functions leave their arguments as they are. Process API 14.7.
local max, min, move, pairs = math.max, math.min, table.move, pairs

local import = ...
local bytes = import(".crypto.bytes")
local input = import(".crypto.input")
local fromText = import(".crypto.utils.stream").fromString

local toArray = bytes.toArray

local array = {}

function array.size(list)
  return #list
end

function array.fromString(text)
  return toArray(input.text("utils.array.fromString", "the text", text))
end

function array.toString(list)
  return input.array("utils.array.toString", "the array", list)
end

function array.fromStream(stream)
  return toArray(input.stream("utils.array.fromStream", "the stream", stream))
end

function array.toStream(list)
  return fromText(input.array("utils.array.toStream", "the array", list))
end

-- Takes `size` values out of a queue; fewer, if it holds no more.
function array.readFromQueue(queue, size)
  local list = {}
  for index = 1, min(size, queue.size()) do
    list[index] = queue.pop()
  end
  return list
end

function array.writeToQueue(queue, list)
  for index = 1, #list do
    queue.push(list[index])
  end
end

function array.fromHex(hex)
  return toArray(input.hex("utils.array.fromHex", "the hex", hex))
end

-- Upper case.
function array.toHex(list)
  return bytes.toUpperHex(input.array("utils.array.toHex", "the array", list))
end

function array.concat(first, second)
  return move(second, 1, #second, #first + 1, array.copy(first))
end

function array.truncate(list, size)
  return array.slice(list, 1, size)
end

-- As long as the shorter of the two.
function array.XOR(first, second)
  local list = {}
  for index = 1, min(#first, #second) do
    list[index] = first[index] ~ second[index]
  end
  return list
end

-- Puts in the place of each value what the box has under it.
function array.substitute(list, box)
  local substituted = {}
  for index, value in pairs(list) do
    substituted[index] = box[value]
  end
  return substituted
end

-- Puts at each place the value from the place that the box names.
function array.permute(list, box)
  local permuted = {}
  for index, place in pairs(box) do
    permuted[index] = list[place]
  end
  return permuted
end

function array.copy(list)
  return move(list, 1, #list, 1, {})
end

-- The values from `start` to `stop`, both included, counted from 1.
function array.slice(list, start, stop)
  return move(list, max(start, 1), min(stop, #list), 1, {})
end

return array
