-- `json` and `require("json")`: JSON texts from Lua values and back. Process API 14.2.
local byte, char, concat, error, find, format, gsub, next, pairs, rawget, sub, tonumber, tostring, type =
  string.byte,
  string.char,
  table.concat,
  error,
  string.find,
  string.format,
  string.gsub,
  next,
  pairs,
  rawget,
  string.sub,
  tonumber,
  tostring,
  type
local utf8Char = utf8.char

local json = { _version = "0.2.0" }

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

local function encodeString(text)
  if find(text, '[%c"\\]') then
    text = gsub(text, '[%c"\\]', escapes)
  end
  return '"' .. text .. '"'
end

local function encodeNumber(number)
  -- The sign of a NaN differs between processors, so its text does not tell it.
  if number ~= number then
    error("unexpected number value 'nan'")
  elseif number == 1 / 0 or number == -1 / 0 then
    error("unexpected number value '" .. tostring(number) .. "'")
  end
  return format("%.14g", number)
end

local encodeValue

-- `path` holds the tables that enclose this one.
local function encodeTable(value, path)
  if path[value] then
    error("circular reference")
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
    if count ~= #value then
      error("invalid table: sparse array")
    end
    for index = 1, count do
      parts[index] = encodeValue(value[index], path)
    end
    text = "[" .. concat(parts, ",") .. "]"
  else
    for key, member in pairs(value) do
      if type(key) ~= "string" then
        error("invalid table: mixed or invalid key types")
      end
      if type(member) ~= "function" then
        count = count + 1
        parts[count] = encodeString(key) .. ":" .. encodeValue(member, path)
      end
    end
    text = "{" .. concat(parts, ",") .. "}"
  end
  path[value] = nil
  return text
end

function encodeValue(value, path)
  local kind = type(value)
  if kind == "string" then
    return encodeString(value)
  elseif kind == "number" then
    return encodeNumber(value)
  elseif kind == "table" then
    return encodeTable(value, path)
  elseif kind == "nil" then
    return "null"
  elseif kind == "boolean" then
    return value and "true" or "false"
  end
  error("unexpected type '" .. kind .. "'")
end

function json.encode(value)
  return (encodeValue(value, {}))
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

local function skipBlanks(text, position)
  local _, last = find(text, "^[ \n\r\t]*", position)
  return last + 1
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
  local _, last, digits = find(text, "^(%x%x%x%x)", position)
  if not last then
    fail(text, position - 2, "invalid unicode escape in string")
  end
  local code = tonumber(digits, 16)
  if code >= 0xD800 and code < 0xDC00 then
    local _, lastLow, low = find(text, "^\\u([dD][c-fC-F]%x%x)", last + 1)
    if lastLow then
      return utf8Char((code - 0xD800) * 0x400 + (tonumber(low, 16) - 0xDC00) + 0x10000), lastLow + 1
    end
  end
  return utf8Char(code), last + 1
end

-- Reads the string whose opening quote stands at `opening`.
local function decodeString(text, opening)
  local position = opening + 1
  local parts, count = nil, 0
  while true do
    local stop = find(text, '[%c"\\]', position)
    -- DEL is a control character to C, but not to JSON.
    while stop and byte(text, stop) == 127 do
      stop = find(text, '[%c"\\]', stop + 1)
    end
    if not stop then
      fail(text, opening, "expected closing quote for string")
    end
    local code = byte(text, stop)
    if code == 34 then
      local piece = sub(text, position, stop - 1)
      if not parts then
        return piece, stop + 1
      end
      parts[count + 1] = piece
      return concat(parts), stop + 1
    elseif code ~= 92 then
      fail(text, stop, "control character in string")
    end
    parts = parts or {}
    parts[count + 1] = sub(text, position, stop - 1)
    count = count + 2
    local escape = sub(text, stop + 1, stop + 1)
    if escape == "u" then
      parts[count], position = decodeUnicode(text, stop + 2)
    else
      local character = unescapes[escape]
      if not character then
        fail(text, stop, "invalid escape char '" .. escape .. "' in string")
      end
      parts[count], position = character, stop + 2
    end
  end
end

local function decodeNumber(text, position)
  local _, last = find(text, "^[^ \n\r\t%]},]+", position)
  local digits = sub(text, position, last)
  local number = find(digits, "^%-?%d+%.?%d*[eE]?[+-]?%d*$") and tonumber(digits)
  if not number then
    fail(text, position, "invalid number '" .. digits .. "'")
  end
  return number, last + 1
end

local decodeValue

local function decodeArray(text, opening)
  local list, count = {}, 0
  local position = skipBlanks(text, opening + 1)
  if byte(text, position) == 93 then
    return list, position + 1
  end
  while true do
    count = count + 1
    list[count], position = decodeValue(text, position)
    position = skipBlanks(text, position)
    local code = byte(text, position)
    if code == 93 then
      return list, position + 1
    elseif code ~= 44 then
      fail(text, position, "expected ']' or ','")
    end
    position = skipBlanks(text, position + 1)
  end
end

local function decodeObject(text, opening)
  local object = {}
  local position = skipBlanks(text, opening + 1)
  if byte(text, position) == 125 then
    return object, position + 1
  end
  while true do
    local key
    if byte(text, position) ~= 34 then
      fail(text, position, "expected string for key")
    end
    key, position = decodeString(text, position)
    position = skipBlanks(text, position)
    if byte(text, position) ~= 58 then
      fail(text, position, "expected ':' after key")
    end
    object[key], position = decodeValue(text, skipBlanks(text, position + 1))
    position = skipBlanks(text, position)
    local code = byte(text, position)
    if code == 125 then
      return object, position + 1
    elseif code ~= 44 then
      fail(text, position, "expected '}' or ','")
    end
    position = skipBlanks(text, position + 1)
  end
end

local function decodeLiteral(text, position)
  local _, last = find(text, "^%a+", position)
  local word = sub(text, position, last)
  if word == "true" then
    return true, last + 1
  elseif word == "false" then
    return false, last + 1
  elseif word == "null" then
    return nil, last + 1
  end
  fail(text, position, "invalid literal '" .. word .. "'")
end

function decodeValue(text, position)
  local code = byte(text, position)
  if code == 34 then
    return decodeString(text, position)
  elseif code == 123 then
    return decodeObject(text, position)
  elseif code == 91 then
    return decodeArray(text, position)
  elseif code == 45 or code and code >= 48 and code <= 57 then
    return decodeNumber(text, position)
  elseif code == 116 or code == 102 or code == 110 then
    return decodeLiteral(text, position)
  end
  fail(text, position, "unexpected character '" .. sub(text, position, position) .. "'")
end

function json.decode(text)
  if type(text) ~= "string" then
    error("expected argument of type string, got " .. type(text))
  end
  local value, position = decodeValue(text, skipBlanks(text, 1))
  position = skipBlanks(text, position)
  if position <= #text then
    fail(text, position, "trailing garbage")
  end
  return value
end

return json
