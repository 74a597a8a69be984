import { readFileSync } from 'node:fs'

/** Version of this package. `package.json` lies two folders above, in the checkout and in the built package alike. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version
