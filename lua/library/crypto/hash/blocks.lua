-- The frame that MD4, MD5, SHA-1 and SHA-2 share: the message is padded with its length in bits, and its blocks of
-- 16 words each are worked into a state of words, one after the other (RFC 1320 3; FIPS 180-4 5 and 6).
local move, pack, rep, sub, unpack, unpackArray =
  table.move, string.pack, string.rep, string.sub, string.unpack, table.unpack

-- Makes a hash of
--   blockSize   64 or 128 bytes
--   endian      "<" or ">": the order of bytes in a word
--   initial     the words of the state at the beginning
--   compress    a function that mixes the words of a state, its further arguments, with a table of the 16 words of a
--               block. What it gives is added to the state, word by word; it may have bits too many above.
--
-- Gives a table of two functions: `hash(text)`, the digest; `after(prefix)`, the function that gives the digest of
-- `prefix .. text`, where the blocks of the prefix are worked in once.
return function(blockSize, endian, initial, compress)
  local word, mask = "I" .. blockSize // 16, blockSize == 64 and 0xFFFFFFFF or -1
  local blockFormat = endian .. rep(word, 16)
  local digestFormat = endian .. rep(word, #initial)
  local lengthSize = blockSize // 8
  local lengthFormat = endian .. "I" .. lengthSize

  local function absorb(state, text, last)
    for position = 1, last, blockSize do
      local mixed = { compress({ unpack(blockFormat, text, position) }, unpackArray(state)) }
      for index = 1, #state do
        state[index] = (state[index] + mixed[index]) & mask
      end
    end
  end

  local function after(prefix)
    local start = move(initial, 1, #initial, 1, {})
    local absorbed = #prefix - #prefix % blockSize
    absorb(start, prefix, absorbed)
    local rest = sub(prefix, absorbed + 1)

    return function(text)
      local state = move(start, 1, #start, 1, {})
      local size = #prefix + #text
      local zeros = rep("\0", -(size + 1 + lengthSize) % blockSize)
      local padded = rest .. text .. "\x80" .. zeros .. pack(lengthFormat, size * 8)
      absorb(state, padded, #padded)
      return pack(digestFormat, unpackArray(state))
    end
  end

  return { hash = after(""), after = after }
end
