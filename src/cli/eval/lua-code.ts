import { readBlueprint } from '../../project/blueprints.ts'
import { bundleProject, type OpenRequire } from '../../project/bundle-project.ts'
import { printError } from '../output.ts'

/** Lua that a command loads into a process: a file with what it requires, or a blueprint. */
export type LuaSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'blueprint'; readonly name: string }

export interface LuaCode {
  /** What it is, for people. */
  readonly title: string
  /** The text for an Eval. */
  readonly code: string
}

/** Reads the code, and warns of what the process will have to have. @throws {ProjectError} */
export function readLuaCode(source: LuaSource): LuaCode {
  if (source.kind === 'blueprint') {
    return { title: `blueprint ${source.name}`, code: readBlueprint(source.name).code }
  }
  const { code, files, openRequires } = bundleProject(source.path)
  if (openRequires.length > 0) printError(...openRequires.map(warning))
  const others = files.slice(1)
  return { title: others.length === 0 ? source.path : `${source.path}, with ${others.join(', ')}`, code }
}

function warning({ name, path, line }: OpenRequire): string {
  return `warning: ${path}:${line} requires "${name}", which is neither a file here nor in the process library.`
}
