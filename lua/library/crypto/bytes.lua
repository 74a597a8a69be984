-- Bytes in their three forms: a string, an array of numbers from 0 to 255, hex digits.
local byte, char, find, format, gsub, tonumber =
  string.byte, string.char, string.find, string.format, string.gsub, tonumber

local bytes = {}

function bytes.toArray(text)
  local array = {}
  for index = 1, #text do
    array[index] = byte(text, index)
  end
  return array
end

local function lowerPair(character)
  return format("%02x", byte(character))
end

local function upperPair(character)
  return format("%02X", byte(character))
end

local function character(pair)
  return char(tonumber(pair, 16))
end

function bytes.toHex(text)
  return (gsub(text, ".", lowerPair))
end

function bytes.toUpperHex(text)
  return (gsub(text, ".", upperPair))
end

-- The bytes, or nil where there is anything but pairs of hex digits.
function bytes.fromHex(hex)
  if #hex % 2 == 0 and not find(hex, "%X") then
    return (gsub(hex, "..", character))
  end
end

-- Reads the pairs of hex digits that there are, and leaves the rest as it stands.
function bytes.fromLooseHex(hex)
  return (gsub(hex, "%x%x", character))
end

return bytes
