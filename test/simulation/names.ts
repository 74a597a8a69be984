/** Puts names in the place of ids; an id without a name keeps its beginning. */
export function withNames(text: string, names: ReadonlyMap<string, string>): string {
  return text.replaceAll(/[A-Za-z0-9_-]{43}/g, (id) => names.get(id) ?? `${id.slice(0, 6)}…`)
}
