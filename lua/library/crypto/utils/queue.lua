-- `utils.queue()`: values that leave in the order in which they came. Process API 14.7.
return function()
  local values, first, last = {}, 1, 0
  local queue = {}

  function queue.push(value)
    last = last + 1
    values[last] = value
  end

  -- Takes the oldest value out; nil if there is none.
  function queue.pop()
    if first > last then
      return nil
    end
    local value = values[first]
    values[first] = nil
    first = first + 1
    return value
  end

  function queue.size()
    return last - first + 1
  end

  -- The value that came last.
  function queue.getHead()
    return values[last]
  end

  -- The value that leaves next.
  function queue.getTail()
    return values[first]
  end

  function queue.reset()
    values, first, last = {}, 1, 0
  end

  return queue
end
