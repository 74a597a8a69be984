import { LoomError } from '../protocol/loom-error.ts'

export type ProjectErrorInfo =
  | { readonly code: 'PROJECT_FILE_UNREADABLE'; readonly path: string; readonly reason: string }
  | { readonly code: 'PROJECT_FILE_NOT_TEXT'; readonly path: string }
  | { readonly code: 'PROJECT_FILE_OUTSIDE'; readonly path: string; readonly directory: string }
  | {
      readonly code: 'PROJECT_BUNDLE_TOO_LARGE'
      readonly path: string
      readonly fileCount: number
      readonly sizeBytes: number
      readonly sizeBytesMax: number
    }
  | { readonly code: 'PROJECT_BLUEPRINT_UNKNOWN'; readonly name: string; readonly known: readonly string[] }
  | { readonly code: 'PROJECT_NAME_INVALID'; readonly name: string }
  | { readonly code: 'PROJECT_FILES_EXIST'; readonly directory: string; readonly files: readonly string[] }
  | { readonly code: 'PROJECT_DIRECTORY_UNWRITABLE'; readonly directory: string; readonly reason: string }

type Code = ProjectErrorInfo['code']
type InfoOf<C extends Code> = Extract<ProjectErrorInfo, { code: C }>

const messages: { [C in Code]: (info: InfoOf<C>) => string } = {
  PROJECT_FILE_UNREADABLE: ({ path, reason }) => `The file ${path} cannot be read: ${reason}.`,
  PROJECT_FILE_NOT_TEXT: ({ path }) =>
    `The file ${path} is not UTF-8 text. Save it as UTF-8, and write other bytes as escapes such as "\\255".`,
  PROJECT_FILE_OUTSIDE: ({ path, directory }) =>
    `The file ${path} is a link that leads out of ${directory}. Only files below the main file's directory are bundled: put the module itself there.`,
  PROJECT_BUNDLE_TOO_LARGE: ({ path, fileCount, sizeBytes, sizeBytesMax }) =>
    `${path} is ${sizeBytes} bytes with everything it requires (files: ${fileCount}); a message holds at most ${sizeBytesMax}. Leave out what the process does not need, or send large data in messages of its own.`,
  PROJECT_BLUEPRINT_UNKNOWN: ({ name, known }) =>
    `There is no blueprint ${JSON.stringify(name)}. There are: ${known.join(', ')}.`,
  PROJECT_NAME_INVALID: ({ name }) =>
    `${JSON.stringify(name)} is not a name for a package. Give lower-case letters, digits, "-", "_" and ".", a letter or digit first, with --name.`,
  PROJECT_FILES_EXIST: ({ directory, files }) =>
    `Nothing was written, because ${directory} already has: ${files.join(', ')}. Choose another directory, or move these files away.`,
  PROJECT_DIRECTORY_UNWRITABLE: ({ directory, reason }) =>
    `The project cannot be written to ${directory}: ${reason}. Choose another directory.`,
}

/** Something is wrong with the files of a Lua project. What is wrong with the Lua in them, the process says. */
export class ProjectError extends LoomError<ProjectErrorInfo> {
  override readonly name = 'ProjectError'

  constructor(info: ProjectErrorInfo, options?: ErrorOptions) {
    const message = messages[info.code] as (info: ProjectErrorInfo) => string
    super(message(info), info, options)
  }
}
