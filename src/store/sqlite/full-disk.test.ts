import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { temporaryDirectory } from './temporary-directory.fixture.ts'

const fixture = fileURLToPath(new URL('./full-disk.fixture.ts', import.meta.url))
/** In a namespace of its own, so that no rights are needed and the mount goes with the process. */
const unshare = ['unshare', '--map-root-user', '--mount', 'sh', '-c'] as const
const mayMount = spawnSync(unshare[0], [...unshare.slice(1), 'mount -t tmpfs tmpfs /tmp']).status === 0
const title = 'SQLite store, on a file system that is full'

interface Reads {
  readonly outbox: number
}

/** What the fixture saw on a file system of 96 MiB, filled up to the last `freeBytes`. */
function runOn(freeBytes: number): Record<string, Reads | unknown> {
  const directory = temporaryDirectory()
  const script = 'mount -t tmpfs -o size=96m tmpfs "$0" && exec "$@"'
  const program = [process.execPath, fixture, directory, String(freeBytes)]
  const [command, ...args] = [...unshare, script, directory, ...program]
  return JSON.parse(execFileSync(command ?? '', args, { encoding: 'utf8' })) as Record<string, unknown>
}

describe.skipIf(!mayMount)(mayMount ? title : `${title} (skipped: this system lets no one mount a tmpfs)`, () => {
  test.each([
    { name: 'at once', freeBytes: 0 },
    // The write-ahead log is written back at 32 MiB: here that fails half way, and then the log cannot grow.
    { name: 'while it is written to', freeBytes: 60_000_000 },
  ])(
    '$name: refuses what it cannot write, goes on reading, and goes on writing when there is room',
    ({ freeBytes }) => {
      const sound = { entries: true, nonces: true, acknowledged: true, item: true, head: true }
      expect(runOn(freeBytes)).toEqual({
        refused: ['STORE_FULL', 'STORE_FULL'],
        fullFor: { append: 'STORE_FULL', commit: 'STORE_FULL', putPages: 'STORE_FULL', putItems: 'STORE_FULL' },
        reads: { ...sound, outbox: 0 },
        afterwards: { commit: ['ok'], appended: 'ok', putPages: 'ok' },
        kept: { ...sound, outbox: 1 },
        refusedAgain: 'STORE_FULL',
        openedFull: 'ok',
        keptAgain: { ...sound, outbox: 1 },
      })
    },
  )
})
