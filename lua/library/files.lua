-- The files of a process: what its environment brought, to be read and never written. Process API 1.5 and 11.2.
local error, find, gsub, select, sub, tonumber, tostring, type =
  error, string.find, string.gsub, select, string.sub, tonumber, tostring, type

local files = {}

-- Texts by path.
local texts = {}

function files.add(path, text)
  texts[path] = text
end

-- The text of a file, or nil.
function files.text(path)
  return texts[path]
end

-- Reads one item from an open file `{ text, position }`, as the formats of `file:read` say. Nil at the end.
local function readItem(file, wanted)
  local text, position = file.text, file.position
  if type(wanted) == "number" then
    if position > #text then
      return nil
    end
    file.position = position + wanted
    return sub(text, position, position + wanted - 1)
  end
  local kind = sub(gsub(tostring(wanted), "^%*", ""), 1, 1)
  if kind == "a" then
    file.position = #text + 1
    return sub(text, position)
  elseif kind == "n" then
    local first, last = find(text, "^%s*[%+%-]?[%x%.xXpPeE]+", position)
    local number = first and tonumber((gsub(sub(text, first, last), "^%s+", "")))
    file.position = number and last + 1 or position
    return number
  elseif kind ~= "l" and kind ~= "L" then
    error("bad argument #1 to 'read' (invalid format)", 3)
  elseif position > #text then
    return nil
  end
  local ending = find(text, "\n", position, true)
  file.position = (ending or #text) + 1
  return sub(text, position, ending and kind == "l" and ending - 1 or ending or -1)
end

-- `file:read(…)`: one value for each format, up to the first that finds the end.
function files.read(file, ...)
  local count = select("#", ...)
  if count == 0 then
    return readItem(file, "l")
  end
  local function from(index, wanted, ...)
    local item = readItem(file, wanted)
    if item == nil or index == count then
      return item
    end
    return item, from(index + 1, ...)
  end
  return from(1, ...)
end

local bases = {
  set = function()
    return 0
  end,
  cur = function(file)
    return file.position - 1
  end,
  ["end"] = function(file)
    return #file.text
  end,
}

-- `file:seek(whence, offset)`: the new place, counted from 0.
function files.seek(file, whence, offset)
  local base = bases[whence or "cur"]
  if not base then
    error("bad argument #1 to 'seek' (invalid option '" .. tostring(whence) .. "')", 3)
  end
  local place = base(file) + (offset or 0)
  if place < 0 then
    return nil, "Invalid argument", 22
  end
  file.position = place + 1
  return place
end

return files
