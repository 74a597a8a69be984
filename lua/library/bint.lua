-- `require(".bint")(bits, wordbits)`: integers of a fixed width. Process API 14.6.
--
-- A value is an array of words, least significant first, in two's complement; its metatable is the class.
local abs, ceil, floor, mathType, max, maxInteger, min, minInteger, tointeger =
  math.abs, math.ceil, math.floor, math.type, math.max, math.maxinteger, math.min, math.mininteger, math.tointeger
local error, getinfo, getmetatable, rawequal, setmetatable, tonumber, type, unpackArray =
  error, debug.getinfo, getmetatable, rawequal, setmetatable, tonumber, type, table.unpack
local find, format, lower, match, pack, rep, reverse, sub, unpack =
  string.find,
  string.format,
  string.lower,
  string.match,
  string.pack,
  string.rep,
  string.reverse,
  string.sub,
  string.unpack

local import = ...
local createWords = import(".bint-words")

local ownSource = getinfo(1, "S").source

-- Raises an error at the line, outside of this file, that asked for the impossible.
local function fail(text)
  local level = 2
  local caller = getinfo(level, "S")
  while caller and caller.source == ownSource do
    level = level + 1
    caller = getinfo(level, "S")
  end
  error(text, level)
end

local function isBase(base)
  return mathType(base) == "integer" and base >= 2 and base <= 36
end

local function newClass(bits, wordBits)
  local size, byteCount = bits // wordBits, bits // 8
  local bytesFormat = "<" .. rep("I" .. wordBits // 8, size)

  local bint = { bits = bits, size = size }
  bint.__index = bint

  local words = createWords(bits, wordBits, bint)
  local zeros, ones, one, copy, equal = words.zeros, words.ones, words.one, words.copy, words.equal
  local fromInteger, exactInteger, lowInteger = words.fromInteger, words.exactInteger, words.lowInteger
  local isNegative, isZero, below, less = words.isNegative, words.isZero, words.below, words.less
  local add, subtract, times, negate, magnitude = words.add, words.subtract, words.times, words.negate, words.magnitude
  local divide, power, powerModulo = words.divide, words.power, words.powerModulo
  local shiftLeft, shiftRight = words.shiftLeft, words.shiftRight
  local fromDigits, toDigits = words.fromDigits, words.toDigits

  ---------------------------------------------------------------------------------------------------- conversion --

  -- Gives nil if there is anything but digits of the base.
  local function fromSigned(sign, text, base)
    local x = fromDigits(text, base)
    if x and sign == "-" then
      return negate(x)
    end
    return x
  end

  local function fromString(text)
    if find(text, "^[+-]?%d+$") then
      if #text <= 18 then
        return fromInteger(tonumber(text))
      end
      local sign, number = match(text, "^([+-]?)(.*)$")
      return fromSigned(sign, number, 10)
    end
    local sign, kind, number = match(text, "^([+-]?)0([bBxX])(%x+)$")
    return kind and fromSigned(sign, number, lower(kind) == "x" and 16 or 2)
  end

  -- Gives a value of this class, the same one if it is one, or nil.
  local function toBint(x)
    if getmetatable(x) == bint then
      return x
    end
    local kind = type(x)
    if kind == "number" then
      local number = tointeger(x)
      return number and fromInteger(number)
    end
    return kind == "string" and fromString(x) or nil
  end

  local function needBint(x)
    return toBint(x) or fail("value has not integer representation")
  end

  -- A number of bits to shift by; what no Lua integer holds is as good as the furthest of them.
  local function needCount(y)
    y = needBint(y)
    return exactInteger(y) or isNegative(y) and minInteger or maxInteger
  end

  local function toNumber(x)
    if getmetatable(x) == bint then
      return exactInteger(x) or tonumber(bint.tobase(x))
    end
    return tonumber(x)
  end

  -- Gives a copy of what is a value of this class already.
  local function toOwnBint(x)
    local value = toBint(x)
    return value and rawequal(value, x) and copy(value) or value
  end

  function bint.new(x)
    return toOwnBint(x) or fail("value cannot be represented by a bint")
  end

  -- Gives nil for what is no integer.
  function bint.tobint(x, clone)
    if clone then
      return toOwnBint(x)
    end
    return toBint(x)
  end

  -- Gives a Lua number for what is no integer, and nil for what is no number.
  function bint.parse(x, clone)
    return bint.tobint(x, clone) or toNumber(x)
  end

  function bint.zero()
    return copy(zeros)
  end

  function bint.one()
    return copy(one)
  end

  function bint.mininteger()
    return shiftLeft(one, bits - 1)
  end

  function bint.maxinteger()
    return subtract(bint.mininteger(), one)
  end

  function bint.frominteger(x)
    local number = tointeger(x)
    return number and fromInteger(number)
  end

  function bint.fromuinteger(x)
    local value = bint.frominteger(x)
    return value and bint.bwrap(value, 64)
  end

  function bint.frombase(text, base)
    base = base or 10
    if type(text) ~= "string" or not isBase(base) then
      return nil
    end
    local sign, number = match(text, "^([+-]?)(%w+)$")
    return number and fromSigned(sign, number, base)
  end

  function bint.fromstring(text)
    return type(text) == "string" and fromString(text) or nil
  end

  -- Missing bytes are zeros; what is too much at the high end is left out.
  function bint.fromle(buffer)
    if type(buffer) ~= "string" then
      fail("expected a string of bytes, got " .. type(buffer))
    end
    local x = { unpack(bytesFormat, sub(buffer, 1, byteCount) .. rep("\0", byteCount - #buffer)) }
    -- Behind the words stands where reading ended.
    x[size + 1] = nil
    return setmetatable(x, bint)
  end

  function bint.frombe(buffer)
    return bint.fromle(type(buffer) == "string" and reverse(buffer) or buffer)
  end

  -- With `trim`, leaves out the zero bytes at the high end; one byte stays.
  function bint.tole(x, trim)
    local buffer = pack(bytesFormat, unpackArray(needBint(x), 1, size))
    return trim and (match(buffer, "^(.*[^\0])") or "\0") or buffer
  end

  function bint.tobe(x, trim)
    return reverse(bint.tole(x, trim))
  end

  function bint.touinteger(x)
    if getmetatable(x) == bint then
      return lowInteger(x)
    end
    return tointeger(x)
  end

  -- Two's complement makes them the same.
  bint.tointeger = bint.touinteger

  bint.tonumber = toNumber

  -- Bases other than 10 are written without a sign unless `unsigned` is false. Gives nil for what is no integer and for
  -- what is no base.
  function bint.tobase(x, base, unsigned)
    x, base = toBint(x), base or 10
    if not x or not isBase(base) then
      return nil
    end
    if unsigned == nil then
      unsigned = base ~= 10
    end
    local number = base == 10 and not unsigned and exactInteger(x)
    if number then
      return format("%d", number)
    elseif unsigned or not isNegative(x) then
      return toDigits(x, base)
    end
    return "-" .. toDigits(negate(x), base)
  end

  function bint.__tostring(x)
    return bint.tobase(x)
  end

  ----------------------------------------------------------------------------------------------------- questions --

  function bint.isbint(x)
    return getmetatable(x) == bint
  end

  function bint.isintegral(x)
    return getmetatable(x) == bint or mathType(x) == "integer"
  end

  function bint.isnumeric(x)
    return getmetatable(x) == bint or type(x) == "number"
  end

  function bint.type(x)
    return getmetatable(x) == bint and "bint" or mathType(x)
  end

  function bint.iszero(x)
    if getmetatable(x) == bint then
      return isZero(x)
    end
    return x == 0
  end

  function bint.isone(x)
    if getmetatable(x) == bint then
      return equal(x, one)
    end
    return x == 1
  end

  function bint.isminusone(x)
    if getmetatable(x) == bint then
      return equal(x, ones)
    end
    return x == -1
  end

  function bint.isneg(x)
    if getmetatable(x) == bint then
      return isNegative(x)
    end
    return x < 0
  end

  function bint.ispos(x)
    if getmetatable(x) == bint then
      return not isNegative(x) and not isZero(x)
    end
    return x > 0
  end

  function bint.iseven(x)
    if getmetatable(x) == bint then
      return x[1] & 1 == 0
    end
    return x % 2 == 0
  end

  function bint.isodd(x)
    if getmetatable(x) == bint then
      return x[1] & 1 == 1
    end
    return x % 2 == 1
  end

  ---------------------------------------------------------------------------------------------------- comparison --

  function bint.eq(x, y)
    local left, right = toBint(x), toBint(y)
    if left and right then
      return equal(left, right)
    end
    return rawequal(x, y)
  end

  bint.__eq = bint.eq

  function bint.__lt(x, y)
    local left, right = toBint(x), toBint(y)
    if left and right then
      return less(left, right)
    end
    return toNumber(x) < toNumber(y)
  end

  function bint.__le(x, y)
    local left, right = toBint(x), toBint(y)
    if left and right then
      return not less(right, left)
    end
    return toNumber(x) <= toNumber(y)
  end

  function bint.ult(x, y)
    return below(needBint(x), needBint(y))
  end

  function bint.ule(x, y)
    return not below(needBint(y), needBint(x))
  end

  function bint.max(x, y)
    local left, right = toBint(x), toBint(y)
    if left and right then
      return copy(less(left, right) and right or left)
    end
    return bint.parse(max(toNumber(x), toNumber(y)))
  end

  function bint.min(x, y)
    local left, right = toBint(x), toBint(y)
    if left and right then
      return copy(less(right, left) and right or left)
    end
    return bint.parse(min(toNumber(x), toNumber(y)))
  end

  ---------------------------------------------------------------------------------------------------- arithmetic --
  -- Operators give a Lua float where one side is a number that is no integer.

  function bint.__add(x, y)
    local left, right = toBint(x), toBint(y)
    if left and right then
      return add(left, right)
    end
    return toNumber(x) + toNumber(y)
  end

  function bint.__sub(x, y)
    local left, right = toBint(x), toBint(y)
    if left and right then
      return subtract(left, right)
    end
    return toNumber(x) - toNumber(y)
  end

  function bint.__mul(x, y)
    local left, right = toBint(x), toBint(y)
    if left and right then
      return times(left, right)
    end
    return toNumber(x) * toNumber(y)
  end

  function bint.__div(x, y)
    return toNumber(x) / toNumber(y)
  end

  function bint.__pow(x, y)
    return toNumber(x) ^ toNumber(y)
  end

  function bint.__unm(x)
    return negate(needBint(x))
  end

  function bint.inc(x)
    return bint.__add(x, one)
  end

  function bint.dec(x)
    return bint.__sub(x, one)
  end

  function bint.abs(x)
    local value = toOwnBint(x)
    if value then
      return magnitude(value)
    end
    return abs(toNumber(x))
  end

  function bint.floor(x)
    return bint.new(toBint(x) or floor(toNumber(x)))
  end

  function bint.ceil(x)
    return bint.new(toBint(x) or ceil(toNumber(x)))
  end

  -- Gives nil for what is no number or does not fit.
  function bint.trunc(x)
    local value = toOwnBint(x)
    local number = not value and toNumber(x)
    if number then
      value = bint.frominteger(number < 0 and ceil(number) or floor(number))
    end
    return value
  end

  local function checkDivisor(y)
    if isZero(y) then
      fail("attempt to perform division by zero")
    end
    return y
  end

  function bint.udivmod(x, y)
    return divide(needBint(x), checkDivisor(needBint(y)))
  end

  function bint.udiv(x, y)
    return (bint.udivmod(x, y))
  end

  function bint.umod(x, y)
    local _, rest = bint.udivmod(x, y)
    return rest
  end

  -- Quotient, rounded towards zero, and remainder; and whether the quotient is negative or would be if it were not 0.
  local function divideSigned(x, y)
    local negative = isNegative(x)
    local quotient, rest = divide(magnitude(x), magnitude(checkDivisor(y)))
    local opposite = negative ~= isNegative(y)
    return opposite and negate(quotient) or quotient, negative and negate(rest) or rest, opposite
  end

  -- Rounds towards zero.
  function bint.tdivmod(x, y)
    local left, right = toBint(x), toBint(y)
    if not left or not right then
      local number, divisor = toNumber(x), toNumber(y)
      local quotient, rest = abs(number) // abs(divisor), abs(number) % abs(divisor)
      return (number < 0) == (divisor < 0) and quotient or -quotient, number < 0 and -rest or rest
    end
    local quotient, rest, opposite = divideSigned(left, right)
    if not opposite and isNegative(quotient) then
      fail("division overflow")
    end
    return quotient, rest
  end

  function bint.tdiv(x, y)
    return (bint.tdivmod(x, y))
  end

  function bint.tmod(x, y)
    local _, rest = bint.tdivmod(x, y)
    return rest
  end

  -- Rounds towards minus infinity.
  function bint.idivmod(x, y)
    local left, right = toBint(x), toBint(y)
    if not left or not right then
      local number, divisor = toNumber(x), toNumber(y)
      return number // divisor, number % divisor
    end
    local quotient, rest, opposite = divideSigned(left, right)
    if opposite and not isZero(rest) then
      return subtract(quotient, one), add(rest, right)
    end
    return quotient, rest
  end

  function bint.__idiv(x, y)
    return (bint.idivmod(x, y))
  end

  function bint.__mod(x, y)
    local _, rest = bint.idivmod(x, y)
    return rest
  end

  -- A negative exponent counts as one without a sign.
  function bint.ipow(x, y)
    return power(needBint(x), needBint(y))
  end

  -- All three count as without a sign, and the products on the way are not cut to the width.
  function bint.upowmod(x, y, m)
    local exponent, modulus = needBint(y), needBint(m)
    local base = bint.umod(x, modulus)
    return equal(modulus, one) and base or powerModulo(base, exponent, modulus)
  end

  ---------------------------------------------------------------------------------------------------------- bits --

  function bint.__shl(x, y)
    return shiftLeft(needBint(x), needCount(y))
  end

  function bint.__shr(x, y)
    return shiftRight(needBint(x), needCount(y))
  end

  function bint.__band(x, y)
    x, y = needBint(x), needBint(y)
    local result = copy(x)
    for index = 1, size do
      result[index] = x[index] & y[index]
    end
    return result
  end

  function bint.__bor(x, y)
    x, y = needBint(x), needBint(y)
    local result = copy(x)
    for index = 1, size do
      result[index] = x[index] | y[index]
    end
    return result
  end

  function bint.__bxor(x, y)
    x, y = needBint(x), needBint(y)
    local result = copy(x)
    for index = 1, size do
      result[index] = x[index] ~ y[index]
    end
    return result
  end

  function bint.__bnot(x)
    return subtract(ones, needBint(x))
  end

  -- Keeps the lowest `y` bits.
  function bint.bwrap(x, y)
    local count = needCount(y)
    if count <= 0 then
      return copy(zeros)
    end
    return bint.__band(x, subtract(shiftLeft(one, count), one))
  end

  function bint.brol(x, y)
    local value, count = needBint(x), lowInteger(bint.__mod(needBint(y), bits))
    return bint.__bor(shiftLeft(value, count), shiftRight(value, bits - count))
  end

  function bint.bror(x, y)
    return bint.brol(x, negate(needBint(y)))
  end

  -------------------------------------------------------------------------------------------------------- in place --
  -- Change the value itself, and give it back.

  local function inPlace(operation)
    return function(x, y)
      local result = operation(x, y)
      for index = 1, size do
        x[index] = result[index]
      end
      return x
    end
  end

  bint._assign = inPlace(function(_, y)
    return needBint(y)
  end)
  bint._add = inPlace(function(x, y)
    return add(x, needBint(y))
  end)
  bint._sub = inPlace(function(x, y)
    return subtract(x, needBint(y))
  end)
  bint._shlone = inPlace(function(x)
    return shiftLeft(x, 1)
  end)
  bint._shrone = inPlace(function(x)
    return shiftRight(x, 1)
  end)
  bint._inc, bint._dec, bint._abs, bint._unm = inPlace(bint.inc), inPlace(bint.dec), inPlace(bint.abs), inPlace(negate)
  bint._band, bint._bor, bint._bxor = inPlace(bint.__band), inPlace(bint.__bor), inPlace(bint.__bxor)
  bint._bnot = inPlace(bint.__bnot)

  return setmetatable(bint, {
    __call = function(_, x)
      return bint.new(x)
    end,
  })
end

-- The classes by their number of bits, for each width of the words.
local classes = { [8] = {}, [16] = {}, [32] = {} }

-- Gives the class of integers with `bits` bits, the same one each time. `wordBits` is 8, 16 or 32; `bits` is a multiple
-- of it, and at least 64.
return function(bits, wordBits)
  bits, wordBits = tointeger(bits), wordBits == nil and 32 or tointeger(wordBits)
  local sameWords = classes[wordBits]
  if not sameWords then
    fail("wordbits must be 8, 16 or 32")
  elseif not bits or bits < 64 or bits % wordBits ~= 0 then
    fail("bits must be at least 64 and a multiple of wordbits (" .. wordBits .. ")")
  end
  local class = sameWords[bits]
  if not class then
    class = newClass(bits, wordBits)
    sameWords[bits] = class
  end
  return class
end
