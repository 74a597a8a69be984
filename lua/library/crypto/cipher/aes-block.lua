-- AES on one block, FIPS 197. Inside, a block is four columns, words of 32 bits.
local rep, unpack = string.rep, string.unpack

local mask = 0xFFFFFFFF

-- Powers and logarithms of 3 in the field of 256 elements.
local power, logarithm = {}, {}
local element = 1
for exponent = 0, 254 do
  power[exponent], logarithm[element] = element, exponent
  element = element ~ element << 1
  if element > 0xFF then
    element = element ~ 0x11B
  end
end

local function multiply(a, b)
  return a == 0 and 0 or power[(logarithm[a] + logarithm[b]) % 255]
end

-- The S-box and its inverse; and what SubBytes and MixColumns, or their inverses, make of a byte in the first row of a
-- column. That stands there twice, one copy above the other in 64 bits: a shift down by 8, 16 or 24 bits gives what
-- they make of the byte in another row.
local sbox, inverse, forward, backward = {}, {}, {}, {}

local function pair(a, b, c, d)
  return (a << 24 | b << 16 | c << 8 | d) * 0x100000001
end

for value = 0, 255 do
  local reciprocal = value == 0 and 0 or power[(255 - logarithm[value]) % 255]
  local twice = reciprocal * 0x101
  local s = (reciprocal ~ twice >> 7 ~ twice >> 6 ~ twice >> 5 ~ twice >> 4 ~ 0x63) & 0xFF
  sbox[value], inverse[s] = s, value
  forward[value] = pair(multiply(s, 2), s, s, multiply(s, 3))
  backward[s] = pair(multiply(value, 14), multiply(value, 9), multiply(value, 13), multiply(value, 11))
end

-- One column of a round, from the four columns that ShiftRows takes it from; and one of the last round.

local function column(columns, a, b, c, d, key)
  return (columns[a >> 24] ~ columns[b >> 16 & 255] >> 8 ~ columns[c >> 8 & 255] >> 16 ~ columns[d & 255] >> 24 ~ key)
    & mask
end

local function lastColumn(box, a, b, c, d, key)
  return (box[a >> 24] << 24 | box[b >> 16 & 255] << 16 | box[c >> 8 & 255] << 8 | box[d & 255]) ~ key
end

local function substitute(word)
  return lastColumn(sbox, word, word, word, word, 0)
end

local aes = {}

-- The words of the round keys, for a key of 16, 24 or 32 bytes.
function aes.schedule(key)
  local size = #key // 4
  local words = { unpack(">" .. rep("I4", size), key) }
  local constant = 1
  for index = size + 1, 4 * (size + 7) do
    local word, step = words[index - 1], (index - 1) % size
    if step == 0 then
      word = substitute((word << 8 | word >> 24) & mask) ~ constant << 24
      constant = multiply(constant, 2)
    elseif size == 8 and step == 4 then
      word = substitute(word)
    end
    words[index] = words[index - size] ~ word
  end
  return words
end

-- The same for decryption: all words in reverse order, and MixColumns undone in all but the first and last round keys.
function aes.inverseSchedule(key)
  local words = aes.schedule(key)
  local count, reversed = #words, {}
  for index = 1, count do
    local word = words[count + 1 - index]
    if index > 4 and index <= count - 4 then
      local bytes = substitute(word)
      word = column(backward, bytes, bytes, bytes, bytes, 0)
    end
    reversed[index] = word
  end
  return reversed
end

local function rounds(columns, box, keys, a, b, c, d)
  a, b, c, d = a ~ keys[1], b ~ keys[2], c ~ keys[3], d ~ keys[4]
  local last = #keys - 3
  for at = 5, last - 4, 4 do
    a, b, c, d =
      column(columns, a, b, c, d, keys[at]),
      column(columns, b, c, d, a, keys[at + 1]),
      column(columns, c, d, a, b, keys[at + 2]),
      column(columns, d, a, b, c, keys[at + 3])
  end
  return
    lastColumn(box, a, b, c, d, keys[last]),
    lastColumn(box, b, c, d, a, keys[last + 1]),
    lastColumn(box, c, d, a, b, keys[last + 2]),
    lastColumn(box, d, a, b, c, keys[last + 3])
end

-- `keys` is what `schedule` gives. The block is two halves of 64 bits.
function aes.encrypt(keys, high, low)
  local a, b, c, d = rounds(forward, sbox, keys, high >> 32, high & mask, low >> 32, low & mask)
  return a << 32 | b, c << 32 | d
end

-- `keys` is what `inverseSchedule` gives. ShiftRows goes the other way round, which is the same with the columns in
-- reverse order.
function aes.decrypt(keys, high, low)
  local d, c, b, a = rounds(backward, inverse, keys, low & mask, low >> 32, high & mask, high >> 32)
  return a << 32 | b, c << 32 | d
end

return aes
