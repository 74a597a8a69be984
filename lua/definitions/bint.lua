---@meta

---What takes part in calculations: an integer of this class, a Lua number, or text as `bint.fromstring` reads it.
---@alias bint.Value bint|number|string

---Integers of a fixed width, such as 256 bits, and the class that makes them. What leaves the width wraps around, from
---the largest to the smallest. `<` and `<=` also compare with Lua numbers, `==` does not; `tostring` writes decimal
---digits. Where one side has a fraction, operators give a Lua float.
---
---```lua
---local bint = require(".bint")(256)
---local sum = tostring(bint("10000000000000000") + 1)
---```
---@class bint
---@overload fun(value: bint.Value): bint
---@operator add(bint.Value): bint
---@operator sub(bint.Value): bint
---@operator mul(bint.Value): bint
---@operator idiv(bint.Value): bint
---@operator mod(bint.Value): bint
---@operator div(bint.Value): number
---@operator pow(bint.Value): number
---@operator unm: bint
---@operator band(bint.Value): bint
---@operator bor(bint.Value): bint
---@operator bxor(bint.Value): bint
---@operator shl(integer): bint
---@operator shr(integer): bint
---@operator bnot: bint
---@field bits integer How many bits a value has.
---@field size integer How many words a value has.
local bint = {}

---------------------------------------------------------------------------------------------------------- making --

---Makes an integer, as `bint(value)` does. What is no integer is an error, such as `"abc"`, `""`, `1.5` or `"1.0"`.
---@param value bint.Value
---@return bint
function bint.new(value) end

---Makes an integer, or gives nil for what is none.
---@param value any
---@param clone? boolean Whether an integer of this class is copied.
---@return bint? value
function bint.tobint(value, clone) end

---Makes an integer, gives a Lua number for what has a fraction, and nil for what is no number.
---@param value any
---@param clone? boolean Whether an integer of this class is copied.
---@return bint|number|nil value
function bint.parse(value, clone) end

---Gives 0.
---@return bint
function bint.zero() end

---Gives 1.
---@return bint
function bint.one() end

---Gives the smallest integer of this width.
---@return bint
function bint.mininteger() end

---Gives the largest integer of this width.
---@return bint
function bint.maxinteger() end

---Makes an integer of a Lua number; nil if that has a fraction.
---@param value number
---@return bint? value
function bint.frominteger(value) end

---Makes an integer of the 64 bits of a Lua integer, none of which is a sign; nil if the number has a fraction.
---@param value number
---@return bint? value
function bint.fromuinteger(value) end

---Reads decimal digits, hexadecimal ones after `0x` or binary ones after `0b`, with or without a sign; nil for other
---texts.
---@param text string
---@return bint? value
function bint.fromstring(text) end

---Reads digits of a base; nil for other texts.
---@param text string
---@param base? integer 2 to 36; 10 if left out.
---@return bint? value
function bint.frombase(text, base) end

---Reads bytes, the lowest first.
---@param bytes string
---@return bint
function bint.fromle(bytes) end

---Reads bytes, the highest first.
---@param bytes string
---@return bint
function bint.frombe(bytes) end

--------------------------------------------------------------------------------------------------------- writing --

---Writes digits of a base; nil for what is no integer or no base.
---@param x bint.Value
---@param base? integer 2 to 36; 10 if left out.
---@param unsigned? boolean Whether the highest bit is no sign. If left out: for every base but 10.
---@return string? text
function bint.tobase(x, base, unsigned) end

---Writes bytes, the lowest first.
---@param x bint.Value
---@param trim? boolean Whether to leave out zero bytes at the high end.
---@return string bytes
function bint.tole(x, trim) end

---Writes bytes, the highest first.
---@param x bint.Value
---@param trim? boolean Whether to leave out zero bytes at the high end.
---@return string bytes
function bint.tobe(x, trim) end

---Gives the lowest 64 bits as a Lua integer; nil for a number with a fraction.
---@param x bint|number
---@return integer? value
function bint.tointeger(x) end

---The same as `bint.tointeger`: in 64 bits it makes no difference whether one of them is a sign.
---@param x bint|number
---@return integer? value
function bint.touinteger(x) end

---Gives a Lua number, which may be rounded; nil for what is no number.
---@param x any
---@return number? value
function bint.tonumber(x) end

------------------------------------------------------------------------------------------------------- questions --

---Says whether a value is an integer of this class.
---@param x any
---@return boolean
function bint.isbint(x) end

---Says whether a value is an integer of this class or a Lua integer.
---@param x any
---@return boolean
function bint.isintegral(x) end

---Says whether a value is an integer of this class or a Lua number.
---@param x any
---@return boolean
function bint.isnumeric(x) end

---Says what kind of number a value is; nil for what is none.
---@param x any
---@return "bint"|"integer"|"float"|nil type
function bint.type(x) end

---Says whether a number is 0.
---@param x bint|number
---@return boolean
function bint.iszero(x) end

---Says whether a number is 1.
---@param x bint|number
---@return boolean
function bint.isone(x) end

---Says whether a number is -1.
---@param x bint|number
---@return boolean
function bint.isminusone(x) end

---Says whether a number is below 0.
---@param x bint|number
---@return boolean
function bint.isneg(x) end

---Says whether a number is above 0.
---@param x bint|number
---@return boolean
function bint.ispos(x) end

---Says whether a number is even.
---@param x bint|number
---@return boolean
function bint.iseven(x) end

---Says whether a number is odd.
---@param x bint|number
---@return boolean
function bint.isodd(x) end

------------------------------------------------------------------------------------------------------ comparing --

---Says whether two numbers are equal, also one of this class and a Lua number: `==` says false there.
---@param x any
---@param y any
---@return boolean
function bint.eq(x, y) end

---Says whether `x` is below `y`, their highest bits being no signs.
---@param x bint.Value
---@param y bint.Value
---@return boolean
function bint.ult(x, y) end

---Says whether `x` is not above `y`, their highest bits being no signs.
---@param x bint.Value
---@param y bint.Value
---@return boolean
function bint.ule(x, y) end

---Gives the larger of two numbers; a Lua number if it has a fraction.
---@param x bint.Value
---@param y bint.Value
---@return bint
function bint.max(x, y) end

---Gives the smaller of two numbers; a Lua number if it has a fraction.
---@param x bint.Value
---@param y bint.Value
---@return bint
function bint.min(x, y) end

----------------------------------------------------------------------------------------------------- arithmetic --

---Adds 1.
---@param x bint.Value
---@return bint
function bint.inc(x) end

---Takes 1 away.
---@param x bint.Value
---@return bint
function bint.dec(x) end

---Leaves out the sign.
---@param x bint.Value
---@return bint
function bint.abs(x) end

---Rounds down.
---@param x bint.Value
---@return bint
function bint.floor(x) end

---Rounds up.
---@param x bint.Value
---@return bint
function bint.ceil(x) end

---Rounds towards 0; nil for what is no number.
---@param x any
---@return bint? value
function bint.trunc(x) end

---Divides, rounding down. `//` and `%` give one each.
---@param x bint.Value
---@param y bint.Value
---@return bint quotient
---@return bint rest
function bint.idivmod(x, y) end

---Divides, rounding towards 0.
---@param x bint.Value
---@param y bint.Value
---@return bint quotient
---@return bint rest
function bint.tdivmod(x, y) end

---Divides, rounding towards 0.
---@param x bint.Value
---@param y bint.Value
---@return bint quotient
function bint.tdiv(x, y) end

---Gives what remains of a division that rounds towards 0.
---@param x bint.Value
---@param y bint.Value
---@return bint rest
function bint.tmod(x, y) end

---Divides, the highest bits being no signs.
---@param x bint.Value
---@param y bint.Value
---@return bint quotient
---@return bint rest
function bint.udivmod(x, y) end

---Divides, the highest bits being no signs.
---@param x bint.Value
---@param y bint.Value
---@return bint quotient
function bint.udiv(x, y) end

---Gives what remains of a division, the highest bits being no signs.
---@param x bint.Value
---@param y bint.Value
---@return bint rest
function bint.umod(x, y) end

---Raises `x` to the power of `y`. `^` gives a float.
---@param x bint.Value
---@param y bint.Value The exponent, not below 0.
---@return bint
function bint.ipow(x, y) end

---Gives what remains of `x` to the power of `y` divided by `m`, without wrapping on the way; the highest bits are no
---signs.
---@param x bint.Value
---@param y bint.Value The exponent.
---@param m bint.Value The modulus.
---@return bint
function bint.upowmod(x, y, m) end

----------------------------------------------------------------------------------------------------------- bits --

---Keeps the lowest bits, so many.
---@param x bint.Value
---@param count integer
---@return bint
function bint.bwrap(x, count) end

---Rotates to the left: what leaves on one side comes in on the other.
---@param x bint.Value
---@param count bint.Value How many places.
---@return bint
function bint.brol(x, count) end

---Rotates to the right: what leaves on one side comes in on the other.
---@param x bint.Value
---@param count bint.Value How many places.
---@return bint
function bint.bror(x, count) end

---Gives the class of integers of a width, the same one each time.
---
---```lua
---local bint = require(".bint")(256)
---```
---@param bits integer How many bits a value has: at least 64, and a multiple of `wordBits`.
---@param wordBits? 8|16|32 How many bits a word has; 32 if left out. Results do not differ.
---@return bint
local function newClass(bits, wordBits) end

return newClass
