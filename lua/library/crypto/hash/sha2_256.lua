-- SHA-256, FIPS 180-4 6.2.
local import = ...
local blocks = import(".crypto.hash.blocks")
local constants = import(".crypto.hash.sha2-constants")

local mask = 0xFFFFFFFF

local function upperHalves(words)
  local halves = {}
  for index = 1, #words do
    halves[index] = words[index] >> 32
  end
  return halves
end

local initial, steps = upperHalves(constants.initial), upperHalves(constants.steps)

-- A word is rotated by shifting it down with a copy of itself above it. What stays above the 32 bits is harmless in
-- sums, and masked away at their end.
local function compress(words, a, b, c, d, e, f, g, h)
  for step = 17, 64 do
    local late, early = words[step - 2], words[step - 15]
    local late2, early2 = late << 32 | late, early << 32 | early
    local sigma1 = late2 >> 17 ~ late2 >> 19 ~ late >> 10
    local sigma0 = early2 >> 7 ~ early2 >> 18 ~ early >> 3
    words[step] = (words[step - 16] + sigma0 + words[step - 7] + sigma1) & mask
  end
  for step = 1, 64 do
    local e2, a2 = e << 32 | e, a << 32 | a
    local sum = h + (e2 >> 6 ~ e2 >> 11 ~ e2 >> 25) + (g ~ (e & (f ~ g))) + steps[step] + words[step]
    h, g, f, e, d, c, b, a =
      g, f, e, (d + sum) & mask, c, b, a,
      (sum + (a2 >> 2 ~ a2 >> 13 ~ a2 >> 22) + ((a & b) | (c & (a | b)))) & mask
  end
  return a, b, c, d, e, f, g, h
end

return blocks(64, ">", initial, compress)
