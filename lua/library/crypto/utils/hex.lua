-- `utils.hex`: strings to hex digits and back. Process API 14.7.
local byte, concat, format, gsub, min = string.byte, table.concat, string.format, string.gsub, math.min

local import = ...
local bytes = import(".crypto.bytes")
local input = import(".crypto.input")

local fromHex, fromLooseHex = bytes.fromHex, bytes.fromLooseHex

local hex = {}

-- Writes lines of `perLine` bytes (all in one if left out), with `separator` between the bytes of a line.
function hex.stringToHex(text, perLine, separator)
  local name = "utils.hex.stringToHex"
  text = input.text(name, "the text", text)
  separator = input.text(name, "the separator", separator or "")
  perLine = input.integer(name, "perLine", perLine or #text + 1, 1)
  local lines = {}
  for first = 1, #text, perLine do
    local digits = {}
    for index = first, min(first + perLine - 1, #text) do
      digits[#digits + 1] = format("%02x", byte(text, index))
    end
    lines[#lines + 1] = concat(digits, separator)
  end
  return concat(lines, "\n")
end

-- Blanks are ignored. `unsafe` leaves out the check that there is nothing but pairs of hex digits.
function hex.hexToString(text, unsafe)
  local digits = gsub(input.text("utils.hex.hexToString", "the hex", text), "%s", "")
  return unsafe and fromLooseHex(digits) or fromHex(digits) or input.fail("invalid hex string")
end

return hex
