-- Publish and subscribe: wallets and processes subscribe to topics, and get what is published there.

-- topic → { list = addresses in the order they came, known = address → true }. The list says in which order to send;
-- the set answers "is it there?" without a search, and keeps anyone from being listed twice.
Topics = Topics or {}
Published = Published or 0

-- Limits, because strangers decide how much is stored here.
local topicSizeMax = 64
local subscribersMax = 500

local function refuse(msg, reason)
  msg.reply({ Action = msg.Action .. "-Error", Error = reason })
end

-- The topic that a message names, or nil after a refusal.
local function parseTopic(msg)
  local topic = msg.Tags.Topic
  if type(topic) == "string" and #topic <= topicSizeMax and topic:match("^[%w._/-]+$") then
    return topic
  end
  refuse(msg, "Topic must be 1 to " .. topicSizeMax .. " letters, digits or . _ / - characters.")
  return nil
end

Handlers.add("Subscribe", "Subscribe", function(msg)
  local topic = parseTopic(msg)
  if not topic then
    return
  end
  local subscribers = Topics[topic] or { list = {}, known = {} }
  if subscribers.known[msg.From] then
    -- Asking twice is no mistake of theirs: perhaps the first answer was lost.
    return msg.reply({ Action = "Subscribed", Topic = topic, Already = "true" })
  end
  if #subscribers.list >= subscribersMax then
    return refuse(msg, "The topic is full: " .. subscribersMax .. " subscribers. Choose another topic.")
  end
  subscribers.list[#subscribers.list + 1] = msg.From
  subscribers.known[msg.From] = true
  Topics[topic] = subscribers
  msg.reply({ Action = "Subscribed", Topic = topic })
end)

Handlers.add("Unsubscribe", "Unsubscribe", function(msg)
  local topic = parseTopic(msg)
  if not topic then
    return
  end
  local subscribers = Topics[topic]
  if not subscribers or not subscribers.known[msg.From] then
    return refuse(msg, "You are not subscribed to " .. topic .. ".")
  end
  subscribers.known[msg.From] = nil
  for place, address in ipairs(subscribers.list) do
    if address == msg.From then
      table.remove(subscribers.list, place)
      break
    end
  end
  -- A topic that nobody listens to takes no room.
  if #subscribers.list == 0 then
    Topics[topic] = nil
  end
  msg.reply({ Action = "Unsubscribed", Topic = topic })
end)

Handlers.add("Publish", "Publish", function(msg)
  local topic = parseTopic(msg)
  if not topic then
    return
  end
  -- Empty data arrives as one space.
  if type(msg.Data) ~= "string" or not msg.Data:find("%S") then
    return refuse(msg, "Data must be the text to publish.")
  end
  Published = Published + 1
  local list = Topics[topic] and Topics[topic].list or {}
  for _, subscriber in ipairs(list) do
    -- Subscribers see this process as the sender, so the publisher has to be named.
    ao.send({ Target = subscriber, Action = "Event", Topic = topic, Publisher = msg.From, Data = msg.Data })
  end
  msg.reply({ Action = "Published", Topic = topic, Subscribers = tostring(#list) })
end)

-- What the sender is subscribed to, in the order of the alphabet.
Handlers.add("Subscriptions", "Subscriptions", function(msg)
  local topics = {}
  for topic, subscribers in pairs(Topics) do
    if subscribers.known[msg.From] then
      topics[#topics + 1] = topic
    end
  end
  table.sort(topics)
  msg.reply({ Action = "Subscriptions", Data = topics })
end)
