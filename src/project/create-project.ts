import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ProjectError } from './errors.ts'

/** The package ships these files as they are, so from `dist/project` the way is the same as from `src/project`. */
const template = fileURLToPath(new URL('../../src/project/template/', import.meta.url))

/** Files whose real names would act on this repository and on its packing. */
const dottedNames: Readonly<Record<string, string>> = { gitignore: '.gitignore', 'luarc.json': '.luarc.json' }

export interface ProjectDraft {
  /** Made if it is not there. */
  readonly directory: string
  /** Name of its package; default: made of the directory's name. */
  readonly name?: string | undefined
  /** What `package.json` asks for as `ao-loom`: a range of versions, or `file:` and a path. */
  readonly loom: string
}

export interface CreatedProject {
  readonly name: string
  /** Paths from the directory, sorted. */
  readonly files: readonly string[]
}

/**
 * Writes a small, complete project: a process, a module, a test, and what they need. All files or none: what exists is
 * never touched.
 *
 * @throws {ProjectError} `PROJECT_NAME_INVALID`, `PROJECT_FILES_EXIST`, `PROJECT_DIRECTORY_UNWRITABLE`
 */
export function createProject({ directory, name = nameOf(directory), loom }: ProjectDraft): CreatedProject {
  if (!/^[a-z0-9][a-z0-9._-]{0,213}$/.test(name)) throw new ProjectError({ code: 'PROJECT_NAME_INVALID', name })
  const values: Readonly<Record<string, string>> = { name, loom }
  const texts = templateFiles().map(({ path, text }) => ({
    path,
    text: text.replaceAll(/\{\{(\w+)\}\}/g, (placeholder, key: string) => values[key] ?? placeholder),
  }))
  const files = texts.map(({ path }) => path)
  const existing = files.filter((path) => existsSync(join(directory, path)))
  if (existing.length > 0) throw new ProjectError({ code: 'PROJECT_FILES_EXIST', directory, files: existing })
  try {
    for (const { path, text } of texts) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), text, { flag: 'wx' })
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ProjectError({ code: 'PROJECT_DIRECTORY_UNWRITABLE', directory, reason }, { cause })
  }
  return { name, files }
}

function templateFiles(): { readonly path: string; readonly text: string }[] {
  return readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(template.length))
    .map((path) => ({ path: dottedNames[path] ?? path, text: readFileSync(join(template, path), 'utf8') }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A package's name, made of a directory's. */
function nameOf(directory: string): string {
  const name = basename(resolve(directory)).toLowerCase()
  return name.replaceAll(/[^a-z0-9._-]+/g, '-').replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '') || 'my-process'
}
