#!/usr/bin/env node
// Entry of the built package. Nothing is imported before the version of Node is known, so that an old one says so
// instead of failing on syntax or on a missing part of the platform.

/** The first version with everything that Loom uses: package.json, `engines`. */
const needed = [22, 18] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `loom needs Node ${needed.join('.')} or newer; this is Node ${process.versions.node}.\n` +
      'Install a newer one from https://nodejs.org, or run: npx -p node@24 -p ao-loom loom start\n',
  )
  process.exitCode = 1
} else {
  await import('./main.ts')
}

export {}
