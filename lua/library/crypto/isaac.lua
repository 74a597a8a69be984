-- ISAAC, the generator of Bob Jenkins (1996): numbers of 32 bits, from a seed.
local byte = string.byte

local mask = 0xFFFFFFFF

-- Stirs eight words, from index 0. A negative shift goes to the right.
local shifts = { [0] = 11, -2, 8, -16, 10, -4, 8, -9 }

local function mix(words)
  for index = 0, 7 do
    local next = (index + 1) & 7
    local third = (index + 3) & 7
    words[index] = (words[index] ~ (words[next] << shifts[index])) & mask
    words[third] = (words[third] + words[index]) & mask
    words[next] = (words[next] + words[(index + 2) & 7]) & mask
  end
end

-- Fills the memory with stirred words, into which the words of `source`, if any, go as well.
local function fill(memory, words, source)
  for start = 0, 255, 8 do
    if source then
      for index = 0, 7 do
        words[index] = (words[index] + source[start + index]) & mask
      end
    end
    mix(words)
    for index = 0, 7 do
      memory[start + index] = words[index]
    end
  end
end

-- Gives a generator: a function that returns the next number, from 0 to 2^32 - 1.
--
-- The seed is a string, of which the first 256 bytes count. Without one the numbers are always the same.
return function(seed)
  local memory, results, position = {}, {}, 256
  local a, b, c = 0, 0, 0

  local words = {}
  for index = 0, 7 do
    words[index] = 0x9E3779B9
  end
  for _ = 1, 4 do
    mix(words)
  end
  if seed then
    for index = 0, 255 do
      results[index] = byte(seed, index + 1) or 0
    end
    fill(memory, words, results)
    fill(memory, words, memory)
  else
    fill(memory, words)
  end

  local function generate()
    c = (c + 1) & mask
    b = (b + c) & mask
    for index = 0, 255 do
      local turn = index & 3
      if turn == 0 then
        a = a ~ (a << 13)
      elseif turn == 1 then
        a = a ~ (a >> 6)
      elseif turn == 2 then
        a = a ~ (a << 2)
      else
        a = a ~ (a >> 16)
      end
      a = (memory[(index + 128) & 255] + a) & mask
      local old = memory[index]
      local new = (memory[(old >> 2) & 255] + a + b) & mask
      memory[index] = new
      b = (memory[(new >> 10) & 255] + old) & mask
      results[index] = b
    end
  end

  return function()
    if position > 255 then
      generate()
      position = 0
    end
    local result = results[position]
    position = position + 1
    return result
  end
end
