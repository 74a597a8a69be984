-- A pipeline: three processes that hand data on. Text goes in at the first; the last answers whoever asked.
--
--   requester → split (text to words) → count (words to numbers) → report (numbers to text) → requester
--
-- One file serves all three: the tag `Stage`, given when a process is spawned, says which stage it is.

local stages = {
  -- Text → list of words in lower case.
  split = function(text)
    if type(text) ~= "string" or not text:find("%S") then
      return nil, "Data must be text with at least one word."
    end
    local words = {}
    for word in text:gmatch("%a+") do
      words[#words + 1] = word:lower()
    end
    if #words == 0 then
      return nil, "Data has no words: words are made of the letters a to z."
    end
    return words
  end,

  -- List of words → { word, count }, in the order in which they first appear.
  count = function(words)
    if type(words) ~= "table" then
      return nil, "Data must be a JSON list of words."
    end
    local counts, places = {}, {}
    for _, word in ipairs(words) do
      if not places[word] then
        counts[#counts + 1] = { word = word, count = 0 }
        places[word] = #counts
      end
      local entry = counts[places[word]]
      entry.count = entry.count + 1
    end
    return counts
  end,

  -- { word, count } → lines of text, the most frequent word first.
  report = function(counts)
    if type(counts) ~= "table" then
      return nil, "Data must be a JSON list of words with counts."
    end
    -- Equal counts in the order of the alphabet: a process has to give the same answer wherever it is computed.
    table.sort(counts, function(a, b)
      return a.count > b.count or a.count == b.count and a.word < b.word
    end)
    local lines = {}
    for place, entry in ipairs(counts) do
      lines[place] = string.format("%s: %d", entry.word, entry.count)
    end
    return table.concat(lines, "\n")
  end,
}

Stage = ao.env.Process.Tags.Stage
if not stages[Stage] then
  error("Spawn this process with the tag Stage = split, count or report.")
end

Processed = Processed or 0

local function refuse(msg, reason)
  -- A reply goes to `Reply-To` where there is one, so the requester hears of it from whichever stage refused.
  msg.reply({ Action = msg.Action .. "-Error", Stage = Stage, Error = reason })
end

-- Names the neighbours. The first stage has no Previous and takes work from anyone; the last has no Next and answers.
Handlers.add("Connect", "Connect", function(msg)
  if msg.From ~= Owner then
    return refuse(msg, "Only the owner may connect stages.")
  end
  Previous, Next = msg.Tags.Previous, msg.Tags.Next
  msg.reply({ Action = "Connected", Previous = Previous, Next = Next })
end)

Handlers.add("Process", "Process", function(msg)
  if Previous and msg.From ~= Previous then
    return refuse(msg, "Send data to the first stage of the pipeline.")
  end

  -- `pcall`, because the data is a stranger's: a Lua error would undo the message without an answer.
  local ok, output, problem = pcall(stages[Stage], msg.Data)
  if not ok or not output then
    return refuse(msg, problem or "Data is not what this stage understands.")
  end
  Processed = Processed + 1

  if Next then
    -- `forward` keeps the tags of the request, and remembers in `Reply-To` and `X-Reference` whom the answer is for.
    -- Data that is a table is sent as JSON, and arrives as a table.
    msg.forward(Next, { Action = "Process", Data = output })
  else
    msg.reply({ Action = "Processed", Data = output })
  end
end)
