-- HMAC, RFC 2104, with a block size to choose.
local byte, char, gsub, rep, tostring = string.byte, string.char, string.gsub, string.rep, tostring

local import = ...
local input = import(".crypto.input")

local hashes = { sha1 = import(".crypto.hash.sha1"), sha256 = import(".crypto.hash.sha2_256") }

local function flipped(text, bits)
  return (gsub(text, ".", function(character)
    return char(byte(character) ~ bits)
  end))
end

-- Gives the function that makes the code of a text, for a key.
return function(algorithm, key, blockSize)
  local hash = hashes[algorithm]
  if not hash then
    input.fail("Unsupported algorithm: " .. tostring(algorithm))
  end
  if #key > blockSize then
    key = hash.hash(key)
  end
  key = key .. rep("\0", blockSize - #key)
  local inner, outer = hash.after(flipped(key, 0x36)), hash.after(flipped(key, 0x5C))
  return function(text)
    return outer(inner(text))
  end
end
