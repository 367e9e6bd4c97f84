import type { Place } from '../place.ts'
import {
  dependencyCountMax,
  noScripts,
  type Dependencies,
  type Manifest,
} from './manifests-places.ts'

type Read = (file: string, text: string) => Manifest | undefined

/** Longer lines are not what somebody wrote by hand. */
const lineLengthMax = 500

export const readRequirements: Read = (file, text) => ({
  ...{ kind: 'python', name: undefined, scripts: noScripts },
  dependencies: readRows(file, text, (row) => {
    const match = /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:[=~<>!]{1,3}\s*([\w.*+-]+))?/.exec(row)
    return match === null ? undefined : [(match[1] ?? '').toLowerCase(), match[2]]
  }),
})

export const readGoModule: Read = (file, text) => {
  const name = /^module\s+(\S+)/m.exec(text)?.[1]
  const dependencies = readRows(file, text, (row) => {
    const match = /^(?:require\s+)?([\w.-]+\.[\w.-]+\/\S+)\s+(v\S+)/.exec(row)
    return match === null ? undefined : [match[1] ?? '', match[2]]
  })
  return { kind: 'go', name, dependencies, scripts: noScripts }
}

export const readGemfile: Read = (file, text) => ({
  ...{ kind: 'ruby', name: undefined, scripts: noScripts },
  dependencies: readRows(file, text, (row) => {
    const match = /^gem\s+["']([\w.-]+)["'](?:\s*,\s*["']([^"']*)["'])?/.exec(row)
    return match === null ? undefined : [match[1] ?? '', match[2]]
  }),
})

/** `implementation 'group:name:1.0'`, `implementation("group:name")`. */
export const readGradle: Read = (file, text) => ({
  ...{ kind: 'gradle', name: undefined, scripts: noScripts },
  dependencies: readRows(file, text, (row) => {
    const match =
      /^[a-zA-Z]+\s*\(?\s*(?:platform\(\s*)?["']([\w.-]+):([\w.-]+)(?::([^"']*))?["']/.exec(row)
    return match === null ? undefined : [match[2] ?? '', match[3]]
  }),
})

const readRows = (
  file: string,
  text: string,
  readRow: (row: string) => [name: string, version: string | undefined] | undefined,
): Dependencies => {
  const dependencies: Dependencies = new Map()
  for (const [index, row] of text.split('\n').entries()) {
    if (dependencies.size >= dependencyCountMax) break
    const found = row.length > lineLengthMax ? undefined : readRow(row.trim())
    if (found === undefined) continue
    const at: Place = { file, line: index + 1, column: row.length - row.trimStart().length + 1 }
    dependencies.set(found[0], { ...at, version: found[1] })
  }
  return dependencies
}
