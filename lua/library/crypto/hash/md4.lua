-- MD4, RFC 1320.
local import = ...
local blocks = import(".crypto.hash.blocks")

local mask = 0xFFFFFFFF

-- By round: in which order the words of a block are taken, from 1; and by how many bits is rotated, in turn.
local orders = {
  { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
  { 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 4, 8, 12, 16 },
  { 1, 9, 5, 13, 3, 11, 7, 15, 2, 10, 6, 14, 4, 12, 8, 16 },
}
local rotations = { { [0] = 19, 3, 7, 11 }, { [0] = 13, 3, 5, 9 }, { [0] = 15, 3, 9, 11 } }

local function mix(round, b, c, d)
  if round == 1 then
    return d ~ (b & (c ~ d))
  elseif round == 2 then
    return ((b & c) | (d & (b | c))) + 0x5A827999
  end
  return (b ~ c ~ d) + 0x6ED9EBA1
end

local function compress(words, a, b, c, d)
  for round = 1, 3 do
    local order, rotation = orders[round], rotations[round]
    for index = 1, 16 do
      local sum = (a + mix(round, b, c, d) + words[order[index]]) & mask
      local bits = rotation[index & 3]
      a, b, c, d = d, (sum << bits | sum >> (32 - bits)) & mask, b, c
    end
  end
  return a, b, c, d
end

return blocks(64, "<", { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476 }, compress)
