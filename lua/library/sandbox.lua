-- `io`, `os` and the file functions that user code sees: a machine without files, clock or shell. Process API 1.5.
--
-- The engine gives the real ones nothing to hold on to either; this keeps user code off the channel, and gives it the
-- answers that it would have from an empty file system.
local error, find, G, getmetatable, os, pack, package, setmetatable, tostring, type, unpack =
  error, string.find, _G, getmetatable, os, table.pack, package, setmetatable, tostring, type, table.unpack

local import = ...
local date = import(".calendar")
local files = import(".files")

local noEntry, noAccess, isDirectory, noFunction = 2, 13, 21, 38

local function missing(name)
  return nil, tostring(name) .. ": No such file or directory", noEntry
end

--------------------------------------------------------------------------------------------------------------- io --

-- Open files, and the three standard streams: reading finds their end, writing goes nowhere.
local stream = { __name = "FILE*" }
stream.__index = stream

function stream.__tostring(file)
  return file.closed and "file (closed)" or "file (" .. file.name .. ")"
end

function stream.read(file, ...)
  if file.text then
    return files.read(file, ...)
  end
  return nil
end

function stream.write(file)
  return file
end

function stream.lines(file, ...)
  local formats = pack(...)
  return function()
    return file.read(file, unpack(formats, 1, formats.n))
  end
end

function stream.seek(file, ...)
  if file.text then
    return files.seek(file, ...)
  end
  return nil, "Illegal seek", 29
end

function stream.flush(file)
  return file
end

function stream.setvbuf()
  return true
end

function stream.close()
  return true
end

local function standard(name)
  return setmetatable({ name = name }, stream)
end

local io = { stdin = standard("stdin"), stdout = standard("stdout"), stderr = standard("stderr") }

-- The one directory. As in C it can be opened, but not read.
local directory = setmetatable({ name = "/data" }, stream)

function directory.read()
  return nil, "Is a directory", isDirectory
end

function io.open(name, mode)
  mode = mode or "r"
  if type(mode) ~= "string" or not find(mode, "^[rwa]%+?b?$") then
    error("bad argument #2 to 'open' (invalid mode)", 2)
  elseif name == "/data" or name == "/data/" then
    if find(mode, "^rb?$") then
      return directory
    end
    return nil, name .. ": Is a directory", isDirectory
  elseif files.text(name) and find(mode, "^rb?$") then
    return setmetatable({ name = name, text = files.text(name), position = 1 }, stream)
  elseif find(mode, "^r") and not files.text(name) then
    return missing(name)
  end
  return nil, tostring(name) .. ": Permission denied", noAccess
end

function io.lines(name, ...)
  if name == nil then
    return stream.lines(io.stdin)
  elseif files.text(name) then
    return stream.lines(io.open(name), ...)
  end
  error(tostring(name) .. ": No such file or directory", 2)
end

local function choose(name)
  return function(file)
    if file == nil or getmetatable(file) == stream then
      return file or io[name]
    end
    error(tostring(file) .. ": No such file or directory", 2)
  end
end

io.input, io.output = choose("stdin"), choose("stdout")

function io.popen()
  error("'popen' not supported", 2)
end

function io.read()
  return nil
end

function io.write()
  return io.stdout
end

function io.tmpfile()
  return nil, "Permission denied", noAccess
end

function io.type(value)
  if getmetatable(value) == stream then
    return "file"
  end
  return nil
end

function io.flush()
  return io.stdout
end

function io.close()
  return true
end

--------------------------------------------------------------------------------------------------------------- os --

os.date = date

function os.clock()
  return 0.0
end

function os.difftime(later, earlier)
  return later - (earlier or 0) + 0.0
end

function os.execute(command)
  if command == nil then
    return false
  end
  return nil, "not implemented", noFunction
end

function os.exit()
  error("os.exit is not available in a process", 2)
end

function os.getenv()
  return nil
end

os.remove = missing
os.rename = missing

function os.tmpname()
  error("unable to generate a unique filename", 2)
end

function os.setlocale(name)
  if name == nil or name == "" or name == "C" or name == "POSIX" then
    return "C"
  end
  return nil
end

---------------------------------------------------------------------------------------------------- loading of code --

function G.loadfile(name)
  return nil, "cannot open " .. tostring(name or "stdin")
end

function G.dofile(name)
  error("cannot open " .. tostring(name or "stdin"), 2)
end

function package.loadlib()
  return nil, "dynamic libraries not enabled; check your Lua installation", "absent"
end

function package.searchpath(name)
  return nil, "\n\tno file '" .. tostring(name) .. "'"
end

package.path, package.cpath = "", ""

G.io = io
package.loaded.io = io

return io
