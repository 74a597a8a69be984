-- SHA-1, FIPS 180-4 6.1.
local import = ...
local blocks = import(".crypto.hash.blocks")

local mask = 0xFFFFFFFF

local function compress(words, a, b, c, d, e)
  for step = 17, 80 do
    local word = words[step - 3] ~ words[step - 8] ~ words[step - 14] ~ words[step - 16]
    words[step] = (word << 1 | word >> 31) & mask
  end
  for step = 1, 80 do
    local mixed
    if step <= 20 then
      mixed = (d ~ (b & (c ~ d))) + 0x5A827999
    elseif step <= 40 then
      mixed = (b ~ c ~ d) + 0x6ED9EBA1
    elseif step <= 60 then
      mixed = ((b & c) | (d & (b | c))) + 0x8F1BBCDC
    else
      mixed = (b ~ c ~ d) + 0xCA62C1D6
    end
    local sum = (a << 5 | a >> 27) + mixed + e + words[step]
    a, b, c, d, e = sum & mask, a, (b << 30 | b >> 2) & mask, c, d
  end
  return a, b, c, d, e
end

return blocks(64, ">", { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0 }, compress)
