/**
 * Reads the definition files, as far as they are written in this folder: documentation in `---` lines, and below it a
 * class, an alias, a function without a body, a variable, or the value that a module gives. Anything else is an error.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { type LibraryFile, readLibraryFiles } from '../../src/vm/lua/library-bundle.ts'

export const definitionsDirectory: string = fileURLToPath(new URL('.', import.meta.url))

export interface Signature {
  /** With `self`, and without `...`. */
  readonly parameters: readonly string[]
  readonly variadic: boolean
  /** Whether it gives anything. */
  readonly returns: boolean
}

/** A function: one of a class, a global, or what a module gives. */
export interface FunctionDefinition extends Signature {
  readonly kind: 'function'
  readonly where: string
  readonly text: string
  /** Names of the `@param` lines, with `...`. */
  readonly documented: readonly string[]
}

/** A field of a class, or a variable. */
export interface FieldDefinition {
  readonly kind: 'field'
  readonly where: string
  readonly text: string
  readonly type: string
}

export type Definition = FunctionDefinition | FieldDefinition

export interface ClassDefinition {
  readonly where: string
  readonly text: string
  readonly parents: readonly string[]
  readonly members: Map<string, Definition>
}

export interface TypeUse {
  readonly where: string
  readonly type: string
  /** Names that stand for any type there. */
  readonly generics: readonly string[]
}

export interface Definitions {
  readonly classes: Map<string, ClassDefinition>
  readonly aliases: Map<string, string>
  readonly globals: Map<string, Definition>
  /** What `require` gives, by the names that it takes. */
  readonly modules: Map<string, Definition>
  /** Functions of Lua's own tables that get a note, such as `os.time`. */
  readonly standard: Map<string, FunctionDefinition>
  readonly types: TypeUse[]
}

/** A line of Lua, and the documentation above it. */
interface Statement {
  readonly where: string
  readonly text: string
  readonly tags: readonly Tag[]
  readonly line: string
}

interface Tag {
  readonly tag: string
  readonly rest: string
}

/** What the names of a file's variables stand for. */
type Variables = Map<string, Definition>

/** Reads all files below this folder. */
export function readDefinitions(): Definitions {
  const definitions: Definitions = {
    classes: new Map(),
    aliases: new Map(),
    globals: new Map(),
    modules: new Map(),
    standard: new Map(),
    types: [],
  }
  for (const file of readLibraryFiles(definitionsDirectory)) {
    const variables: Variables = new Map()
    for (const statement of statementsOf(file)) {
      addTypes(statement, definitions)
      addAlias(statement, definitions)
      addStatement(statement, addClass(statement, definitions), variables, file.name, definitions)
    }
  }
  return definitions
}

function statementsOf({ name, source }: LibraryFile): Statement[] {
  const statements: Statement[] = []
  let text = ''
  let tags: Tag[] = []
  for (const [index, line] of source.split('\n').entries()) {
    const [, documentation] = /^---(?!--)(.*)$/.exec(line) ?? []
    const [, tag, rest = ''] = /^@(\w+)\s*(.*)$/.exec(documentation ?? '') ?? []
    if (tag !== undefined) tags.push({ tag, rest })
    else if (documentation !== undefined) text += `${documentation}\n`
    else if (!line.startsWith('--')) {
      statements.push({ where: `${name}:${index + 1}`, text, tags, line })
      text = ''
      tags = []
    }
  }
  return statements
}

/** Adds the class that a statement declares, and gives its name. */
function addClass({ where, text, tags }: Statement, { classes }: Definitions): string | undefined {
  const declaration = tags.find(({ tag }) => tag === 'class')
  if (declaration === undefined) return undefined
  const [name = '', parents] = declaration.rest.split(/:\s*/)
  if (classes.has(name)) throw new Error(`${where}: there is another class ${name}`)
  const members = new Map<string, Definition>()
  for (const { tag, rest } of tags) {
    if (tag !== 'field' || rest.startsWith('[string]')) continue
    const { name: field, type, text: about } = parseNamed(where, rest)
    members.set(field, { kind: 'field', where, text: about, type })
  }
  classes.set(name, { where, text, parents: parents?.split(', ') ?? [], members })
  return name
}

function addAlias({ where, text, tags }: Statement, { aliases }: Definitions): void {
  for (const { tag, rest } of tags) {
    if (tag !== 'alias') continue
    const { name, type } = parseNamed(where, rest)
    if (text === '' || aliases.has(name))
      throw new Error(`${where}: the alias ${name} has no text, or there is another`)
    aliases.set(name, type)
  }
}

function addStatement(
  statement: Statement,
  className: string | undefined,
  variables: Variables,
  fileName: string,
  definitions: Definitions,
): void {
  const { where, text, line } = statement
  const [, localFunction, path, parameters = ''] = /^(local )?function ([\w.:]+)\((.*)\) end$/.exec(line) ?? []
  const [, localVariable, variable] = /^(local )?(\w+) = .+$/.exec(line) ?? []
  const [, returned] = /^return (\w+)$/.exec(line) ?? []
  if (path !== undefined) {
    const definition = functionOf(statement, path, parameters)
    const [owner = '', member] = path.split(/[.:]/)
    if (member !== undefined) addMember(path, definition, classOf(owner, variables, definitions), definitions)
    else variables.set(path, definition)
    if (member === undefined && localFunction === undefined) definitions.globals.set(path, definition)
  } else if (variable !== undefined) {
    const type = className ?? statement.tags.find(({ tag }) => tag === 'type')?.rest
    if (type === undefined) throw new Error(`${where}: ${variable} has neither @class nor @type`)
    const definition: Definition = { kind: 'field', where, text, type }
    variables.set(variable, definition)
    if (localVariable === undefined) definitions.globals.set(variable, definition)
  } else if (returned !== undefined) {
    const definition = variables.get(returned)
    if (definition === undefined) throw new Error(`${where}: ${returned} is not defined here`)
    definitions.modules.set(fileName.replace(/\.init$/, ''), definition)
  } else if (line !== '') {
    throw new Error(`${where}: not understood: ${line}`)
  }
}

function classOf(variable: string, variables: Variables, { classes }: Definitions): ClassDefinition | undefined {
  const definition = variables.get(variable)
  return definition?.kind === 'field' ? classes.get(definition.type) : undefined
}

function addMember(
  path: string,
  definition: FunctionDefinition,
  owner: ClassDefinition | undefined,
  { standard }: Definitions,
): void {
  if (owner === undefined) standard.set(path, definition)
  else owner.members.set(path.replace(/^.*[.:]/, ''), definition)
}

function functionOf({ where, text, tags }: Statement, path: string, parameters: string): FunctionDefinition {
  const names = parameters === '' ? [] : parameters.split(', ')
  const documented = tags.filter(({ tag }) => tag === 'param').map(({ rest }) => parseNamed(where, rest).name)
  return {
    kind: 'function',
    where,
    text,
    parameters: [...(path.includes(':') ? ['self'] : []), ...names.filter((name) => name !== '...')],
    variadic: names.includes('...'),
    returns: tags.some(({ tag }) => tag === 'return'),
    documented: path.includes(':') && documented[0] !== 'self' ? ['self', ...documented] : documented,
  }
}

/** Tags that are followed by a name and a type, by a type, and by neither; `@class` and `@operator` have their own form. */
const namedTags = new Set(['alias', 'field', 'param'])
const typeTags = new Set(['overload', 'return', 'type'])
const otherTags = new Set(['async', 'generic', 'meta'])

function addTypes({ where, tags }: Statement, { types }: Definitions): void {
  const generics = tags
    .filter(({ tag }) => tag === 'generic')
    .flatMap(({ rest }) => rest.replaceAll(/:\s*\S+/g, '').split(', '))
  for (const { tag, rest } of tags) {
    if (namedTags.has(tag)) types.push({ where, type: parseNamed(where, rest).type, generics })
    else if (typeTags.has(tag)) types.push({ where, type: takeType(rest).type, generics })
    else if (tag === 'class') types.push({ where, type: rest.replace(/^[^:]*/, ''), generics })
    else if (tag === 'operator') types.push({ where, type: rest.replace(/^\w+/, 'fun'), generics })
    else if (!otherTags.has(tag)) throw new Error(`${where}: there is no @${tag} here yet`)
  }
}

interface Named {
  readonly name: string
  readonly type: string
  readonly text: string
}

/** `name? type text`, where the name may stand in brackets: `["Block-Height"]`. */
function parseNamed(where: string, rest: string): Named {
  const [all, quoted, plain] = /^(?:\["([^"]+)"\]|\[string\]|([\w.]+))\??\s+/.exec(rest) ?? []
  if (all === undefined) throw new Error(`${where}: a name and a type are missing: ${rest}`)
  return { name: quoted ?? plain ?? 'string', ...takeType(rest.slice(all.length)) }
}

/** Takes the type that a line begins with: up to the first blank that stands in no brackets and behind no operator. */
function takeType(line: string): { readonly type: string; readonly text: string } {
  const end = placesOf(' ', line).find((place) => !/(?:[:,|]|^async)$/.test(line.slice(0, place))) ?? line.length
  return { type: line.slice(0, end), text: line.slice(end + 1) }
}

/** Splits a type at the separators that stand in no brackets. */
export function splitType(type: string, separator: string): string[] {
  const places = [...placesOf(separator, type), type.length]
  return places.map((place, index) => type.slice((places[index - 1] ?? -1) + 1, place).trim())
}

/** Where a character stands in a text outside of all brackets. */
function placesOf(wanted: string, text: string): number[] {
  const places: number[] = []
  let depth = 0
  for (const [index, character] of [...text].entries()) {
    if ('([{<'.includes(character)) depth++
    else if (')]}>'.includes(character)) depth--
    if (character === wanted && depth === 0) places.push(index)
  }
  return places
}
