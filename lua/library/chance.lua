-- `require(".chance")`: the Mersenne Twister MT19937 behind `math.random`. Process API 13 and 14.8.
local error, floor = error, math.floor

local wordCount = 624
local middle = 397
local mask = 0xFFFFFFFF

local chance = { _version = "0.0.1" }

-- The words are made when the first number is asked for: most processes never ask.
local words, position, pendingSeed

local function fill(seed)
  words = { [0] = seed & mask }
  for index = 1, wordCount - 1 do
    local previous = words[index - 1]
    words[index] = (1812433253 * (previous ~ (previous >> 30)) + index) & mask
  end
  position = wordCount
end

local function twist()
  for index = 0, wordCount - 1 do
    local mixed = (words[index] & 0x80000000) | (words[(index + 1) % wordCount] & 0x7FFFFFFF)
    local word = words[(index + middle) % wordCount] ~ (mixed >> 1)
    if mixed & 1 == 1 then
      word = word ~ 0x9908B0DF
    end
    words[index] = word
  end
  position = 0
end

function chance.seed(seed)
  words, pendingSeed = nil, floor(seed)
end

-- The next number in [0, 1). Constant until there is a seed.
function chance.random()
  if not words then
    if not pendingSeed then
      return 0.5
    end
    fill(pendingSeed)
  end
  if position >= wordCount then
    twist()
  end
  local word = words[position]
  position = position + 1
  word = word ~ (word >> 11)
  word = word ~ ((word << 7) & 0x9D2C5680)
  word = word ~ ((word << 15) & 0xEFC60000)
  word = word ~ (word >> 18)
  return (word & mask) * 2.0 ^ -32
end

local random = chance.random

function chance.integer(low, high)
  if high < low then
    error("max must bigger than min", 0)
  end
  return floor(random() * (high - low + 1) + low)
end

return chance
