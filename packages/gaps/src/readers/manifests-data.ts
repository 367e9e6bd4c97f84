import { parse as parseToml } from 'smol-toml'
import {
  dependencyCountMax,
  isRecord,
  lineOf,
  linesOfKeys,
  noScripts,
  textOf,
  type Dependencies,
  type Manifest,
} from './manifests-places.ts'

type Read = (file: string, text: string) => Manifest | undefined

const jsonKey = /^\s*"([^"]+)"\s*:/
const tomlKey = /^\s*(?:\[+)?"?([\w.@/-]+)"?\s*(?:=|\])/

export const readNpm: Read = (file, text) => {
  const json = parseJson(text)
  if (json === undefined) return undefined
  const sections = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']
  const lines = linesOfKeys(text, jsonKey)
  const scripts = new Map(
    Object.entries(isRecord(json['scripts']) ? json['scripts'] : {}).flatMap(([key, command]) => {
      if (typeof command !== 'string') return []
      const line = lineOf(lines, key, lineOf(lines, 'scripts'))
      return [[key, { file, line, column: 1, command }] as const]
    }),
  )
  const dependencies = readSections(file, json, sections, lines)
  return { kind: 'npm', name: textOf(json['name']), dependencies, scripts }
}

export const readComposer: Read = (file, text) => {
  const json = parseJson(text)
  if (json === undefined) return undefined
  const lines = linesOfKeys(text, jsonKey)
  const dependencies = readSections(file, json, ['require', 'require-dev'], lines)
  return { kind: 'php', name: textOf(json['name']), dependencies, scripts: noScripts }
}

export const readPyproject: Read = (file, text) => {
  const toml = parseTomlText(text)
  if (toml === undefined) return undefined
  const rows = text.split('\n')
  const dependencies: Dependencies = new Map()
  const project = isRecord(toml['project']) ? toml['project'] : {}
  const optional = isRecord(project['optional-dependencies'])
    ? Object.values(project['optional-dependencies'])
    : []
  const groups = isRecord(toml['dependency-groups']) ? Object.values(toml['dependency-groups']) : []
  for (const one of [project['dependencies'], ...optional, ...groups].flat()) {
    if (typeof one !== 'string' || dependencies.size >= dependencyCountMax) continue
    const name = /^[\w.-]+/.exec(one)?.[0]
    if (name === undefined) continue
    const line = rows.findIndex((row) => row.includes(one)) + 1
    dependencies.set(name.toLowerCase(), { file, line, column: 1, version: versionOf(one) })
  }
  const poetry = isRecord(toml['tool']) ? toml['tool']['poetry'] : undefined
  const tables = isRecord(poetry) ? poetry : {}
  const grouped = isRecord(tables['group']) ? Object.values(tables['group']) : []
  const lines = linesOfKeys(text, tomlKey)
  for (const table of [tables, ...grouped]) {
    if (!isRecord(table)) continue
    const found = readSections(file, table, ['dependencies', 'dev-dependencies'], lines)
    for (const [name, entry] of found) dependencies.set(name.toLowerCase(), entry)
  }
  const name = textOf(project['name']) ?? textOf(tables['name'])
  return { kind: 'python', name, dependencies, scripts: noScripts }
}

export const readPipfile: Read = (file, text) => {
  const toml = parseTomlText(text)
  if (toml === undefined) return undefined
  const lines = linesOfKeys(text, tomlKey)
  const dependencies = readSections(file, toml, ['packages', 'dev-packages'], lines)
  return { kind: 'python', name: undefined, dependencies, scripts: noScripts }
}

export const readCargo: Read = (file, text) => {
  const toml = parseTomlText(text)
  if (toml === undefined) return undefined
  const lines = linesOfKeys(text, tomlKey)
  const name = isRecord(toml['package']) ? textOf(toml['package']['name']) : undefined
  const dependencies = readSections(file, toml, ['dependencies', 'dev-dependencies'], lines)
  return { kind: 'rust', name, dependencies, scripts: noScripts }
}

/** `name = "1"` and `name = { version = "1" }` of these tables. */
const readSections = (
  file: string,
  document: Record<string, unknown>,
  sections: readonly string[],
  lines: Map<string, number[]>,
): Dependencies => {
  const dependencies: Dependencies = new Map()
  for (const section of sections) {
    const table = document[section]
    if (!isRecord(table)) continue
    const from = lineOf(lines, section)
    for (const [name, value] of Object.entries(table).slice(0, dependencyCountMax)) {
      if (dependencies.has(name)) continue
      const line = lineOf(lines, name, from)
      const version = textOf(value) ?? (isRecord(value) ? textOf(value['version']) : undefined)
      dependencies.set(name, { file, line, column: 1, version })
    }
  }
  return dependencies
}

const versionOf = (requirement: string): string | undefined =>
  /[=<>~!]=?=?\s*([\w.*+-]+)/.exec(requirement.slice(0, 300))?.[1]

const parseJson = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

const parseTomlText = (text: string): Record<string, unknown> | undefined => {
  try {
    return parseToml(text)
  } catch {
    return undefined
  }
}
