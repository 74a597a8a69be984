/**
 * Renders fuzz cases as Lua.
 *
 * @module
 */
import type { JsonValue } from '../../src/vm/types.ts'
import type {
  Expression,
  Handle,
  Pattern,
  Program,
  Registration,
  SendFields,
  Step,
  Steps,
  Then,
  ValuePattern,
  Verdict,
} from './pipeline-case.ts'

/**
 * What the owner evaluates before each case. `show` prints a value but not the inside of tables; `whole` is a text of all
 * fields of a message; `clean` takes from an error text what is Lua's business, positions and names of variables. The
 * prompt tells the state after every message.
 */
export const prologue: string = `
function show(value)
  if type(value) == "table" or type(value) == "function" then value = "a " .. type(value) end
  print(value)
end
function clean(problem)
  if type(problem) ~= "string" then return "a " .. type(problem) end
  return (problem:gsub('%[string "[^"]*"%]:%d+: ', ""):gsub(" %(%l+ '[^']*'%)$", ""))
end
function whole(message)
  local fields = {}
  for name, value in pairs(message.Tags) do fields[#fields + 1] = "Tags." .. name .. "=" .. value end
  for key, value in pairs(message) do
    local isScalar = type(value) ~= "table" and type(value) ~= "function"
    fields[#fields + 1] = key .. "=" .. (isScalar and tostring(value) or "a " .. type(value))
  end
  table.sort(fields)
  return table.concat(fields, " ")
end
function names()
  local list = {}
  for i, handler in ipairs(Handlers.list) do
    list[i] = handler.name .. (handler.maxRuns and "*" .. handler.maxRuns or "")
  end
  return table.concat(list, " ")
end
function waiting()
  local count = 0
  for _, thread in pairs(Handlers.coroutines) do
    if coroutine.status(thread) == "suspended" then count = count + 1 end
  end
  return count
end
function Prompt()
  local inbox = {}
  for i, message in ipairs(Inbox) do inbox[i] = tostring(message.Id) end
  return "list: " .. names() .. "\\ninbox: " .. table.concat(inbox, " ") .. "\\nonce: " .. Handlers.onceNonce
    .. "\\nreference: " .. ao.reference .. "\\nerrors: " .. #Errors
    .. "\\nauthorities: " .. table.concat(ao.authorities, " ")
    .. "\\nassignables: " .. #ao.assignables
end`

/** The chunk of an Eval. It begins with a statement, so that only its second reading compiles (Process API 10). */
export function renderProgram({ steps, returns }: Program): string {
  const result = returns.length === 0 ? [] : [`return ${returns.map(renderVerdict).join(', ')}`]
  return ['local msg = Inbox[#Inbox]', ...body(steps), ...result].join('\n')
}

function body(steps: Steps): string[] {
  return [...(uses(steps, 'received') ? ['local received = msg'] : []), ...steps.flatMap(renderStep)]
}

/** Whether the steps name a variable; over-cautious where a text is the same. */
function uses(steps: Steps, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(steps.flatMap(renderStep).join('\n'))
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`)

/** A function of a message, in as many lines as it takes. */
function functionOf(parameters: string, lines: readonly string[]): string {
  if (lines.length === 0) return `function(${parameters}) end`
  const [only] = lines
  if (lines.length === 1 && only !== undefined && !only.includes('\n')) return `function(${parameters}) ${only} end`
  return [`function(${parameters})`, ...indented(lines.flatMap((line) => line.split('\n'))), 'end'].join('\n')
}

function renderStep(step: Step): string[] {
  switch (step.do) {
    case 'print':
      return [`show(${renderExpression(step.value)})`]
    case 'set':
      return [`${step.of}[${quote(step.key)}] = ${quote(step.value)}`]
    case 'when':
      return [`if ${step.of}[${quote(step.key)}] == ${quote(step.is)} then`, ...nested(step.steps), 'end']
    case 'send':
      return [renderThen(`${step.by}(${renderFields(step.fields)})`, step.then)]
    case 'reply':
      return [renderThen(`${step.to}.reply(${renderFields(step.fields)})`, step.then)]
    case 'forward': {
      const fields = step.fields === undefined ? '' : `, ${renderFields(step.fields)}`
      return [`${step.of}.forward(${quote(step.target)}${fields})`]
    }
    case 'assign':
      return [`Assign({ Processes = { ${quote(step.to)} }, Message = "item" })`]
    case 'receive':
      return [`received = Receive(${renderPattern(step.pattern)})`]
    case 'receiveInSort':
      return [`table.sort({ 2, 1 }, function() received = Receive(${renderPattern(step.pattern)}) end)`]
    case 'register':
      return [renderRegistration(step.registration)]
    case 'remove':
      if (step.by === 'Handlers') return [`Handlers.remove(${quote(step.name)})`]
      return [
        'for i, handler in ipairs(Handlers.list) do',
        `  if handler.name == ${quote(step.name)} then table.remove(Handlers.list, i) break end`,
        'end',
      ]
    case 'error':
      if (step.kind === 'text') return [`do error(${quote(step.text)}) end`]
      return [step.kind === 'bare' ? `do error(${quote(step.text)}, 0) end` : 'do error({ code = 1 }) end']
    case 'pcall':
      return ['do', '  local ok, problem = pcall(function()', ...indented(nested(step.steps)), '  end)'].concat(
        '  print(ok and "fine" or "caught " .. clean(problem))',
        'end',
      )
    case 'coroutine':
      return ['coroutine.wrap(function()', ...nested(step.steps), 'end)()']
    case 'evaluate': {
      if (typeof step.message === 'string') return [`Handlers.evaluate(${step.message}, ao.env)`]
      const { action, data, tags } = step.message
      const fields = `Action = ${quote(action)}, From = "INNER", Data = ${data === undefined ? 'nil' : quote(data)}`
      return [`Handlers.evaluate({ ${fields}, Tags = ${renderJson(tags)} }, ao.env)`]
    }
    case 'fail':
      return [`ao.outbox.Error = ${quote(step.text)}`]
    case 'authorities':
      return [step.add === undefined ? 'ao.authorities = {}' : `table.insert(ao.authorities, ${quote(step.add)})`]
    case 'addAssignable': {
      const name = step.name === undefined ? '' : `${quote(step.name)}, `
      return [`ao.addAssignable(${name}${renderPattern(step.pattern)})`]
    }
    case 'removeAssignable':
      return [`ao.removeAssignable(${JSON.stringify(step.which)})`]
    case 'emptyInbox':
      return ['Inbox = {}']
  }
}

const nested = (steps: Steps): string[] => indented(steps.flatMap(renderStep).flatMap((line) => line.split('\n')))

function renderThen(call: string, then: Then | undefined): string {
  if (then === undefined) return call
  const from = then.from === undefined ? '' : quote(then.from)
  if (then.do === 'receive') return `received = ${call}.receive(${from})`
  return `${call}.onReply(${[...(from === '' ? [] : [from]), renderHandle(then.handle)].join(', ')})`
}

function renderRegistration(registration: Registration): string {
  const { by, name, pattern } = registration
  if (by === 'table') {
    const handler = `name = ${quote(name)}, pattern = ${renderPattern(pattern)}, handle = ${renderHandler(registration.steps)}`
    return `table.insert(Handlers.list, ${registration.at === 'first' ? '1' : '#Handlers.list + 1'}, { ${handler} })`
  }
  const maxRuns = 'maxRuns' in registration ? registration.maxRuns : undefined
  const parameters = [
    name === undefined ? undefined : quote(name),
    pattern === undefined ? undefined : renderPattern(pattern),
    renderHandle(registration.handle),
    maxRuns === undefined ? undefined : JSON.stringify(maxRuns),
  ]
    .filter((parameter) => parameter !== undefined)
    .join(', ')
  if (by === 'before' || by === 'after') return `Handlers.${by}(${quote(registration.anchor)}).add(${parameters})`
  return by === 'add' ? `show(Handlers.add(${parameters}))` : `Handlers.${by}(${parameters})`
}

const renderHandler = (steps: Steps): string => functionOf('msg', body(steps))

function renderHandle(handle: Handle): string {
  switch (handle.is) {
    case 'steps':
      return renderHandler(handle.steps)
    case 'resolver':
      return `{ ${handle.cases.map(({ pattern, steps }) => `[${renderPattern(pattern)}] = ${renderHandler(steps)}`).join(', ')} }`
    case 'reply':
      return `Handlers.utils.reply(${typeof handle.input === 'string' ? quote(handle.input) : renderFields(handle.input)})`
  }
}

function renderPattern(pattern: Pattern): string {
  switch (pattern.is) {
    case 'action':
      return quote(pattern.action)
    case 'table': {
      const keys = Object.entries(pattern.keys).map(([key, value]) => `[${quote(key)}] = ${renderValuePattern(value)}`)
      return `{ ${keys.join(', ')} }`
    }
    case 'function': {
      const condition = `if msg[${quote(pattern.key)}] == ${quote(pattern.value)} then return ${renderVerdict(pattern.verdict)} end`
      return functionOf('msg', [...body(pattern.steps), condition, `return ${renderVerdict(pattern.otherwise)}`])
    }
    case 'continue':
      return `Handlers.utils.continue(${renderPattern(pattern.pattern)})`
    case 'hasMatchingTag':
      return `Handlers.utils.hasMatchingTag(${quote(pattern.name)}, ${quote(pattern.value)})`
    case 'hasMatchingData':
      return `Handlers.utils.hasMatchingData(${quote(pattern.value)})`
  }
}

function renderValuePattern(pattern: ValuePattern): string {
  switch (pattern.is) {
    case 'text':
      return quote(pattern.text)
    case 'constant':
      return String(pattern.value)
    case 'any':
      return `{ ${pattern.of.map(renderValuePattern).join(', ')} }`
    case 'function': {
      const compared = pattern.compares === 'value' ? 'value' : 'msg.Data'
      return `function(value, msg) if ${compared} == ${quote(pattern.with)} then return ${renderVerdict(pattern.verdict)} end end`
    }
    case 'error':
      return `function() error(${quote(pattern.text)}) end`
  }
}

function renderExpression(expression: Expression): string {
  if ('text' in expression) return quote(expression.text)
  if ('key' in expression) return `${expression.of}[${quote(expression.key)}]`
  if ('whole' in expression) return `whole(${expression.whole})`
  if ('tag' in expression) return `${expression.of}.Tags[${quote(expression.tag)}]`
  return globals[expression.global]
}

const globals = {
  time: 'os.time()',
  inbox: '#Inbox',
  list: 'names()',
  onceNonce: 'Handlers.onceNonce',
  reference: 'ao.reference',
  waiting: 'waiting()',
} as const

function renderFields({ root, tags }: SendFields): string {
  const fields = Object.entries(root).map(([key, value]) => `[${quote(key)}] = ${renderJson(value)}`)
  if (tags !== undefined) fields.push(`Tags = ${renderTags(tags)}`)
  return `{ ${fields.join(', ')} }`
}

function renderTags({ shape, tags }: NonNullable<SendFields['tags']>): string {
  if (shape === 'map') return renderJson(Object.fromEntries(tags.map(({ name, value }) => [name, value])))
  return `{ ${tags.map(({ name, value }) => `{ name = ${quote(name)}, value = ${quote(value)} }`).join(', ')} }`
}

function renderJson(value: JsonValue): string {
  if (value === null) return 'nil'
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `{ ${value.map(renderJson).join(', ')} }`
  return `{ ${Object.entries(value)
    .map(([key, element]) => `[${quote(key)}] = ${renderJson(element)}`)
    .join(', ')} }`
}

function renderVerdict(verdict: Verdict): string {
  if (verdict === undefined) return 'nil'
  if (typeof verdict === 'object') return '{}'
  return typeof verdict === 'string' ? quote(verdict) : String(verdict)
}

/** A string literal of Lua. The texts of a case are printable ASCII, for which JSON writes the same. */
const quote = (text: string): string => JSON.stringify(text)
