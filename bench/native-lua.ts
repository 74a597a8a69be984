import { spawnSync } from 'node:child_process'

/** The peer of this run: native Lua 5.3, when the machine has it (`apt-get install lua5.3`). */
export const nativeLua: string | undefined = ['lua5.3', 'lua'].find((command) => {
  const { stdout } = spawnSync(command, ['-e', 'io.write(_VERSION)'], { encoding: 'utf8' })
  return stdout === 'Lua 5.3'
})

/** Runs a Lua script and reads the numbers after each of the given words at the start of its lines. */
export function nativeFigures<Word extends string>(
  script: string,
  args: readonly string[],
  words: readonly Word[],
): Record<Word, number[]> | undefined {
  if (nativeLua === undefined) return undefined
  const { status, stdout, stderr } = spawnSync(nativeLua, [script, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${script} failed: ${stderr}`)
  const figures = words.map((word) => {
    const found = [...stdout.matchAll(new RegExp(`^${word} ([0-9.]+)`, 'gm'))].map(([, text]) => Number(text))
    if (found.length === 0) throw new Error(`${script} printed no figures for ${word}: ${stdout}`)
    return [word, found]
  })
  return Object.fromEntries(figures) as Record<Word, number[]>
}
