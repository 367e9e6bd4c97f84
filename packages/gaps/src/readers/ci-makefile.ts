import type { ManifestEvidence } from '../systems/system.ts'
import type { Reader } from './reader.ts'

const makefile = /(?:^|\/)(?:GNUm|M|m)akefile$/

const fromElsewhere = /^-?s?include\s|^%|^[^\t#%]*%[^=]*:|\$\(eval|\$\(call/

/** Targets of a Makefile; none are told of one that gets targets from elsewhere. */
export const makefileReader: Reader = {
  name: 'makefile',
  wants: (file) => makefile.test(file),
  read: (file, text) => {
    const scripts = new Map<
      string,
      ManifestEvidence['scripts'] extends ReadonlyMap<string, infer S> ? S : never
    >()
    for (const [index, line] of text.split('\n').entries()) {
      // `include x.mk` and `%:` make targets that are not written here.
      if (line.length > 2000 || fromElsewhere.test(line)) return undefined
      const match = /^([A-Za-z0-9_][\w./ -]{0,200}?)\s*::?(?!=)/.exec(line)
      for (const name of match?.[1]?.split(/\s+/) ?? []) {
        scripts.set(name, { file, line: index + 1, column: 1, command: '' })
      }
      // A target made of a variable may have any name.
      if (/^\$[({]\w+[)}][^=]*:(?!=)/.test(line)) return undefined
    }
    return { manifest: { file, kind: 'make', name: undefined, dependencies: new Map(), scripts } }
  },
}
