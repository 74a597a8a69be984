-- Checks what the public functions are given. Each check takes the function's name, what the argument is, and the
-- argument; it gives the value in the form that the algorithms take, or raises an error.
local char, concat, error, find, format, getinfo, mathType, maxinteger, toInteger, tostring, type =
  string.char, table.concat, error, string.find, string.format, debug.getinfo, math.type, math.maxinteger,
  math.tointeger, tostring, type

local import = ...
local fromHex = import(".crypto.bytes").fromHex

local input = {}

-- The strings of one byte. Whatever has none is no byte.
local characters = {}
for value = 0, 255 do
  characters[value] = char(value)
end

-- Raises an error at the code that called into `.crypto`.
local function fail(text)
  local level, info = 1, nil
  repeat
    level = level + 1
    info = getinfo(level, "S")
  until not info or not find(info.source, "^%.crypto")
  error(text, level)
end

input.fail = fail

local function refuse(name, what, wanted, given)
  fail(format("crypto.%s: %s must be %s; %s", name, what, wanted, given))
end

local function typeOf(value)
  return type(value) .. " was given"
end

function input.text(name, what, value)
  if type(value) ~= "string" then
    refuse(name, what, "a string", typeOf(value))
  end
  return value
end

-- A string of exactly `size` bytes, or of `otherSize` where there is one.
function input.sized(name, what, value, size, otherSize)
  input.text(name, what, value)
  if #value ~= size and #value ~= otherSize then
    refuse(name, what, (otherSize and size .. " or " .. otherSize or size) .. " bytes long", "it has " .. #value)
  end
  return value
end

-- A string of hex digits, as the bytes that it stands for.
function input.hex(name, what, value)
  return fromHex(input.text(name, what, value)) or refuse(name, what, "pairs of hex digits", "it holds something else")
end

-- From `low` to `high`, if there is a `high`.
function input.integer(name, what, value, low, high)
  local integer = mathType(value) and toInteger(value)
  if not integer or integer < low or integer > (high or maxinteger) then
    local wanted = high and format("an integer from %d to %d", low, high) or format("an integer of at least %d", low)
    refuse(name, what, wanted, tostring(value) .. " was given")
  end
  return integer
end

local function refuseElement(name, what, index, value)
  refuse(name, what, "bytes (0 to 255)", "element " .. index .. " is " .. tostring(value))
end

-- An array of bytes, as a string.
function input.array(name, what, value)
  if type(value) ~= "table" then
    refuse(name, what, "an array of bytes", typeOf(value))
  end
  local parts = {}
  for index = 1, #value do
    parts[index] = characters[value[index]] or refuseElement(name, what, index, value[index])
  end
  return concat(parts)
end

-- A stream, as a string of all that it still holds. It is empty afterwards.
function input.stream(name, what, value)
  if type(value) ~= "function" then
    refuse(name, what, "a stream, as utils.stream.fromString makes one", typeOf(value))
  end
  local parts, count = {}, 0
  for byte in value do
    count = count + 1
    parts[count] = characters[byte] or refuseElement(name, what, count, byte)
  end
  return concat(parts)
end

return input
