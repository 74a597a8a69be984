/** How the user calls this program, for texts that say what to run next. */
export function invocation(): string {
  // Sources run in a checkout alone.
  if (import.meta.filename.endsWith('.ts')) return 'npm run -s loom --'
  return process.env.npm_lifecycle_event === 'npx' ? 'npx loom' : 'loom'
}
