-- Arithmetic on integers of a fixed width, for `.bint`: arrays of words, least significant first, in two's complement.
--
-- Words have at most 32 bits, so that the product of two, plus two more, still fits the 64 bits of a Lua integer.
-- Nothing here checks what it is given, and what is given is changed only where a comment says so.
local format, match, maxInteger, min, setmetatable, sub, tonumber, ult, unpackArray =
  string.format, string.match, math.maxinteger, math.min, setmetatable, string.sub, tonumber, math.ult, table.unpack

-- How `format` writes digits; other bases are written digit by digit.
local conversions = { [8] = "o", [10] = "d", [16] = "x" }
local digits = "0123456789abcdefghijklmnopqrstuvwxyz"

-- The greatest power of a base that is at most `limit`, and its exponent.
local function greatestPower(base, limit)
  local power, exponent = base, 1
  while power <= limit // base do
    power, exponent = power * base, exponent + 1
  end
  return power, exponent
end

-- Gives the functions for integers of `bits` bits in words of `wordBits`; every one that is made has this metatable.
return function(bits, wordBits, metatable)
  local size = bits // wordBits
  local mask, signBit = (1 << wordBits) - 1, 1 << (wordBits - 1)
  -- The words that a Lua integer fills.
  local integerSize = 64 // wordBits
  -- What is at most this can be multiplied by a word, or stand before one, without overflow.
  local chunkMax = 1 << (63 - wordBits)

  -- The values 0 and -1.
  local zeros, ones = setmetatable({}, metatable), setmetatable({}, metatable)
  for index = 1, size do
    zeros[index], ones[index] = 0, mask
  end

  -- A table that is unpacked into a constructor has its final size at once.
  local function copy(x)
    return setmetatable({ unpackArray(x, 1, size) }, metatable)
  end

  local function fromInteger(number)
    local x = copy(number < 0 and ones or zeros)
    for index = 1, integerSize do
      x[index] = number & mask
      number = number >> wordBits
    end
    return x
  end

  local one = fromInteger(1)

  -- The lowest 64 bits.
  local function lowInteger(x)
    local number = 0
    for index = integerSize, 1, -1 do
      number = number << wordBits | x[index]
    end
    return number
  end

  -- The value as a Lua integer; nil if it does not fit.
  local function exactInteger(x)
    local number = lowInteger(x)
    local fill = number < 0 and mask or 0
    for index = integerSize + 1, size do
      if x[index] ~= fill then
        return nil
      end
    end
    return number
  end

  -- The number of words without the leading zeros.
  local function countWords(x, count)
    while count > 0 and x[count] == 0 do
      count = count - 1
    end
    return count
  end

  local function isNegative(x)
    return x[size] & signBit ~= 0
  end

  local function equal(x, y)
    for index = 1, size do
      if x[index] ~= y[index] then
        return false
      end
    end
    return true
  end

  local function isZero(x)
    return equal(x, zeros)
  end

  -- True if `x` is less than `y`, both without a sign.
  local function below(x, y)
    for index = size, 1, -1 do
      local left, right = x[index], y[index]
      if left ~= right then
        return left < right
      end
    end
    return false
  end

  local function less(x, y)
    local left, right = x[size] ~ signBit, y[size] ~ signBit
    if left ~= right then
      return left < right
    end
    return below(x, y)
  end

  local function add(x, y)
    local sum, carry = { unpackArray(x, 1, size) }, 0
    for index = 1, size do
      local word = sum[index] + y[index] + carry
      sum[index] = word & mask
      carry = word >> wordBits
    end
    return setmetatable(sum, metatable)
  end

  local function subtract(x, y)
    local difference, borrow = { unpackArray(x, 1, size) }, 0
    for index = 1, size do
      local word = difference[index] - y[index] - borrow
      difference[index] = word & mask
      borrow = word >> 63
    end
    return setmetatable(difference, metatable)
  end

  local function negate(x)
    return subtract(zeros, x)
  end

  local function magnitude(x)
    return isNegative(x) and negate(x) or x
  end

  -- The lowest `width` words of the product of two arrays of words; `product` holds zeros.
  local function multiply(x, y, width, product)
    local countX, countY = countWords(x, size), countWords(y, size)
    for offset = 0, countX - 1 do
      local factor, carry = x[offset + 1], 0
      local count = min(countY, width - offset)
      for index = 1, count do
        local word = factor * y[index] + product[offset + index] + carry
        product[offset + index] = word & mask
        carry = word >> wordBits
      end
      if offset + count < width then
        product[offset + count + 1] = carry
      end
    end
    return product
  end

  local function times(x, y)
    return multiply(x, y, size, copy(zeros))
  end

  -- Divides two words, as one number without a sign, by one. Gives quotient and remainder.
  local function divideTwo(number, divisor)
    if number >= 0 then
      return number // divisor, number % divisor
    end
    local quotient = (number >> 1) // divisor << 1
    local rest = number - quotient * divisor
    if rest >= divisor then
      return quotient + 1, rest - divisor
    end
    return quotient, rest
  end

  -- Divides `count` words of `x`, in place, by a number of at most `chunkMax`. Gives the remainder.
  local function divideShort(x, count, divisor)
    local rest = 0
    for index = count, 1, -1 do
      local number = rest << wordBits | x[index]
      x[index], rest = number // divisor, number % divisor
    end
    return rest
  end

  -- Shifts words towards the high end, in place, by less than a word. `x[count + 1]` takes what leaves at the top.
  local function shiftWordsLeft(x, count, shift)
    local carry = 0
    for index = 1, count do
      local word = x[index] << shift | carry
      x[index] = word & mask
      carry = word >> wordBits
    end
    x[count + 1] = carry
  end

  -- Divides `count` words of `rest` by `y`, which has no sign and is not zero. What is left stays in `rest`, which may
  -- have one word more on the way. The words of the quotient are set in `quotient`, without the leading zeros.
  -- Long division is that of Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D.
  local function divideWords(rest, count, y, quotient)
    local countY = countWords(y, size)
    count = countWords(rest, count)
    if countY == 1 then
      local divisor, left = y[1], 0
      for index = count, 1, -1 do
        quotient[index], left = divideTwo(left << wordBits | rest[index], divisor)
        rest[index] = 0
      end
      rest[1] = left
      return
    end
    -- The divisor's highest bit is set by shifting both: a quotient's word guessed from the highest words is then at
    -- most two too high.
    local divisor, shift = { unpackArray(y, 1, countY) }, 0
    while divisor[countY] << shift & signBit == 0 do
      shift = shift + 1
    end
    shiftWordsLeft(divisor, countY, shift)
    shiftWordsLeft(rest, count, shift)
    local highest, second = divisor[countY], divisor[countY - 1]
    for offset = count - countY, 0, -1 do
      local top = offset + countY + 1
      local guess, left = divideTwo(rest[top] << wordBits | rest[top - 1], highest)
      while left <= mask and (guess > mask or ult(left << wordBits | rest[top - 2], guess * second)) do
        guess, left = guess - 1, left + highest
      end
      local borrow = 0
      for index = 1, countY do
        local product = guess * divisor[index] + borrow
        local word = rest[offset + index] - (product & mask)
        rest[offset + index] = word & mask
        borrow = (product >> wordBits) + (word >> 63)
      end
      local word = rest[top] - borrow
      rest[top] = word & mask
      if word < 0 then
        guess = guess - 1
        local carry = 0
        for index = 1, countY do
          word = rest[offset + index] + divisor[index] + carry
          rest[offset + index] = word & mask
          carry = word >> wordBits
        end
        rest[top] = rest[top] + carry & mask
      end
      quotient[offset + 1] = guess
    end
    for index = 1, countY do
      rest[index] = (rest[index] | rest[index + 1] << wordBits) >> shift & mask
    end
  end

  -- Quotient and remainder, both operands without a sign; `y` is not zero.
  local function divide(x, y)
    local quotient, rest = copy(zeros), copy(x)
    if not below(x, y) then
      divideWords(rest, size, y, quotient)
      rest[size + 1] = nil
    end
    return quotient, rest
  end

  -- Raises by squaring, from the highest bit of the exponent on, which has no sign.
  local function raise(x, exponent, product)
    local result
    for index = countWords(exponent, size), 1, -1 do
      for bit = wordBits - 1, 0, -1 do
        result = result and product(result, result)
        if exponent[index] >> bit & 1 == 1 then
          result = result and product(result, x) or x
        end
      end
    end
    return copy(result or one)
  end

  local function power(x, exponent)
    return raise(x, exponent, times)
  end

  -- Power over a modulus, all three without a sign; `x` is less than `modulus`, which is not 1. The products on the way
  -- have twice the width.
  local function powerModulo(x, exponent, modulus)
    local wideZeros, quotient = {}, {}
    for index = 1, 2 * size + 1 do
      wideZeros[index] = 0
    end
    return raise(x, exponent, function(left, right)
      local rest = multiply(left, right, 2 * size, { unpackArray(wideZeros) })
      divideWords(rest, 2 * size, modulus, quotient)
      return rest
    end)
  end

  local shiftRight

  local function shiftLeft(x, count)
    if count <= -bits or count >= bits then
      return copy(zeros)
    elseif count < 0 then
      return shiftRight(x, -count)
    end
    local result, words, shift = copy(zeros), count // wordBits, count % wordBits
    local carry = 0
    for index = words + 1, size do
      local word = x[index - words] << shift | carry
      result[index] = word & mask
      carry = word >> wordBits
    end
    return result
  end

  -- Fills with zeros, also a negative value.
  function shiftRight(x, count)
    if count <= -bits or count >= bits then
      return copy(zeros)
    elseif count < 0 then
      return shiftLeft(x, -count)
    end
    local result, words, shift = copy(zeros), count // wordBits, count % wordBits
    local high = 0
    for index = size, words + 1, -1 do
      local word = x[index]
      result[index - words] = (high << wordBits | word) >> shift & mask
      high = word
    end
    return result
  end

  ---------------------------------------------------------------------------------------------------------- texts --

  -- How digits of a base are taken together: as many as a Lua integer holds to begin with, then `width` at a time.
  local chunks = {}

  local function chunksOf(base)
    local chunk = chunks[base]
    if not chunk then
      local power, width = greatestPower(base, chunkMax)
      local _, firstWidth = greatestPower(base, maxInteger)
      local conversion = conversions[base]
      chunk = {
        power = power,
        width = width,
        firstWidth = firstWidth,
        format = conversion and "%0" .. width .. conversion,
      }
      chunks[base] = chunk
    end
    return chunk
  end

  -- Gives nil if there is anything but digits of the base. What is too large wraps.
  local function fromDigits(text, base)
    local chunk, length = chunksOf(base), #text
    local power, width, last = chunk.power, chunk.width, chunk.firstWidth
    -- The first chunk is shorter, so that all others are full.
    last = length > last and last - (last - length) % width or length
    local number = tonumber(sub(text, 1, last), base)
    local x, count = number and fromInteger(number), integerSize
    while number and last < length do
      number = tonumber(sub(text, last + 1, last + width), base)
      last = last + width
      local carry = number or 0
      for index = 1, count do
        local word = x[index] * power + carry
        x[index] = word & mask
        carry = word >> wordBits
      end
      -- A carry may be longer than a word.
      while carry > 0 and count < size do
        count = count + 1
        x[count] = carry & mask
        carry = carry >> wordBits
      end
    end
    return number and x
  end

  local function writeDigits(number, base, width)
    local text = ""
    for _ = 1, width do
      local digit = number % base + 1
      text = sub(digits, digit, digit) .. text
      number = number // base
    end
    return text
  end

  -- The digits of a value without a sign.
  local function toDigits(x, base)
    local chunk = chunksOf(base)
    local rest, count, text = copy(x), countWords(x, size), ""
    while count > 0 do
      local number = divideShort(rest, count, chunk.power)
      text = (chunk.format and format(chunk.format, number) or writeDigits(number, base, chunk.width)) .. text
      count = countWords(rest, count)
    end
    return match(text, "^0*(.+)$") or "0"
  end

  return {
    zeros = zeros,
    ones = ones,
    one = one,
    copy = copy,
    fromInteger = fromInteger,
    lowInteger = lowInteger,
    exactInteger = exactInteger,
    isNegative = isNegative,
    isZero = isZero,
    equal = equal,
    below = below,
    less = less,
    add = add,
    subtract = subtract,
    negate = negate,
    magnitude = magnitude,
    times = times,
    divide = divide,
    power = power,
    powerModulo = powerModulo,
    shiftLeft = shiftLeft,
    shiftRight = shiftRight,
    fromDigits = fromDigits,
    toDigits = toDigits,
  }
end
