/** What `require` finds in every process. Process API 14; `lua/library/modules.lua`. */
const libraryModules: ReadonlySet<string> = new Set([
  '.ao',
  '.assignment',
  '.base64',
  '.bint',
  '.boot',
  '.chance',
  '.default',
  '.dump',
  '.eval',
  '.handlers',
  '.handlers-utils',
  '.pretty',
  '.process',
  '.stringify',
  '.utils',
  'ao',
  'crdt',
  'json',
])

/** Whether the process library has a module of this name; `.crypto` and all names below it count. */
export function isLibraryModule(name: string): boolean {
  return libraryModules.has(name) || name === '.crypto' || name.startsWith('.crypto.')
}
