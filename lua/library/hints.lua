-- Hints for the classic mistakes, in development mode.
local concat, dumpFunction, find, format, G, gmatch, gsub, ipairs, match, mathType, min, next, pairs, pcall, rawget, sort =
  table.concat,
  string.dump,
  string.find,
  string.format,
  _G,
  string.gmatch,
  string.gsub,
  ipairs,
  string.match,
  math.type,
  math.min,
  next,
  pairs,
  pcall,
  rawget,
  table.sort
local sub, tostring, type, unpack = string.sub, tostring, type, string.unpack

local hints = {}

----------------------------------------------------------------------------------------------------- after an error --

-- Edits between two words, up to a bound.
local function distance(one, other, bound)
  local row = {}
  for column = 0, #other do
    row[column] = column
  end
  for line = 1, #one do
    local diagonal, best = row[0], line
    row[0] = line
    for column = 1, #other do
      local same = sub(one, line, line) == sub(other, column, column)
      local value = min(row[column] + 1, row[column - 1] + 1, diagonal + (same and 0 or 1))
      diagonal, row[column] = row[column], value
      best = min(best, value)
    end
    if best > bound then
      return bound + 1
    end
  end
  return row[#other]
end

-- The global whose name is nearest to one that nobody set.
local function nearestGlobal(name)
  local bound = #name < 4 and 0 or #name < 7 and 1 or 2
  local nearest, found = bound + 1, nil
  for global in pairs(G) do
    if type(global) == "string" and global ~= name then
      local edits = distance(name, global, bound)
      if edits < nearest or (edits == nearest and found and global < found) then
        nearest, found = edits, global
      end
    end
  end
  return found
end

local modules = {
  base64 = 'local base64 = require(".base64")',
  bint = 'local bint = require(".bint")(256)',
  crdt = 'local crdt = require("crdt")',
  crypto = 'local crypto = require(".crypto")',
  pretty = 'local pretty = require(".pretty")',
  stringify = 'local stringify = require(".stringify")',
  utils = "Utils",
}

local function hintAtGlobal(problem, name)
  local nearest = nearestGlobal(name)
  if modules[name] then
    return format("`%s` is not a global. Write %s.", name, modules[name])
  elseif nearest then
    return format("There is no global `%s`. Did you mean `%s`?", name, nearest)
  elseif find(problem, "attempt to call", 1, true) then
    return format("There is no function `%s`. Was the code that defines it loaded, and before this ran?", name)
  end
  return format(
    "`%s` was never created in this process. Put `%s = %s or {}` at the top of the code that uses it.", name, name, name
  )
end

-- A member of a message that its sender did not give.
local function hintAtMessage(culprit)
  local parent, key = culprit.parent, culprit.key
  if type(parent) ~= "table" or type(key) ~= "string" then
    return nil
  end
  local tags = rawget(parent, "Tags")
  local isTags = match(culprit.text, "%.Tags[%.%[]") ~= nil
  if type(tags) ~= "table" and not isTags then
    return nil
  end
  local names = {}
  for name in pairs(isTags and parent or tags) do
    names[#names + 1] = tostring(name)
  end
  sort(names)
  return format(
    "The message has no tag `%s`. It has: %s. Check what a message must carry, as in assert(msg.Tags.%s, \"...\").",
    key, concat(names, ", "), match(key, "^[%a_][%w_]*$") or "Quantity"
  )
end

local texts = {
  {
    "number with string", "string with number", "a string value",
    hint = "Tags and Data are text: use tonumber(…), or bint for amounts of tokens.",
  },
  {
    "attempt to concatenate a table value",
    hint = 'A table has no text of its own: use require("json").encode(…), or print it alone.',
  },
  {
    "attempt to concatenate a boolean value",
    hint = "Put tostring(…) around it.",
  },
  {
    "cannot be represented by a bint",
    hint = "bint takes integers and the text of integers. `10^12` and `/` give floats: write `1000000000000`, or a text.",
  },
  {
    "number has no integer representation",
    hint = "This is a float with a fraction, or too large. `/` and `^` give floats; `//` keeps integers.",
  },
  {
    "yield across a C-call boundary",
    hint = "Receive cannot wait inside a callback of table.sort, string.gsub and the like: wait before, or after.",
  },
  {
    "Pattern result is not valid",
    hint = 'A pattern must give true, false, "continue", "break", "skip" or a number; end the function with `return false`.',
  },
}

-- A hint for an error, or nil.
function hints.forFault(fault)
  local problem = tostring(fault.problem)
  local global = match(problem, "a nil value %(global '([^']+)'%)")
  local culprit = fault.culprit
  if not global and culprit and culprit.value == nil and culprit.parent == nil and culprit.text == culprit.root then
    global = culprit.isGlobal and culprit.root
  end
  if global then
    return hintAtGlobal(problem, global)
  end
  local atMessage = culprit and culprit.value == nil and hintAtMessage(culprit)
  if atMessage then
    return atMessage
  end
  for _, entry in ipairs(texts) do
    for _, text in ipairs(entry) do
      if find(problem, text, 1, true) then
        return entry.hint
      end
    end
  end
  return nil
end

-- A hint for code that does not compile, from its line. Nil if there is none.
function hints.forSyntax(problem, line)
  if find(line, "!=", 1, true) then
    return "Lua writes `~=` for not equal."
  elseif find(line, "[%+%-%*/]=") then
    return "Lua has no `+=`: write x = x + 1."
  elseif find(line, "%+%+") then
    return "Lua has no `++`: write x = x + 1."
  elseif find(line, "&&", 1, true) or find(line, "||", 1, true) then
    return "Lua writes `and`, `or`, `not`."
  elseif find(line, "//", 1, true) and find(problem, "near '//'", 1, true) then
    return "Comments begin with `--`."
  elseif find(problem, "'=' expected near", 1, true) and find(line, "^%s*%l+%s+[%a_]") then
    return "Is this Lua? A statement cannot begin like this."
  end
  return nil
end

-------------------------------------------------------------------------------------------------- without an error --

local told, toldCount, toldMax = {}, 0, 1000

-- Adds a hint to a list, once in the life of the process.
local function tell(list, text)
  if not told[text] then
    if toldCount >= toldMax then
      told, toldCount = {}, 0
    end
    told[text], toldCount = true, toldCount + 1
    list[#list + 1] = text
  end
end

local opcodes = { LOADK = 1, LOADBOOL = 3, RETURN = 38 }

-- Says whether a function is no more than `return true`, `return "break"` or `return -1`, by its byte code: three
-- instructions, the first of which loads that constant. Lua 5.3, `ldump.c`.
local function isAlwaysTrue(fn)
  if type(fn) ~= "function" then
    return false
  end
  local ok, code = pcall(dumpFunction, fn, true)
  if not ok then
    return false
  end
  local count, first, second = unpack("<I4I4I4", code, 47)
  if count ~= 3 or second & 63 ~= opcodes.RETURN then
    return false
  elseif first & 63 == opcodes.LOADBOOL then
    return first >> 23 == 1
  end
  -- One constant: the text, or an integer below zero.
  return first & 63 == opcodes.LOADK
    and (find(code, "\6break", 63, true) or find(code, "^\1\0\0\0\19.......[\128-\255]", 63)) ~= nil
end

local builtin = { _default = true, _boot = true }

-- A pattern that is always true keeps every later handler from its messages.
local function hintAtOrder(list, entries)
  for index = 1, #entries - 1 do
    local entry = entries[index]
    if isAlwaysTrue(entry.pattern) and not builtin[entry.name] then
      local later = {}
      for position = index + 1, #entries do
        local name = tostring(entries[position].name)
        if not builtin[name] then
          later[#later + 1] = '"' .. name .. '"'
        end
      end
      if #later > 0 then
        tell(list, format(
          'The pattern of handler "%s" is always true, so the handlers after it never see a message: %s.%s '
            .. 'Return "continue" to let messages pass, or add it last.',
          tostring(entry.name),
          concat(later, ", "),
          find(concat(later, " "), '"_eval"', 1, true) and " That includes Evals of the owner." or ""
        ))
      end
    end
  end
end

local function isMap(value)
  return type(value) == "table" and #value == 0 and type((next(value))) == "string"
end

-- The lengths of globals that code takes: `{ path, line, label }`.
local lengths, lengthsMax = {}, 200

-- Notes each `#Name.field` in new code.
local function noteLengths(label, text)
  local line = 0
  for code in gmatch(text .. "\n", "([^\n]*)\n") do
    line = line + 1
    for path in gmatch(gsub(code, "%-%-.*$", ""), "#%s*(%u[%w_%.]*)") do
      if #lengths < lengthsMax then
        lengths[#lengths + 1] = { path = path, line = line, label = label }
      end
    end
  end
end

local function valueAt(path)
  local value = G
  for name in gmatch(path, "[^%.]+") do
    if type(value) ~= "table" then
      return nil
    end
    value = rawget(value, name)
  end
  return value
end

local function hintAtLengths(list)
  for index = #lengths, 1, -1 do
    local noted = lengths[index]
    if isMap(valueAt(noted.path)) then
      tell(list, format(
        "`#%s` in line %s of %s is 0: the table has names, not numbers, as keys. Count it with a loop over pairs.",
        noted.path, noted.line, noted.label
      ))
      lengths[index] = lengths[#lengths]
      lengths[#lengths] = nil
    end
  end
end

local function isLossy(value)
  return mathType(value) == "float" and (value >= 1e14 or value <= -1e14)
end

local function hintAtFloat(list, what, value)
  tell(list, format(
    "%s is the float %s, which has no exact digits. `10^12` and `/` give floats: write integers, `//`, or bint.",
    what, tostring(value)
  ))
end

-- A supply or a balance that is a float. What is tiny is left alone: it may be a share or a rate.
local function hintAtSupply(list)
  for name, value in next, G do
    if type(name) == "string" and (isLossy(value) or (mathType(value) == "float" and find(name, "[Ss]upply$"))) then
      hintAtFloat(list, "`" .. name .. "`", value)
    end
  end
  local balances = rawget(G, "Balances")
  if type(balances) == "table" then
    local _, value = next(balances)
    if isLossy(value) then
      hintAtFloat(list, "A balance in `Balances`", value)
    end
  end
end

-- Called with code that has been loaded and run.
function hints.forCode(list, label, text, entries)
  if text then
    noteLengths(label, text)
  end
  if type(entries) == "table" then
    hintAtOrder(list, entries)
  end
  hintAtSupply(list)
end

-- Called with what a message sends.
function hints.forSent(list, messages)
  if #lengths > 0 then
    hintAtLengths(list)
  end
  for index = 1, #messages do
    local tags = rawget(messages[index], "Tags")
    for position = 1, tags and #tags or 0 do
      local name, value = tostring(tags[position].name), tags[position].value
      if isLossy(value) then
        hintAtFloat(list, "Tag `" .. name .. "`", value)
      elseif type(value) == "number" then
        tell(list, format(
          "Tag `%s` is a number here and text for whoever gets it: write tostring(…), and tonumber(…) over there.", name
        ))
      end
    end
  end
end

return hints
