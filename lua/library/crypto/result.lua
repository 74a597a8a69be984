-- What digests and ciphers give: bytes that are read as a string, as hex or as an array.
local import = ...
local bytes = import(".crypto.bytes")

local toArray, toHex = bytes.toArray, bytes.toHex

-- `encode` writes the hex, in lower case if left out.
return function(text, encode)
  encode = encode or toHex
  return {
    asString = function()
      return text
    end,
    asHex = function()
      return encode(text)
    end,
    asBytes = function()
      return toArray(text)
    end,
  }
end
