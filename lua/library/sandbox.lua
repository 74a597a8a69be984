-- `io`, `os` and the file functions that user code sees: a machine without files, clock or shell. Process API 1.5.
--
-- The engine gives the real ones nothing to hold on to either; this keeps user code off the channel, and gives it the
-- answers that it would have from an empty file system.
local error, find, G, getmetatable, os, package, setmetatable, tostring, type =
  error, string.find, _G, getmetatable, os, package, setmetatable, tostring, type

local import = ...
local date = import(".calendar")

local noEntry, noAccess, noFunction = 2, 13, 38

local function missing(name)
  return nil, tostring(name) .. ": No such file or directory", noEntry
end

--------------------------------------------------------------------------------------------------------------- io --

-- The three standard streams: reading finds their end, writing goes nowhere.
local stream = { __name = "FILE*" }
stream.__index = stream

function stream.__tostring(file)
  return file.closed and "file (closed)" or "file (" .. file.name .. ")"
end

function stream.read()
  return nil
end

function stream.write(file)
  return file
end

function stream.lines()
  return function()
    return nil
  end
end

function stream.seek()
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

function io.open(name, mode)
  mode = mode or "r"
  if type(mode) ~= "string" or not find(mode, "^[rwa]%+?b?$") then
    error("bad argument #2 to 'open' (invalid mode)", 2)
  elseif find(mode, "^r") then
    return missing(name)
  end
  return nil, tostring(name) .. ": Permission denied", noAccess
end

function io.lines(name)
  if name == nil then
    return stream.lines()
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
