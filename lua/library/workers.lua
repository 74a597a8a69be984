-- The coroutines in which messages are handled. Process API 3, step 10, and 8.4.
--
-- A worker handles one message after another: it yields `done`, which nobody else has, and waits for the next. It is
-- given up when it dies of an error or stays suspended in the middle of a message, as `Receive` leaves it.
local create, resume, status, traceback, type, yield =
  coroutine.create, coroutine.resume, coroutine.status, debug.traceback, type, coroutine.yield

local import = ...
local development = import(".development")

local done = {}

local function handleMessages(handle, message, env)
  while handle do
    handle(message, env)
    handle, message, env = yield(done)
  end
end

-- `failure.trace` says where the error began that stopped the message.
local failure = { trace = nil }

local workers = { failure = failure }

local idle

-- Makes a worker, and puts it into the list of the living ones.
local function start(handlers)
  local living, count = {}, 0
  local list = handlers.coroutines
  if type(list) == "table" then
    for index = 1, #list do
      local worker = list[index]
      if type(worker) == "thread" and status(worker) ~= "dead" then
        count = count + 1
        living[count] = worker
      end
    end
  end
  local worker = create(handleMessages)
  living[count + 1] = worker
  handlers.coroutines = living
  return worker
end

-- Runs `handle(message, env)` until it ends, fails or waits. Gives false, the error, its trace and the dead worker when
-- it failed.
function workers.run(handlers, handle, message, env)
  local worker = idle or start(handlers)
  idle, failure.trace = nil, nil
  local ok, signal = resume(worker, handle, message, env)
  if not ok then
    return false, signal, failure.trace or traceback(worker), worker
  end
  if signal == done then
    idle = worker
  end
  return true
end

-- Continues a coroutine that waits for a message. A worker that has finished its message thereby ends.
function workers.continue(waiting, message)
  local ok, signal = resume(waiting, message)
  if not ok then
    if development.isOn then
      development.noteThread(waiting, signal)
    end
    return false, signal
  end
  if signal == done then
    resume(waiting)
  end
  return true
end

return workers
