/**
 * Compares definitions with values of the process library: which members there are, of what type, and of functions, with
 * how many parameters, and whether they give anything.
 *
 * @module
 */
import { createLibraryProcess, type LibraryProcess } from '../harness.ts'
import { type Definition, type Definitions, type Signature, splitType } from './read-definitions.ts'

/**
 * Functions of the library that take `...`, because their arguments have several forms or come one after another. The
 * definition names the arguments of the longest form.
 */
const severalForms: ReadonlySet<string> = new Set([
  'Handlers.Position.add',
  'Handlers.add',
  'Handlers.append',
  'Handlers.once',
  'Handlers.prepend',
  'Spawn',
  'Utils.concat',
  'Utils.filter',
  'Utils.find',
  'Utils.includes',
  'Utils.map',
  'Utils.prop',
  'Utils.propEq',
  'Utils.reduce',
  'ao.SendResult.onReply',
  'ao.Sent.onReply',
  'ao.addAssignable',
  'math.random',
])

/**
 * What stands in values beside what they are for. Of integers: metamethods, and methods that change the integer itself.
 * Of documents and of their replication: the state.
 */
const hidden: Readonly<Record<string, RegExp>> = {
  bint: /^_/,
  'crdt.Document': /^(kind|replica|context|store)$/,
  'crdt.Replication':
    /^(name|session|sequence|first|buffer|bufferBytes|peers|retryMs|bufferCountMax|bufferBytesMax|onChange)$/,
}

// ------------------------------------------------------------------------------------------------------------ values --

/** What a value of the library looks like from outside. */
export interface Shape {
  /** As Lua's `type` names it. */
  readonly type: string
  /** Of a function that is written in Lua. */
  readonly signature?: { readonly parameters: number; readonly variadic: boolean; readonly returns: boolean }
  /** Of a table: what it has, and what the table has that its metatable points to. */
  readonly members?: Readonly<Record<string, Shape>>
}

const shapeInLua = `
  -- Lua 5.3 compiles a function to 46 bytes about it, the number of instructions, and the instructions. It gives
  -- something if it has a RETURN, operation 38, with a second operand other than 1.
  local function returns(value)
    local code = string.dump(value, true)
    local count, position = string.unpack("<I4", code, 47)
    for index = 0, count - 1 do
      local instruction = string.unpack("<I4", code, position + 4 * index)
      if instruction & 63 == 38 and instruction >> 23 ~= 1 then
        return true
      end
    end
    return false
  end
  local function describe(value)
    local result = { type = type(value) }
    local info = type(value) == "function" and debug.getinfo(value, "Su")
    if info and info.what ~= "C" then
      result.signature = { parameters = info.nparams, variadic = info.isvararg, returns = returns(value) }
    end
    return result
  end
  local function shape(value)
    local result = describe(value)
    if type(value) == "table" then
      result.members = {}
      local metatable = getmetatable(value)
      local inherited = type(metatable) == "table" and type(metatable.__index) == "table" and metatable.__index or {}
      for _, source in ipairs({ inherited, value }) do
        for key, member in pairs(source) do
          if type(key) == "string" then
            result.members[key] = describe(member)
          end
        end
      end
    end
    return result
  end`

/** The shape of what Lua code evaluates to, in a process of its own that {@link createProcess} makes. */
export function shapeOf(expression: string): Shape {
  return JSON.parse(String(createProcess().eval(`${shapeInLua} return json.encode(shape(${expression}))`)))
}

/** A process whose last message in `Inbox` has all that a message can have. */
export function createProcess(): LibraryProcess {
  const library = createLibraryProcess()
  library.send({
    action: 'Any',
    data: 'data',
    anchor: 'anchor',
    forwardedBy: 'messenger',
    cron: true,
    readOnly: true,
    tags: {
      Module: 'module',
      'Pushed-For': 'message',
      Reference: '2',
      'Reply-To': 'reply',
      Signature: 'signature',
      'X-Origin': 'origin',
      'X-Reference': '1',
    },
  })
  return library
}

// -------------------------------------------------------------------------------------------------------- comparison --

/** What a value and its definition do not agree on, a sentence for each; of a class, with all of its members. */
export function differences(definitions: Definitions, name: string, definition: Definition, shape: Shape): string[] {
  const { classes } = definitions
  if (definition.kind === 'function' || !classes.has(definition.type)) {
    return compare(definitions, name, definition, shape)
  }
  const lineage = lineageOf(definitions, definition.type)
  const defined = new Map(lineage.flatMap((each) => [...(classes.get(each)?.members ?? [])]))
  const isHidden = (member: string): boolean => lineage.some((each) => hidden[each]?.test(member) === true)
  const { members = {} } = shape
  const unknown = Object.keys(members).filter((member) => !defined.has(member) && !isHidden(member))
  return [
    ...unknown.map((member) => `${definition.type}.${member}: not in the definition`),
    ...[...defined].flatMap(([member, each]) =>
      compare(definitions, `${definition.type}.${member}`, each, members[member] ?? { type: 'nil' }),
    ),
  ]
}

/** A class behind its parents. */
export function lineageOf(definitions: Definitions, className: string): string[] {
  const parents = definitions.classes.get(className)?.parents ?? []
  return [...parents.flatMap((parent) => lineageOf(definitions, parent)), className]
}

function compare(definitions: Definitions, name: string, definition: Definition, shape: Shape): string[] {
  const expected = definition.kind === 'function' ? ['function'] : luaTypes(definitions, definition.type)
  if (expected?.includes(shape.type) === false) {
    return [`${name}: ${shape.type} in the library, ${expected.join(' or ')} in the definition`]
  }
  const signature = signatureOf(definition)
  if (signature === undefined || shape.signature === undefined) return []
  return compareSignatures(name, signature, shape.signature)
}

function compareSignatures(name: string, defined: Signature, real: NonNullable<Shape['signature']>): string[] {
  if (defined.returns !== real.returns) {
    return [`${name}: gives ${real.returns ? 'something' : 'nothing'} in the library, unlike in the definition`]
  }
  const described = (count: number, variadic: boolean): string => `${count}${variadic ? ' and more' : ''}`
  const realCount = described(real.parameters, real.variadic)
  if (severalForms.has(name)) {
    return realCount === '0 and more' ? [] : [`${name}: has one form, so is none of severalForms`]
  }
  const count = described(defined.parameters.length, defined.variadic)
  return count === realCount ? [] : [`${name}: ${realCount} parameters in the library, ${count} in the definition`]
}

/** The parameters of a function, or of a field that is one. */
function signatureOf(definition: Definition): Signature | undefined {
  if (definition.kind === 'function') return definition
  const [, list, result] = /^(?:async )?fun\(([^()]*)\)(:)?/.exec(definition.type) ?? []
  if (list === undefined) return undefined
  const names = list === '' ? [] : splitType(list, ',')
  const isRest = (name: string): boolean => name.startsWith('...')
  return {
    parameters: names.filter((name) => !isRest(name)),
    variadic: names.some(isRest),
    returns: result !== undefined,
  }
}

/** The types of Lua that a type allows; undefined: all. */
function luaTypes(definitions: Definitions, type: string): string[] | undefined {
  const allowed = splitType(type, '|').map((part) => {
    const alias = definitions.aliases.get(part)
    return alias === undefined ? luaTypesOf(definitions, part) : luaTypes(definitions, alias)
  })
  return allowed.includes(undefined) ? undefined : allowed.flatMap((each) => each ?? [])
}

function luaTypesOf({ classes }: Definitions, name: string): string[] | undefined {
  if (name === 'any') return undefined
  if (classes.has(name) || /\[\]$|^table\b|^\{/.test(name)) return ['table']
  if (/^(?:async )?fun\(/.test(name)) return ['function']
  if (name.startsWith('"')) return ['string']
  return [/^(?:integer|\d+)$/.test(name) ? 'number' : name]
}
