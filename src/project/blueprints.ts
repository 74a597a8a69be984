import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ProjectError } from './errors.ts'
import { readLuaSource } from './lua-file.ts'
import { writeBundle } from './write-bundle.ts'

/** Two levels above this file's folder, in the checkout (`src/project`) and in the package (`dist/project`). */
const directory = fileURLToPath(new URL('../../lua/blueprints/', import.meta.url))

/** A ready-made Lua file of this package that people load by name. Process API 16. */
export interface Blueprint {
  readonly name: string
  /** What it is, in one sentence: the file's first. */
  readonly summary: string
  /** The file as it is, to read or to change. */
  readonly source: string
  /** Lua text for an Eval; errors in it name `blueprints/<name>.lua`. */
  readonly code: string
}

/** Names of all blueprints, sorted. */
export function blueprintNames(): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.lua'))
    .map((file) => file.slice(0, -'.lua'.length))
    .sort()
}

/** @throws {ProjectError} `PROJECT_BLUEPRINT_UNKNOWN` */
export function readBlueprint(name: string): Blueprint {
  const known = blueprintNames()
  if (!known.includes(name)) throw new ProjectError({ code: 'PROJECT_BLUEPRINT_UNKNOWN', name, known })
  const source = readLuaSource(`${directory}${name}.lua`)
  const summary = /^-- (.*?\.)(?: |$)/m.exec(source)?.[1] ?? ''
  return { name, summary, source, code: writeBundle({ path: `blueprints/${name}.lua`, source }, []) }
}
