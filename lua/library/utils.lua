-- `Utils` and `require(".utils")`: small functions over arrays and tables. Process API 14.1.
local error, getinfo, lower, pack, pairs, sub, type, unpack, upper =
  error, debug.getinfo, string.lower, table.pack, pairs, string.sub, type, table.unpack, string.upper

local import = ...
local names = import(".names")
local matching = import(".matching")

local utils = {
  _version = "0.0.5",
  normalize = names.normalize,
  matchesSpec = matching.matchesSpec,
  matchesPattern = matching.matchesPattern,
}

local function check(condition, text)
  if not condition then
    error(text, 0)
  end
end

-- True for a table whose keys are 1..n, the empty table among them.
local function isArray(value)
  if type(value) ~= "table" then
    return false
  end
  local count = 0
  for _ in pairs(value) do
    count = count + 1
    if value[count] == nil then
      return false
    end
  end
  return true
end

local function joined(first, second)
  local all = {}
  for index = 1, first.n do
    all[index] = first[index]
  end
  for index = 1, second.n do
    all[first.n + index] = second[index]
  end
  all.n = first.n + second.n
  return all
end

-- Collects arguments over any number of calls until there are enough of them.
local function collect(fn, arity, given)
  return function(...)
    local arguments = joined(given, pack(...))
    if arguments.n >= arity then
      return fn(unpack(arguments, 1, arguments.n))
    end
    return collect(fn, arity, arguments)
  end
end

function utils.curry(fn, arity)
  check(type(fn) == "function", "function is required as first argument")
  arity = arity or getinfo(fn, "u").nparams
  if arity < 2 then
    return fn
  end
  return collect(fn, arity, { n = 0 })
end

local curry = utils.curry

utils.concat = curry(function(first, second)
  check(type(first) == "table", "first argument should be a table")
  check(type(second) == "table", "second argument should be a table")
  check(isArray(first), "first argument should be a table that is an array")
  check(isArray(second), "second argument should be a table that is an array")
  local result, count = {}, #first
  for index = 1, count do
    result[index] = first[index]
  end
  for index = 1, #second do
    result[count + index] = second[index]
  end
  return result
end, 2)

utils.reduce = curry(function(fn, initial, list)
  check(type(fn) == "function", "first argument should be a function that accepts (result, value, key)")
  check(isArray(list), "third argument should be a table that is an array")
  local result = initial
  for key = 1, #list do
    if result == nil then
      result = list[key]
    else
      result = fn(result, list[key], key)
    end
  end
  return result
end, 3)

utils.map = curry(function(fn, list)
  check(type(fn) == "function", "first argument should be a unary function")
  check(isArray(list), "second argument should be an Array")
  local result = {}
  for key = 1, #list do
    result[key] = fn(list[key], key)
  end
  return result
end, 2)

utils.filter = curry(function(fn, list)
  check(type(fn) == "function", "first argument should be a unary function")
  check(isArray(list), "second argument should be an Array")
  local result, count = {}, 0
  for key = 1, #list do
    local value = list[key]
    if fn(value) then
      count = count + 1
      result[count] = value
    end
  end
  return result
end, 2)

utils.find = curry(function(fn, list)
  check(type(fn) == "function", "first argument should be a unary function")
  check(type(list) == "table", "second argument should be a table that is an array")
  for _, value in pairs(list) do
    if fn(value) then
      return value
    end
  end
  return nil
end, 2)

utils.propEq = curry(function(name, value, object)
  check(type(name) == "string", "first argument should be a string")
  check(type(value) == "string", "second argument should be a string")
  check(type(object) == "table", "third argument should be a table<object>")
  return object[name] == value
end, 3)

utils.prop = curry(function(name, object)
  return object[name]
end, 2)

utils.includes = curry(function(wanted, list)
  check(type(list) == "table", "argument needs to be a table")
  check(isArray(list), "argument should be a table that is an array")
  for index = 1, #list do
    if list[index] == wanted then
      return true
    end
  end
  return false
end, 2)

function utils.reverse(list)
  check(isArray(list), "argument needs to be a table that is an array")
  local result, count = {}, #list
  for index = 1, count do
    result[index] = list[count + 1 - index]
  end
  return result
end

utils.compose = curry(function(...)
  local steps = pack(...)
  return function(value)
    for index = steps.n, 1, -1 do
      check(type(steps[index]) == "function", "each argument needs to be a function")
      value = steps[index](value)
    end
    return value
  end
end, 2)

function utils.keys(object)
  check(type(object) == "table", "argument needs to be a table")
  local result, count = {}, 0
  for key in pairs(object) do
    count = count + 1
    result[count] = key
  end
  return result
end

function utils.values(object)
  check(type(object) == "table", "argument needs to be a table")
  local result, count = {}, 0
  for _, value in pairs(object) do
    count = count + 1
    result[count] = value
  end
  return result
end

function utils.capitalize(text)
  return upper(sub(text, 1, 1)) .. lower(sub(text, 2))
end

return utils
