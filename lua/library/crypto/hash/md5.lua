-- MD5, RFC 1321.
local floor, sin = math.floor, math.sin

local import = ...
local blocks = import(".crypto.hash.blocks")

local mask = 0xFFFFFFFF

local constants = {}
for step = 0, 63 do
  local sine = sin(step + 1)
  constants[step] = floor((sine < 0 and -sine or sine) * 2 ^ 32)
end

-- By how many bits is rotated: four values in turn, other ones in each round.
local rotations = { [0] = 7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21 }

local function compress(words, a, b, c, d)
  for step = 0, 63 do
    local round = step >> 4
    local mixed, index
    if round == 0 then
      mixed, index = d ~ (b & (c ~ d)), step
    elseif round == 1 then
      mixed, index = c ~ (d & (b ~ c)), 5 * step + 1
    elseif round == 2 then
      mixed, index = b ~ c ~ d, 3 * step + 5
    else
      mixed, index = c ~ (b | (d ~ mask)), 7 * step
    end
    local sum = (a + mixed + constants[step] + words[(index & 15) + 1]) & mask
    local bits = rotations[round << 2 | step & 3]
    a, b, c, d = d, (b + (sum << bits | sum >> (32 - bits))) & mask, b, c
  end
  return a, b, c, d
end

return blocks(64, "<", { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476 }, compress)
