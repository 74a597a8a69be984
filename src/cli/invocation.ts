/** How the user calls this program, for texts that say what to run next. */
export function invocation(): string {
  if (process.argv[1]?.endsWith('.ts')) return 'npm run -s loom --'
  return process.env.npm_lifecycle_event === 'npx' ? 'npx loom' : 'loom'
}
