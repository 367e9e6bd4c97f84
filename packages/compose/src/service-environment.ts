import { resolve } from 'node:path'
import type { Origin, Report } from './diagnostics.ts'
import { EnvFileError, parseEnvFile, parseRawEnvFile } from './dotenv.ts'
import type { Assignment } from './dotenv.ts'
import type { Environment } from './environment.ts'
import { findChild, findMap, isNull, mapChildren, mapOf, originChain, withChild } from './node.ts'
import type { Entry, MapNode, Node, ScalarNode } from './node.ts'
import { inherit } from './normalize.ts'
import type { ReadText } from './read-text.ts'
import { findBoolean, findText, listScalars } from './values.ts'

export type EnvironmentContext = {
  /** What paths that were kept relative are relative to. */
  workingDir: string
  environment: Environment
  readText: ReadText
  report: Report
}

type Lookup = (name: string) => string | undefined

/**
 * What the service will see: env files in their order, over them `environment`. Variables inside of
 * an env file see the shell, then the service's `environment`, then the files read before (compose-go
 * types/project.go). A name that has no value anywhere stays, without one.
 */
export async function resolveServiceEnvironment(
  service: MapNode,
  name: string,
  context: EnvironmentContext,
): Promise<MapNode> {
  const { environment } = context
  const written = findMap(service, 'environment')
  const own =
    written === undefined
      ? undefined
      : mapChildren(written, (value, key) => inherit(value, key, environment))
  const files = findChild(service, 'env_file')
  if (files?.kind !== 'list' || files.items.length === 0) {
    return own === written ? service : withChild(service, 'environment', own)
  }
  const ownText = (key: string) => {
    const value = own?.entries.get(key)?.value
    return value?.kind === 'scalar' && value.value !== null ? value.text : undefined
  }
  const lookup: Lookup = (key) => environment.get(key)?.value ?? ownText(key)
  const merged = new Map<string, Entry>()
  const values = new Map<string, string>()
  for (const file of files.items) {
    for (const entry of await readFile(file, name, lookup, values, context)) {
      merged.set(entry.key, entry)
    }
  }
  for (const [key, entry] of own?.entries ?? []) {
    const earlier = merged.get(key)?.value
    const value = earlier === undefined ? entry.value : overFile(entry.value, earlier)
    merged.set(key, { ...entry, value })
  }
  const base = own ?? mapOf([], files)
  return withChild(service, 'environment', { ...base, entries: merged })
}

function overFile(value: Node, earlier: Node): Node {
  const { file, line, column, note } = earlier.at
  const overridden: Origin = { file, line, column, note: `overrides, ${note}` }
  return { ...value, from: [...value.from, overridden] }
}

async function readFile(
  file: Node,
  service: string,
  lookup: Lookup,
  values: Map<string, string>,
  context: EnvironmentContext,
): Promise<Entry[]> {
  const { readText, report } = context
  const path = resolve(context.workingDir, findText(file, 'path') ?? '')
  const text = await readText(path)
  if (text === undefined) {
    if (findBoolean(file, 'required') === false) return []
    const message = `services.${service}: env file ${path} not found`
    report.error('env_file_missing', file.at, message, 'create it, or say required: false')
    return []
  }
  const isRaw = findText(file, 'format') === 'raw'
  return readAssignments(path, report, () => {
    const parsed = isRaw ? parseRawEnvFile(text, lookup) : parseEnvFile(text, lookup, values)
    for (const { name, value } of parsed.assignments) values.set(name, value)
    warnUnset(parsed.unset, path, report)
    return parsed.assignments.map((assignment) =>
      entryOf(assignment, path, file, 'env file variable'),
    )
  })
}

function readAssignments(path: string, report: Report, read: () => Entry[]): Entry[] {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof EnvFileError)) throw error
    report.error('bad_env_file', { file: path, line: error.line, column: 1 }, error.message)
    return []
  }
}

function entryOf(
  { name, value, line, column }: Assignment,
  path: string,
  file: Node,
  kind: string,
): Entry {
  const at = { file: path, line, column, note: `${kind} ${name}` }
  const node: ScalarNode = {
    kind: 'scalar',
    value,
    text: value,
    at,
    via: originChain(file),
    from: [],
  }
  return { key: name, keyAt: at, value: node }
}

/** Labels of `label_file` in their order, over them `labels`. */
export async function resolveServiceLabels(
  service: MapNode,
  name: string,
  { workingDir, readText, report }: EnvironmentContext,
): Promise<MapNode> {
  const files = listScalars(findChild(service, 'label_file'))
  if (files.length === 0) return service
  const merged = new Map<string, Entry>()
  const values = new Map<string, string>()
  for (const file of files) {
    const path = resolve(workingDir, file.text)
    const text = await readText(path)
    if (text === undefined) {
      const message = `services.${name}: label file ${path} not found`
      report.error('label_file_missing', file.at, message, 'create it, or take it out')
      continue
    }
    const entries = readAssignments(path, report, () =>
      parseEnvFile(text, (key) => values.get(key), values).assignments.map((assignment) =>
        entryOf(assignment, path, file, 'label'),
      ),
    )
    for (const entry of entries) {
      merged.set(entry.key, entry)
      if (!isNull(entry.value) && entry.value.kind === 'scalar')
        values.set(entry.key, entry.value.text)
    }
  }
  const own = findMap(service, 'labels')
  for (const [key, entry] of own?.entries ?? []) {
    const earlier = merged.get(key)?.value
    const value = earlier === undefined ? entry.value : overFile(entry.value, earlier)
    merged.set(key, { ...entry, value })
  }
  const base = own ?? mapOf([], service)
  return withChild(service, 'labels', { ...base, entries: merged })
}

function warnUnset(unset: { name: string; line: number }[], file: string, report: Report): void {
  for (const { name, line } of unset) {
    const message = `The "${name}" variable is not set. Defaulting to a blank string.`
    report.warn('unset_variable', { file, line, column: 1 }, message)
  }
}
