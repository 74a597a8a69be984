import { blueprintNames, readBlueprint } from '../../project/blueprints.ts'
import { print } from '../output.ts'
import type { BlueprintListOptions } from './options.ts'

export function listBlueprints({ json }: BlueprintListOptions): void {
  const blueprints = blueprintNames().map(readBlueprint)
  if (json) {
    const entries = blueprints.map(({ name, summary }) => ({ name, summary }))
    return print(JSON.stringify(entries, undefined, 2))
  }
  const width = Math.max(...blueprints.map(({ name }) => name.length))
  print(...blueprints.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`.trimEnd()))
}

export function showBlueprint(name: string): void {
  print(readBlueprint(name).source.trimEnd())
}
