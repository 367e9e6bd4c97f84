import { repositoryPath } from '../systems/places.ts'
import type { Refused } from '../systems/load-systems.ts'
import type { Fact } from '../place.ts'
import type { Found } from '../rules/rule.ts'

const factCountMax = 10

/** Compose files that cannot be loaded, with the places the loader gives. */
export const foundOfRefused = (root: string, refused: Refused): Found => {
  const { files, faults, isDefault } = refused
  const relative = (text: string) => text.replaceAll(`${root}/`, '').replaceAll(root, '.')
  const facts = faults.slice(0, factCountMax).map(({ file, line, column, message }): Fact => ({
    ...{ file: repositoryPath(root, file) ?? files[0] ?? '', line, column },
    fact: relative(message),
  }))
  const [
    first = { file: files[0] ?? '', line: 0, column: 0, fact: 'cannot be loaded' },
    ...others
  ] = facts
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''
  const isBroken = faults.some(({ code }) => code === 'yaml_syntax' || code === 'duplicate_key')
  const hint = faults.find(({ hint }) => hint !== undefined)?.hint
  return {
    // What nobody says to be the stack may be meant for other files than those beside it.
    severity: isDefault || isBroken ? 'error' : 'info',
    message: `${files.join(' with ')} cannot be loaded: ${first.fact}${more}`,
    evidence: [first, ...others],
    fix: hint === undefined ? 'Correct the place' : `Correct the place: ${relative(hint)}`,
    subject: faults[0]?.code ?? 'load',
  }
}
