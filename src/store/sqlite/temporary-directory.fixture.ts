import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory on the real disk. */
export function makeDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'loom-store-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A directory on the real disk that goes when the test ends, after what the test opened later has been closed. */
export function temporaryDirectory(): string {
  const { path, remove } = makeDirectory()
  onTestFinished(remove)
  return path
}
