-- The texts that user code was loaded from, kept in development mode so that an error can show its line.
local find, getupvalue, gmatch, gsub, match, remove, upvalueid =
  string.find, debug.getupvalue, string.gmatch, string.gsub, string.match, table.remove, debug.upvalueid

local countMax, bytesMax = 256, 4 * 1024 * 1024

-- Oldest first: `{ name, label, text, environment, lines }`.
local chunks, bytes = {}, 0

local sources = {}

-- Each chunk has an `_ENV` of its own, which its functions share: that tells apart chunks of one name. Functions that use
-- no globals have none.
local function environmentOf(fn)
  for index = 1, 255 do
    local name = getupvalue(fn, index)
    if name == nil then
      return nil
    elseif name == "_ENV" then
      return upvalueid(fn, index)
    end
  end
end

-- Remembers a loaded chunk. `name` is its chunk name, `label` what people call it.
function sources.note(chunk, name, label, text)
  local environment = environmentOf(chunk)
  for index = #chunks, 1, -1 do
    -- The chunk that had this environment is gone, or its text was loaded again.
    if chunks[index].environment == environment or (chunks[index].name == name and chunks[index].text == text) then
      bytes = bytes - #remove(chunks, index).text
    end
  end
  chunks[#chunks + 1] = { name = name, label = label, text = text, environment = environment }
  bytes = bytes + #text
  while #chunks > countMax or (bytes > bytesMax and #chunks > 1) do
    bytes = bytes - #remove(chunks, 1).text
  end
end

local function linesOf(chunk)
  local lines = chunk.lines
  if not lines then
    lines = {}
    for line in gmatch(chunk.text .. "\n", "([^\n]*)\n") do
      lines[#lines + 1] = (gsub(line, "\r$", ""))
    end
    chunk.lines = lines
  end
  return lines
end

-- The chunk that a function is from, or nil. `info` is what `debug.getinfo` says with "S" and "f".
local function chunkOf(info, line)
  local environment = environmentOf(info.func)
  for index = #chunks, 1, -1 do
    local chunk = chunks[index]
    if chunk.name == info.source then
      local isSame = chunk.environment == environment
      if environment == nil then
        local lines = linesOf(chunk)
        isSame = lines[line] ~= nil and (info.linedefined == 0 or find(lines[info.linedefined] or "", "function"))
      end
      if isSame then
        return chunk
      end
    end
  end
end

-- Bundles of consoles wrap each file in a local function whose result they put into `package.loaded`: says which file a
-- line is of, and where it stands there. Process API 19.4.
local function fileOf(lines, line)
  local opened, first
  for index = line - 1, 1, -1 do
    opened, first = match(lines[index], "^local function ([%w_]+)%(%s*%)%s*$"), index
    if opened or find(lines[index], "package%.loaded%[") then
      break
    end
  end
  if not opened then
    return nil
  end
  for index = line, #lines do
    local module, called = match(lines[index], "package%.loaded%[[\"']([^\"']+)[\"']%]%s*=%s*([%w_]+)%(")
    if module then
      if called == opened then
        return gsub(module, "%.", "/") .. ".lua", line - first
      end
      return nil
    end
  end
end

-- Where a function stands in its source: a label, the line there, and a function that gives lines by their distance, as
-- `at(0)`. Without a remembered text `at` gives nil.
function sources.locate(info, line)
  local chunk = chunkOf(info, line)
  if not chunk then
    return (gsub(info.short_src, '^%[string "(.*)"%]$', "%1")), line, function() end
  end
  local lines = linesOf(chunk)
  local file, fileLine = fileOf(lines, line)
  return file or chunk.label, fileLine or line, function(distance)
    local wanted = line + distance
    if not file or fileLine + distance > 0 then
      return lines[wanted]
    end
  end
end

-- The text of a syntax error's line, before there is a chunk.
function sources.lineOf(text, line)
  return linesOf({ text = text })[line]
end

return sources
