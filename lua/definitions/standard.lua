---@meta _
-- Where processes differ from standard Lua 5.3. What is not here is as in Lua's manual.

---Prints one value as a line of the message's output. Tables are shown in full, numbers and booleans in colour.
---@param value any Further arguments are ignored.
---@return nil
function print(value) end

------------------------------------------------------------------------------------------------------------- time --

---Gives the timestamp of the message that is handled now: **milliseconds** since 1970, and the same on every replica.
---There are no arguments.
---@return integer milliseconds
function os.time() end

---Gives a date in UTC. The time is in **seconds**: `os.date("%Y-%m-%d", msg.Timestamp // 1000)`.
---@param format? string As in Lua's manual.
---@param time? integer Seconds since 1970. Without it, always ten seconds after the beginning of 1970.
---@return string|osdate
function os.date(format, time) end

---Always 0: a process has no clock of its own, since its replicas must agree.
---@return number
function os.clock() end

----------------------------------------------------------------------------------------------------------- chance --

---Gives a number from a generator that the first message of the process seeds: the same on every replica, and nobody's
---secret. Without bounds at least 0 and below 1; with them a whole number, both included.
---@overload fun(): number
---@overload fun(high: integer): integer
---@param low integer 1 if there is one bound.
---@param high integer
---@return integer
function math.random(low, high) end

---Has no effect on `math.random`.
---@param seed number
function math.randomseed(seed) end

---------------------------------------------------------------------------------------------------------- machine --

---Opens a file to read. There are none but those that came with the process, below `/data`.
---@param name string
---@param mode? string Writing fails.
---@return file*? file
---@return string? problem
---@return integer? code
function io.open(name, mode) end

---Always raises an error: a process starts no programs.
function io.popen() end

---Always nil: a process has no standard input. What it is told comes as messages.
---@return nil
function io.read() end

---Does nothing: what a process says goes through `print` and `Send`.
---@return file*
function io.write() end

---Starts no program. Without a command it gives false, otherwise nil and a text.
---@param command? string
---@return boolean? ok
---@return string? problem
---@return integer? code
function os.execute(command) end

---Always raises an error: a process does not end.
function os.exit() end

---Always nil: a process has no environment variables. Its tags are in `ao.env.Process.Tags`.
---@return nil
function os.getenv() end

-------------------------------------------------------------------------------------------------- kept from Lua 5.2 --

---Gives the angle of the point (x, y) in radians. `math.atan(y, x)` does the same.
---@param y number
---@param x number
---@return number
function math.atan2(y, x) end

---Gives the hyperbolic cosine.
---@param x number
---@return number
function math.cosh(x) end

---Gives the hyperbolic sine.
---@param x number
---@return number
function math.sinh(x) end

---Gives the hyperbolic tangent.
---@param x number
---@return number
function math.tanh(x) end

---Gives x to the power of y, as a float. `x ^ y` does the same.
---@param x number
---@param y number
---@return number
function math.pow(x, y) end

---Splits a number: `x` is `m * 2 ^ e`, and `m` is at least 0.5 and below 1, or 0.
---@param x number
---@return number m
---@return integer e
function math.frexp(x) end

---Gives `m * 2 ^ e`.
---@param m number
---@param e integer
---@return number
function math.ldexp(m, e) end

---Gives the logarithm to the base 10. `math.log(x, 10)` does the same.
---@param x number
---@return number
function math.log10(x) end

---Bits of unsigned integers of 32 bits. The operators `& | ~ << >>` work on 64 bits.
---@class bit32lib
bit32 = {}

---Shifts to the right, and fills up with copies of the highest bit.
---@param x integer
---@param count integer How many places; to the left if negative.
---@return integer
function bit32.arshift(x, count) end

---Gives the bits that all arguments have.
---@param ... integer
---@return integer
function bit32.band(...) end

---Turns all bits over.
---@param x integer
---@return integer
function bit32.bnot(x) end

---Gives the bits that at least one argument has.
---@param ... integer
---@return integer
function bit32.bor(...) end

---Says whether there is a bit that all arguments have.
---@param ... integer
---@return boolean
function bit32.btest(...) end

---Gives the bits that an odd number of arguments have.
---@param ... integer
---@return integer
function bit32.bxor(...) end

---Gives some bits as a number.
---@param x integer
---@param field integer The lowest of them, from 0 to 31.
---@param width? integer How many; 1 if left out.
---@return integer
function bit32.extract(x, field, width) end

---Gives `x` with some bits replaced.
---@param x integer
---@param value integer The new bits.
---@param field integer The lowest of them, from 0 to 31.
---@param width? integer How many; 1 if left out.
---@return integer
function bit32.replace(x, value, field, width) end

---Rotates to the left: what leaves on one side comes in on the other.
---@param x integer
---@param count integer How many places; to the right if negative.
---@return integer
function bit32.lrotate(x, count) end

---Rotates to the right: what leaves on one side comes in on the other.
---@param x integer
---@param count integer How many places; to the left if negative.
---@return integer
function bit32.rrotate(x, count) end

---Shifts to the left, and fills up with zeros.
---@param x integer
---@param count integer How many places; to the right if negative.
---@return integer
function bit32.lshift(x, count) end

---Shifts to the right, and fills up with zeros.
---@param x integer
---@param count integer How many places; to the left if negative.
---@return integer
function bit32.rshift(x, count) end
