-- BLAKE2b, RFC 7693.
local move, pack, rep, sub, unpack, unpackArray =
  table.move, string.pack, string.rep, string.sub, string.unpack, table.unpack

local import = ...
local initial = import(".crypto.hash.sha2-constants").initial

local blockFormat, digestFormat = "<" .. rep("I8", 16), "<" .. rep("I8", 8)

-- By round: in which order the words of the block are taken, from 1. Two more rounds start over.
local orders = {
  { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
  { 15, 11, 5, 9, 10, 16, 14, 7, 2, 13, 1, 3, 12, 8, 6, 4 },
  { 12, 9, 13, 1, 6, 3, 16, 14, 11, 15, 4, 7, 8, 2, 10, 5 },
  { 8, 10, 4, 2, 14, 13, 12, 15, 3, 7, 6, 11, 5, 1, 16, 9 },
  { 10, 1, 6, 8, 3, 5, 11, 16, 15, 2, 12, 13, 7, 9, 4, 14 },
  { 3, 13, 7, 11, 1, 12, 9, 4, 5, 14, 8, 6, 16, 15, 2, 10 },
  { 13, 6, 2, 16, 15, 14, 5, 11, 1, 8, 7, 4, 10, 3, 9, 12 },
  { 14, 12, 8, 15, 13, 2, 4, 10, 6, 1, 16, 5, 9, 7, 3, 11 },
  { 7, 16, 15, 10, 12, 4, 1, 9, 13, 3, 14, 8, 2, 5, 11, 6 },
  { 11, 3, 9, 5, 8, 7, 2, 6, 16, 12, 10, 15, 4, 13, 14, 1 },
}
orders[11], orders[12] = orders[1], orders[2]

local function mix(v, ia, ib, ic, id, x, y)
  local a, b, c, d = v[ia], v[ib], v[ic], v[id]
  a = a + b + x
  d = d ~ a
  d = d >> 32 | d << 32
  c = c + d
  b = b ~ c
  b = b >> 24 | b << 40
  a = a + b + y
  d = d ~ a
  d = d >> 16 | d << 48
  c = c + d
  b = b ~ c
  v[ia], v[ib], v[ic], v[id] = a, b >> 63 | b << 1, c, d
end

-- Works one block into the state. `count` is how many bytes have been taken with it.
local function compress(state, block, count, isLast)
  local m = { unpack(blockFormat, block) }
  local v = move(initial, 1, 8, 9, move(state, 1, 8, 1, {}))
  v[13] = v[13] ~ count
  if isLast then
    v[15] = ~v[15]
  end
  for round = 1, 12 do
    local order = orders[round]
    mix(v, 1, 5, 9, 13, m[order[1]], m[order[2]])
    mix(v, 2, 6, 10, 14, m[order[3]], m[order[4]])
    mix(v, 3, 7, 11, 15, m[order[5]], m[order[6]])
    mix(v, 4, 8, 12, 16, m[order[7]], m[order[8]])
    mix(v, 1, 6, 11, 16, m[order[9]], m[order[10]])
    mix(v, 2, 7, 12, 13, m[order[11]], m[order[12]])
    mix(v, 3, 8, 9, 14, m[order[13]], m[order[14]])
    mix(v, 4, 5, 10, 15, m[order[15]], m[order[16]])
  end
  for index = 1, 8 do
    state[index] = state[index] ~ v[index] ~ v[index + 8]
  end
end

local function padded(text)
  return text .. rep("\0", 128 - #text)
end

-- `size` is that of the digest, 1 to 64 bytes; the key has 0 to 64.
return function(text, size, key)
  if key ~= "" then
    text = padded(key) .. text
  end
  local state = move(initial, 1, 8, 1, {})
  state[1] = state[1] ~ 0x01010000 ~ #key << 8 ~ size
  -- The last block is never empty, unless the message is.
  local last = text == "" and 1 or (#text - 1) // 128 * 128 + 1
  for position = 1, last - 1, 128 do
    compress(state, sub(text, position, position + 127), position + 127, false)
  end
  compress(state, padded(sub(text, last)), #text, true)
  return sub(pack(digestFormat, unpackArray(state)), 1, size)
end
