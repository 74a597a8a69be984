-- `json` and `require("json")`: JSON texts from Lua values and back. Process API 14.2.
local byte, char, find, format, gsub, match, sub =
  string.byte, string.char, string.find, string.format, string.gsub, string.match, string.sub
local concat, error, mathType, next, pairs, rawget, tonumber, tostring, type =
  table.concat, error, math.type, next, pairs, rawget, tonumber, tostring, type
local utf8Char, characterPattern = utf8.char, "^" .. utf8.charpattern

local json = { _version = "0.2.0" }

-- Values may lie in so many arrays and objects. Far below what a stack holds, here and in those who read the text.
local depthMax = 1000
local tooDeep = "nested too deeply, at most " .. depthMax .. " levels are allowed"

---------------------------------------------------------------------------------------------------------- encode --

local escapes = {
  ["\\"] = "\\\\",
  ['"'] = '\\"',
  ["\b"] = "\\b",
  ["\f"] = "\\f",
  ["\n"] = "\\n",
  ["\r"] = "\\r",
  ["\t"] = "\\t",
}
for code = 0, 127 do
  local character = char(code)
  if find(character, "%c") and not escapes[character] then
    escapes[character] = format("\\u%04x", code)
  end
end

-- Most texts need no escapes, and to see that is quicker than to replace nothing.
local function escaped(text)
  if find(text, '^[^%c"\\]*$') then
    return text
  end
  return (gsub(text, '[%c"\\]', escapes))
end

-- Integers are written whole. Floats have 14 digits, as Lua prints them.
local function encodeNumber(number)
  if mathType(number) == "integer" then
    return format("%d", number)
  elseif number ~= number then
    -- The sign of a NaN differs between processors, so its text does not tell it.
    error("unexpected number value 'nan'")
  elseif number == 1 / 0 or number == -1 / 0 then
    error("unexpected number value '" .. tostring(number) .. "'")
  end
  return format("%.14g", number)
end

local encodeValue

-- `path` holds the tables that enclose this one, `depth` of them.
local function encodeTable(value, path, depth)
  if path[value] then
    error("circular reference")
  elseif depth == depthMax then
    error(tooDeep)
  end
  path[value] = true
  local parts, count = {}, 0
  local text
  if rawget(value, 1) ~= nil or next(value) == nil then
    for key in pairs(value) do
      if type(key) ~= "number" then
        error("invalid table: mixed or invalid key types")
      end
      count = count + 1
    end
    for index = 1, count do
      local member = value[index]
      if member == nil then
        error("invalid table: sparse array")
      end
      parts[index] = encodeValue(member, path, depth + 1)
    end
    text = "[" .. concat(parts, ",") .. "]"
  else
    for key, member in pairs(value) do
      if type(key) ~= "string" then
        error("invalid table: mixed or invalid key types")
      end
      if type(member) ~= "function" then
        count = count + 1
        parts[count] = '"' .. escaped(key) .. '":' .. encodeValue(member, path, depth + 1)
      end
    end
    text = "{" .. concat(parts, ",") .. "}"
  end
  path[value] = nil
  return text
end

function encodeValue(value, path, depth)
  local kind = type(value)
  if kind == "string" then
    return '"' .. escaped(value) .. '"'
  elseif kind == "number" then
    return encodeNumber(value)
  elseif kind == "table" then
    return encodeTable(value, path, depth)
  elseif kind == "nil" then
    return "null"
  elseif kind == "boolean" then
    return value and "true" or "false"
  end
  error("unexpected type '" .. kind .. "'")
end

function json.encode(value)
  return (encodeValue(value, {}, 0))
end

---------------------------------------------------------------------------------------------------------- decode --

local function fail(text, position, problem)
  local line, column = 1, 1
  for index = 1, position - 1 do
    column = column + 1
    if byte(text, index) == 10 then
      line, column = line + 1, 1
    end
  end
  error(format("%s at line %d col %d", problem, line, column))
end

local decodeValue

-- Gives the next position that holds no blank, and the code there; nil at the end of the text.
local function skipBlanks(text, position)
  local code = byte(text, position)
  if code == 32 or code == 10 or code == 13 or code == 9 then
    local _, last = find(text, "^[ \n\r\t]*", position)
    position = last + 1
    code = byte(text, position)
  end
  return position, code
end

-- What stands at a position, for an error: no more of it than can be read.
local function shown(text, pattern, position)
  local found = match(text, pattern, position) or sub(text, position, position)
  return "'" .. (#found > 40 and sub(found, 1, 40) .. "..." or found) .. "'"
end

local unescapes = {
  ['"'] = '"',
  ["\\"] = "\\",
  ["/"] = "/",
  b = "\b",
  f = "\f",
  n = "\n",
  r = "\r",
  t = "\t",
}

-- Reads what follows `\u` at `position`; gives the character and the position after it.
local function decodeUnicode(text, position)
  local digits = match(text, "^%x%x%x%x", position)
  if not digits then
    fail(text, position - 2, "invalid unicode escape in string")
  end
  local code, after = tonumber(digits, 16), position + 4
  if code >= 0xD800 and code < 0xDC00 then
    local low = match(text, "^\\u([dD][c-fC-F]%x%x)", after)
    if low then
      return utf8Char((code - 0xD800) * 0x400 + (tonumber(low, 16) - 0xDC00) + 0x10000), after + 6
    end
  end
  return utf8Char(code), after
end

-- Reads the string whose opening quote stands at `opening`.
local function decodeString(text, opening)
  local _, last = find(text, '^[^\0-\31"\\]*', opening + 1)
  local code = byte(text, last + 1)
  if code == 34 then
    return sub(text, opening + 1, last), last + 2
  end
  local parts, count, position = {}, 0, opening + 1
  while code ~= 34 do
    if not code then
      fail(text, opening, "expected closing quote for string")
    elseif code ~= 92 then
      fail(text, last + 1, "control character in string")
    end
    parts[count + 1] = sub(text, position, last)
    count = count + 2
    local escape = sub(text, last + 2, last + 2)
    if escape == "u" then
      parts[count], position = decodeUnicode(text, last + 3)
    else
      local character = unescapes[escape]
      if not character then
        fail(text, last + 1, "invalid escape char " .. shown(text, characterPattern, last + 2) .. " in string")
      end
      parts[count], position = character, last + 3
    end
    _, last = find(text, '^[^\0-\31"\\]*', position)
    code = byte(text, last + 1)
  end
  parts[count + 1] = sub(text, position, last)
  return concat(parts), last + 2
end

-- What may follow the integer part of a number.
local numberTails = { "^%.%d+$", "^[eE][+-]?%d+$", "^%.%d+[eE][+-]?%d+$" }

local function isNumberTail(tail)
  for index = 1, #numberTails do
    if find(tail, numberTails[index]) then
      return true
    end
  end
  return tail == ""
end

local function decodeNumber(text, position)
  local digits = match(text, "^[^ \n\r\t%]},]+", position)
  if not find(digits, "^-?[1-9]%d*$") then
    local whole, tail = match(digits, "^-?(%d+)(.*)$")
    if not whole or find(whole, "^0.") or not isNumberTail(tail) then
      fail(text, position, "invalid number " .. shown(digits, ".*", 1))
    end
  end
  return tonumber(digits), position + #digits
end

local function decodeArray(text, opening, depth)
  local list, count = {}, 0
  local position, code = skipBlanks(text, opening + 1)
  if code == 93 then
    return list, position + 1
  end
  while true do
    count = count + 1
    list[count], position = decodeValue(text, position, code, depth)
    position, code = skipBlanks(text, position)
    if code == 93 then
      return list, position + 1
    elseif code ~= 44 then
      fail(text, position, "expected ']' or ','")
    end
    position, code = skipBlanks(text, position + 1)
  end
end

local function decodeObject(text, opening, depth)
  local object = {}
  local position, code = skipBlanks(text, opening + 1)
  if code == 125 then
    return object, position + 1
  end
  while true do
    local key
    if code ~= 34 then
      fail(text, position, "expected string for key")
    end
    key, position = decodeString(text, position)
    position, code = skipBlanks(text, position)
    if code ~= 58 then
      fail(text, position, "expected ':' after key")
    end
    position, code = skipBlanks(text, position + 1)
    object[key], position = decodeValue(text, position, code, depth)
    position, code = skipBlanks(text, position)
    if code == 125 then
      return object, position + 1
    elseif code ~= 44 then
      fail(text, position, "expected '}' or ','")
    end
    position, code = skipBlanks(text, position + 1)
  end
end

local function decodeLiteral(text, position)
  local word = match(text, "^%a+", position)
  if word == "true" then
    return true, position + 4
  elseif word == "false" then
    return false, position + 5
  elseif word == "null" then
    return nil, position + 4
  end
  fail(text, position, "invalid literal " .. shown(word, ".*", 1))
end

-- Reads the value that begins at `position` with `code`; gives it and the position after it.
function decodeValue(text, position, code, depth)
  if code == 34 then
    return decodeString(text, position)
  elseif code == 123 or code == 91 then
    if depth == depthMax then
      fail(text, position, tooDeep)
    elseif code == 123 then
      return decodeObject(text, position, depth + 1)
    end
    return decodeArray(text, position, depth + 1)
  elseif code == 45 or code and code >= 48 and code <= 57 then
    return decodeNumber(text, position)
  elseif code == 116 or code == 102 or code == 110 then
    return decodeLiteral(text, position)
  end
  fail(text, position, "unexpected character " .. shown(text, characterPattern, position))
end

function json.decode(text)
  if type(text) ~= "string" then
    error("expected argument of type string, got " .. type(text))
  end
  local position, code = skipBlanks(text, 1)
  local value
  value, position = decodeValue(text, position, code, 0)
  position, code = skipBlanks(text, position)
  if code then
    fail(text, position, "trailing garbage")
  end
  return value
end

return json
