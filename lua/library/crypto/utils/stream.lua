-- `utils.stream`: functions that give the next byte, and nil at the end. Each byte comes once. Process API 14.7.
local byte = string.byte

local import = ...
local bytes = import(".crypto.bytes")
local input = import(".crypto.input")

local stream = {}

local function fromText(text)
  local position = 0
  return function()
    position = position + 1
    return (byte(text, position))
  end
end

function stream.fromString(text)
  return fromText(input.text("utils.stream.fromString", "the text", text))
end

function stream.toString(source)
  return input.stream("utils.stream.toString", "the source", source)
end

function stream.fromArray(array)
  return fromText(input.array("utils.stream.fromArray", "the array", array))
end

function stream.toArray(source)
  return bytes.toArray(input.stream("utils.stream.toArray", "the source", source))
end

function stream.fromHex(text)
  return fromText(input.hex("utils.stream.fromHex", "the text", text))
end

-- Upper case.
function stream.toHex(source)
  return bytes.toUpperHex(input.stream("utils.stream.toHex", "the source", source))
end

return stream
