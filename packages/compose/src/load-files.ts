import { lengthen } from './canonical.ts'
import { fillDefaults } from './defaults.ts'
import { ComposeError } from './diagnostics.ts'
import type { Origin } from './diagnostics.ts'
import type { Environment } from './environment.ts'
import { applyExtends } from './extends.ts'
import type { ExtendsContext } from './extends.ts'
import { checkPortCount, checkServiceCount } from './counts.ts'
import { applyIncludes } from './include.ts'
import { interpolate, variableOrigin } from './interpolate.ts'
import { dropResets, mergeTrees } from './merge.ts'
import { findMap, mapChildren, mapItems, scalarOf, withChild } from './node.ts'
import type { MapNode, Node } from './node.ts'
import { readYaml } from './read-yaml.ts'
import { resolvePaths } from './resolve-paths.ts'
import { composeFile } from './schema.ts'
import type { Loading, Scope } from './scope.ts'
import { checkShape } from './shape.ts'
import { keepLastOfEach } from './unique.ts'
import { checkValues } from './validate.ts'

/** Every document of the scope's files, merged, in long form, checked, with paths resolved. */
export async function loadScope(scope: Scope, loading: Loading): Promise<MapNode> {
  const { report } = loading
  let tree: MapNode | undefined
  for (const file of scope.files) {
    for (const document of await readDocuments(file, loading, scope.askedAt)) {
      const added = await prepare(document, file, scope, loading)
      tree = settle(tree === undefined ? added : mergeTrees(tree, added, report), loading)
    }
  }
  const [file = ''] = scope.files
  if (tree === undefined) throw refuse('empty_file', file, 'empty compose file')
  const filled = fillDefaults(tree)
  checkValues(filled, report)
  report.throwIfErrors()
  const { base, environment } = scope
  const resolved = base === undefined ? filled : resolvePaths(filled, { base, environment }, report)
  report.throwIfErrors()
  keepContents(resolved, scope, loading)
  return withListedVariables(resolved, environment)
}

/** One document up to the merge: variables, includes, extends. */
async function prepare(
  document: MapNode,
  file: string,
  scope: Scope,
  loading: Loading,
): Promise<MapNode> {
  const { limits, report } = loading
  const interpolated = interpolate(document, scope.environment, limits, report)
  report.throwIfErrors()
  const included = await applyIncludes(interpolated, file, scope, loading, loadScope)
  report.throwIfErrors()
  const context: ExtendsContext = { scope, loading, file, readExtended }
  const extended = await applyExtends(included, context)
  report.throwIfErrors()
  return extended
}

/** After each document: checked, in long form, every entry of a list once. */
function settle(tree: MapNode, loading: Loading): MapNode {
  const { report } = loading
  const once = keepLastOfEach(dropResets(tree))
  checkServiceCount(once, loading)
  checkPortCount(once, loading)
  report.throwIfErrors()
  checkShape(once, composeFile, report)
  report.throwIfErrors()
  const version = once.entries.get('version')
  if (version !== undefined) {
    const message = 'the attribute `version` is obsolete, it will be ignored'
    report.warn('obsolete_version', version.keyAt, message, 'remove it to avoid confusion')
  }
  const long = lengthen(withChild(once, 'version', undefined), report)
  report.throwIfErrors()
  return keepLastOfEach(long)
}

/**
 * A file that a service extends: all its documents in long form, paths resolved against its own
 * folder. Its shape is checked where it ends up, in the service that extends it.
 */
async function readExtended(file: string, base: string, at: Origin, context: ExtendsContext) {
  const { loading, scope } = context
  const { limits, report } = loading
  const { environment } = scope
  let tree: MapNode | undefined
  for (const document of await readDocuments(file, loading, at)) {
    const interpolated = interpolate(document, environment, limits, report)
    report.throwIfErrors()
    const merged = tree === undefined ? interpolated : mergeTrees(tree, interpolated, report)
    // what is marked stays: services of this file may extend each other
    const once = keepLastOfEach(merged)
    checkPortCount(once, loading)
    report.throwIfErrors()
    tree = keepLastOfEach(lengthen(once, report))
    report.throwIfErrors()
  }
  if (tree === undefined) throw refuse('empty_file', file, 'empty compose file')
  const resolved = resolvePaths(tree, { base, environment }, report)
  report.throwIfErrors()
  return resolved
}

/** The documents of a file; `at` is who asks for it, when that is another file. */
export async function readDocuments(
  file: string,
  loading: Loading,
  at: Origin | undefined,
): Promise<MapNode[]> {
  const { limits, report, readText } = loading
  loading.fileCount++
  if (loading.fileCount > limits.fileCountMax) {
    const message = `more than ${limits.fileCountMax} compose files`
    report.error('too_many_files', at ?? { file, line: 1, column: 1 }, message)
    report.throwIfErrors()
  }
  const known = loading.documents.get(file)
  if (known !== undefined) return known
  const text = await readText(file)
  report.throwIfErrors()
  if (text === undefined) {
    report.error(
      'no_file',
      at ?? { file, line: 1, column: 1 },
      `compose file ${file} not found`,
      at === undefined ? undefined : 'the path is relative to the project folder',
    )
    report.throwIfErrors()
  }
  const roots = readYaml(file, text ?? '', limits, report)
  report.throwIfErrors()
  loading.documents.set(file, roots)
  return roots
}

export function refuse(code: string, file: string, message: string, hint?: string): ComposeError {
  const diagnostic = { severity: 'error', code, message, file, line: 1, column: 1 } as const
  return new ComposeError([hint === undefined ? diagnostic : { ...diagnostic, hint }])
}

/** A config that comes from a variable: an included project may have its own value for it. */
function keepContents(tree: MapNode, { environment }: Scope, { contents }: Loading): void {
  for (const section of ['configs', 'secrets']) {
    for (const { key, value } of findMap(tree, section)?.entries.values() ?? []) {
      const variable = value.kind === 'map' ? value.entries.get('environment')?.value : undefined
      if (variable?.kind !== 'scalar') continue
      const text = environment.get(variable.text)?.value
      const path = `${section}.${key}`
      if (text !== undefined && !contents.has(path)) contents.set(path, text)
    }
  }
}

/** `environment: [KEY]` has the value of this scope's environment; a mapping waits for the whole. */
function withListedVariables(tree: MapNode, environment: Environment): MapNode {
  const services = findMap(tree, 'services')
  if (services === undefined) return tree
  const resolved = mapChildren(services, (service) => {
    if (service.kind !== 'map') return service
    const listed = service.entries.get('environment')?.value
    if (listed?.kind !== 'list') return service
    const items = mapItems(listed, (item) => withVariable(item, environment))
    return items === listed ? service : withChild(service, 'environment', items)
  })
  return resolved === services ? tree : withChild(tree, 'services', resolved)
}

function withVariable(item: Node, environment: Environment): Node {
  if (item.kind !== 'scalar' || item.text.includes('=')) return item
  const variable = environment.get(item.text)
  if (variable === undefined) return item
  const from = [...item.from, variableOrigin(item.text, environment)]
  return scalarOf(`${item.text}=${variable.value}`, { ...item, from })
}
