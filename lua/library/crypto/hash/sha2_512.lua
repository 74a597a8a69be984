-- SHA-512, FIPS 180-4 6.4.
local import = ...
local blocks = import(".crypto.hash.blocks")
local constants = import(".crypto.hash.sha2-constants")

local steps = constants.steps

local function compress(words, a, b, c, d, e, f, g, h)
  for step = 17, 80 do
    local late, early = words[step - 2], words[step - 15]
    local sigma1 = (late >> 19 | late << 45) ~ (late >> 61 | late << 3) ~ late >> 6
    local sigma0 = (early >> 1 | early << 63) ~ (early >> 8 | early << 56) ~ early >> 7
    words[step] = words[step - 16] + sigma0 + words[step - 7] + sigma1
  end
  for step = 1, 80 do
    local upper1 = (e >> 14 | e << 50) ~ (e >> 18 | e << 46) ~ (e >> 41 | e << 23)
    local upper0 = (a >> 28 | a << 36) ~ (a >> 34 | a << 30) ~ (a >> 39 | a << 25)
    local sum = h + upper1 + (g ~ (e & (f ~ g))) + steps[step] + words[step]
    h, g, f, e, d, c, b, a = g, f, e, d + sum, c, b, a, sum + upper0 + ((a & b) | (c & (a | b)))
  end
  return a, b, c, d, e, f, g, h
end

return blocks(128, ">", constants.initial, compress)
