-- `base64` and `require(".base64")`. Process API 14.3.
local byte, char, concat, error, pairs, type = string.byte, string.char, table.concat, error, pairs, type

local base64 = {}

local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

local padding = 64

-- Maps 0..63 to the codes of characters, and 64 to that of the padding. The arguments are one character each.
function base64.makeencoder(c62, c63, pad)
  local encoder = {}
  for index = 0, 61 do
    encoder[index] = byte(digits, index + 1)
  end
  encoder[62], encoder[63], encoder[padding] = byte(c62 or "+"), byte(c63 or "/"), byte(pad or "=")
  return encoder
end

-- Maps the other way: codes of characters to 0..64.
function base64.makedecoder(c62, c63, pad)
  local decoder = {}
  for value, code in pairs(base64.makeencoder(c62, c63, pad)) do
    decoder[code] = value
  end
  return decoder
end

local defaultEncoder, defaultDecoder = base64.makeencoder(), base64.makedecoder()

local function checkString(text)
  if type(text) ~= "string" then
    error("expected argument of type string, got " .. type(text), 3)
  end
end

-- Encodes bytes, with padding. A third argument, with which one may ask for a cache, changes nothing.
function base64.encode(bytes, encoder)
  checkString(bytes)
  encoder = encoder or defaultEncoder
  local parts, count, whole = {}, 0, #bytes - #bytes % 3
  for position = 1, whole, 3 do
    local first, second, third = byte(bytes, position, position + 2)
    local group = first << 16 | second << 8 | third
    count = count + 1
    parts[count] = char(encoder[group >> 18], encoder[group >> 12 & 63], encoder[group >> 6 & 63], encoder[group & 63])
  end
  local first, second = byte(bytes, whole + 1, whole + 2)
  if first then
    local group = first << 16 | (second or 0) << 8
    local third = second and group >> 6 & 63 or padding
    parts[count + 1] = char(encoder[group >> 18], encoder[group >> 12 & 63], encoder[third], encoder[padding])
  end
  return concat(parts)
end

-- Decodes text with or without padding, up to the first padding; what is not of the alphabet is skipped.
function base64.decode(text, decoder)
  checkString(text)
  decoder = decoder or defaultDecoder
  local parts, count, position, length = {}, 0, 1, #text
  -- What has been read of a group that is not full: so many characters, and their bits.
  local held, group = 0, 0
  while position <= length do
    local first, second, third, fourth = byte(text, position, position + 3)
    first, second, third, fourth = decoder[first], decoder[second], decoder[third], decoder[fourth]
    if held == 0 and first and second and third and fourth and first | second | third | fourth < padding then
      held, group = 4, first << 18 | second << 12 | third << 6 | fourth
      position = position + 4
    elseif first == padding then
      break
    else
      if first then
        held, group = held + 1, group << 6 | first
      end
      position = position + 1
    end
    if held == 4 then
      count = count + 1
      parts[count] = char(group >> 16, group >> 8 & 255, group & 255)
      held, group = 0, 0
    end
  end
  -- A last character by itself is no byte.
  if held == 2 then
    parts[count + 1] = char(group >> 4)
  elseif held == 3 then
    parts[count + 1] = char(group >> 10, group >> 2 & 255)
  end
  return concat(parts)
end

return base64
