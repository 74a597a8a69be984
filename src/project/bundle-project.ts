/**
 * Makes one Lua text of a project of several files (Process API 19.4), for an Eval.
 *
 * A required name is a path below the main file's directory, with `.` or `/` between its parts: `x/y.lua` or
 * `x/y/init.lua` for `x.y`, `x/y`, `./x/y` and `.x.y`. A dot is never more than that, so no name leads upwards. Names of
 * the process library that begin with a dot (`.utils`) always mean the library; other names mean the file if there is one.
 *
 * @module
 */
import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { ProjectError } from './errors.ts'
import { findRequires } from './find-requires.ts'
import { isLibraryModule } from './library-modules.ts'
import { type LuaFile, readLuaSource } from './lua-file.ts'
import { writeBundle } from './write-bundle.ts'

/** What a bundle may have at most: the largest data item of reference nodes, less room for its header. */
export const bundleBytesMax: number = 10 * 2 ** 20 - 8 * 2 ** 10

export interface ProjectBundle {
  /** Lua text for an Eval; returns what the main file returns. The same files give the same text. */
  readonly code: string
  /** The main file, then the others as they are first required, depth first: paths from the main file's directory. */
  readonly files: readonly string[]
  /** What is required but neither a file here nor in the process library, each once. The process may have it all the same. */
  readonly openRequires: readonly OpenRequire[]
}

export interface OpenRequire {
  readonly name: string
  /** Where it is first required: a path of {@link ProjectBundle.files}, and a line from 1. */
  readonly path: string
  readonly line: number
}

/**
 * Bundles a file with everything that it requires.
 *
 * @param mainPath - Absolute, or from the working directory.
 * @throws {ProjectError} `PROJECT_FILE_UNREADABLE`, `PROJECT_FILE_NOT_TEXT`, `PROJECT_FILE_OUTSIDE`,
 *   `PROJECT_BUNDLE_TOO_LARGE`. What is no Lua is found by the process.
 */
export function bundleProject(mainPath: string): ProjectBundle {
  const main: LuaFile = { path: basename(mainPath), source: readLuaSource(mainPath) }
  const directory = dirname(resolve(mainPath))
  const modules = new Map<string, { readonly path: string; readonly source: string; readonly names: string[] }>()
  const openRequires: OpenRequire[] = []

  function addModulesOf({ path, source }: LuaFile): void {
    for (const { name, line } of findRequires(source)) {
      const modulePath = findModule(directory, name)
      if (modulePath === undefined) {
        const isKnown = isLibraryModule(name) || openRequires.some((open) => open.name === name)
        if (!isKnown) openRequires.push({ name, path, line })
        continue
      }
      const known = modules.get(modulePath)
      if (known === undefined) {
        const module = { path: modulePath, source: readLuaSource(join(directory, modulePath)), names: [name] }
        modules.set(modulePath, module)
        addModulesOf(module)
      } else if (!known.names.includes(name)) {
        known.names.push(name)
      }
    }
  }

  addModulesOf(main)
  const code = writeBundle(main, [...modules.values()])
  const files = [main.path, ...modules.keys()]
  const sizeBytes = Buffer.byteLength(code)
  if (sizeBytes > bundleBytesMax) {
    const limits = { fileCount: files.length, sizeBytes, sizeBytesMax: bundleBytesMax }
    throw new ProjectError({ code: 'PROJECT_BUNDLE_TOO_LARGE', path: mainPath, ...limits })
  }
  return { code, files, openRequires }
}

/** Path of the module's file from the directory, with `/` between; undefined if there is none. */
function findModule(directory: string, name: string): string | undefined {
  if (name.startsWith('.') && isLibraryModule(name)) return undefined
  const parts = name.split(/[./]/).filter((part) => part !== '')
  // A backslash would lead out of the directory on Windows.
  if (parts.length === 0 || name.includes('\\')) return undefined
  const found = [`${parts.join('/')}.lua`, `${parts.join('/')}/init.lua`].find((path) => isFile(join(directory, path)))
  if (found !== undefined && !isInside(directory, join(directory, found))) {
    throw new ProjectError({ code: 'PROJECT_FILE_OUTSIDE', path: found, directory })
  }
  return found
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Follows links. */
function isInside(directory: string, path: string): boolean {
  const way = relative(realpathSync(directory), realpathSync(path))
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
