import type { ManifestEvidence } from '../systems/system.ts'
import type { Reader } from './reader.ts'

const makefile = /(?:^|\/)(?:GNUm|M|m)akefile$/

/** Targets of a Makefile; none are told of one that gets targets from elsewhere. */
export const makefileReader: Reader = {
  name: 'makefile',
  wants: (file) => makefile.test(file),
  read: (file, text) => {
    // `include x.mk` and `%:` make targets that are not written here.
    if (/^-?s?include\s|^%|^[^\t#\n]*%[^\n=]*:|\$\(eval|\$\(call/m.test(text)) return undefined
    const scripts = new Map<string, ManifestEvidence['scripts'] extends ReadonlyMap<string, infer S> ? S : never>()
    for (const [index, line] of text.split('\n').entries()) {
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
