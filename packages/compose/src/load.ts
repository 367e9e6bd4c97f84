import { dirname, resolve } from 'node:path'
import { checkConsistency } from './consistency.ts'
import { createConfinement } from './confine.ts'
import { checkConfined } from './confine-tree.ts'
import { decode } from './decode.ts'
import { createReport } from './diagnostics.ts'
import type { Report } from './diagnostics.ts'
import { readEnvironment, readShell } from './environment.ts'
import type { Environment } from './environment.ts'
import { findFiles, topOf } from './find-files.ts'
import { readProjectExtension } from './keelson-extension.ts'
import { defaultLimits } from './limits.ts'
import type { Limits } from './limits.ts'
import type { LoadOptions } from './load-options.ts'
import { loadScope, readDocuments, refuse } from './load-files.ts'
import type { Loading } from './scope.ts'
import { projectForm } from './model-forms.ts'
import type { Project, Service } from './model.ts'
import { findMap, mapOf, scalarOf, withChild } from './node.ts'
import type { Entry, MapNode } from './node.ts'
import { normalize } from './normalize.ts'
import { createOriginTable } from './origins.ts'
import { findProjectName } from './project-name.ts'
import { createReadText } from './read-text.ts'
import type { ReadText } from './read-text.ts'
import { readResources } from './resources.ts'
import { dropUnused, profilesOf, selectProfiles, selectServices } from './select.ts'
import type { Selection } from './select.ts'
import { readExtensions, readService } from './service.ts'
import { resolveServiceEnvironment, resolveServiceLabels } from './service-environment.ts'

/**
 * Loads one stack: find the files, then the stages in their order, each over the whole tree. A stage
 * that finds errors ends the load with all of them.
 *
 * Throws ComposeError; reads files and does nothing else.
 */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const limits: Limits = { ...defaultLimits, ...options.limits }
  const strict = createReport(limits.diagnosticCountMax)
  const report = options.missing === 'warning' ? asWarnings(strict, missingCodes) : strict
  const confinement = createConfinement(topOf(options), report)
  const { readText, listRead } = createReadText(limits, report, confinement, options.texts)
  const files = await findFiles(options, readText)
  for (const file of files) {
    await confinement.check('compose file', file, { file, line: 1, column: 1 })
  }
  report.throwIfErrors()
  const [file = ''] = files
  const workingDir = resolve(options.cwd, options.workingDir ?? dirname(file))
  const environment = await readProjectEnvironment(options, workingDir, readText, report)
  report.throwIfErrors()

  const loading = createLoading({ limits, report, readText, confinement })
  const name = await nameProject(options, files, workingDir, environment, loading)
  const named = new Map(environment).set('COMPOSE_PROJECT_NAME', {
    value: name.name,
    origin: { ...name.origin, note: 'project name' },
  })
  const base = options.resolvePaths === false ? undefined : workingDir
  const scope = { files, dir: workingDir, base, environment: named, included: [] }
  const merged = await loadScope(scope, loading)
  await checkConfined(merged, workingDir, confinement)
  report.throwIfErrors()
  const typed = decode(merged, projectForm, report)
  report.throwIfErrors()
  const implied = options.normalize === false ? typed : normalize(typed, name.name, named)
  const { tree, disabled } = select(implied, options, environment, report)
  const complete = await resolveEnvironments(tree, options, {
    workingDir,
    environment: named,
    readText,
    report,
  })
  report.throwIfErrors()

  const nameNode = scalarOf(name.name, { at: name.origin, via: [], from: [] })
  const project = readProject(withChild(complete, 'name', nameNode), {
    name: name.name,
    workingDir,
    files,
    disabled,
    loading,
  })
  report.throwIfErrors()
  const consistency = options.consistency === 'warning' ? asWarnings(report) : report
  checkConsistency({ ...project, disabled }, consistency)
  report.throwIfErrors()
  return {
    ...project,
    environment: Object.fromEntries([...environment].map(([key, { value }]) => [key, value])),
    sources: listRead(),
    warnings: report.warnings(),
    origins: createOriginTable(project.tree, name.origin),
  }
}

type Shared = Pick<Loading, 'limits' | 'report' | 'readText' | 'confinement'>

function createLoading(shared: Shared): Loading {
  return {
    ...shared,
    fileCount: 0,
    documents: new Map(),
    extendedFiles: new Map(),
    extendedNodeCount: 0,
    portCount: 0,
    contents: new Map(),
  }
}

function readProjectEnvironment(
  options: LoadOptions,
  workingDir: string,
  readText: ReadText,
  report: Report,
): Promise<Environment> {
  const { env } = options
  const named = env['COMPOSE_ENV_FILES']?.split(',').filter((file) => file !== '')
  const given = options.envFiles ?? (named !== undefined && named.length > 0 ? named : undefined)
  const isOff = /^(1|t|true)$/i.test(env['COMPOSE_DISABLE_ENV_FILE'] ?? '')
  const files = given ?? (isOff ? [] : undefined)
  return readEnvironment({
    workingDir,
    envFiles: files?.map((file) => resolve(options.cwd, file)),
    outer: readShell(env),
    readText,
    report,
  })
}

async function nameProject(
  options: LoadOptions,
  files: readonly string[],
  workingDir: string,
  environment: Environment,
  loading: Loading,
) {
  const roots: MapNode[] = []
  for (const file of files) roots.push(...(await readDocuments(file, loading, undefined)))
  const [file = ''] = files
  if (roots.length === 0) throw refuse('empty_file', file, 'empty compose file')
  const given = options.projectName
  const { report } = loading
  const name = findProjectName({ given, environment, roots, workingDir, file, report })
  report.throwIfErrors()
  return name
}

/** Something beside the compose files that is not there. */
const missingCodes: ReadonlySet<string> = new Set([
  ...['env_file_missing', 'label_file_missing', 'required_variable', 'outside_folder'],
])

/** The report with its errors (of these codes, or all of them) turned into warnings. */
function asWarnings(report: Report, codes?: ReadonlySet<string>): Report {
  return {
    ...report,
    error: (code, ...rest) =>
      codes === undefined || codes.has(code)
        ? report.warn(code, ...rest)
        : report.error(code, ...rest),
  }
}

/** The tree with the services that run, and the names of the others. */
function select(
  tree: MapNode,
  options: LoadOptions,
  environment: Environment,
  report: Report,
): { tree: MapNode; disabled: Selection['disabled'] } {
  const services = findMap(tree, 'services') ?? mapOf([], tree)
  const profiles = options.profiles ?? listProfiles(environment)
  const names = options.services ?? []
  const active = [...profiles, ...profilesOf(services, options.named ?? [])]
  const { enabled, disabled } =
    names.length === 0
      ? selectProfiles(services, active)
      : selectServices(services, profiles, names, report)
  report.throwIfErrors()
  const selected = withChild(tree, 'services', enabled)
  return { tree: options.withoutUnused === true ? dropUnused(selected) : selected, disabled }
}

function listProfiles(environment: Environment): string[] {
  const value = environment.get('COMPOSE_PROFILES')?.value ?? ''
  return value.split(',').flatMap((profile) => (profile.trim() === '' ? [] : [profile.trim()]))
}

type EnvironmentContext = Parameters<typeof resolveServiceEnvironment>[2]

/** Reads the env files and label files of every service that runs. */
async function resolveEnvironments(
  tree: MapNode,
  { discardEnvFiles = false }: LoadOptions,
  context: EnvironmentContext,
): Promise<MapNode> {
  const services = findMap(tree, 'services')
  if (services === undefined) return tree
  const entries = new Map<string, Entry>()
  for (const [name, entry] of services.entries) {
    if (entry.value.kind !== 'map') continue
    let service = await resolveServiceEnvironment(entry.value, name, context)
    service = await resolveServiceLabels(service, name, context)
    if (discardEnvFiles) {
      for (const key of ['env_file', 'label_file']) service = withChild(service, key, undefined)
    }
    entries.set(name, { ...entry, value: service })
  }
  return withChild(tree, 'services', { ...services, entries })
}

type Facts = Pick<Project, 'name' | 'workingDir' | 'files'> & {
  disabled: Selection['disabled']
  loading: Loading
}

/** The typed model of a canonical tree. */
function readProject(
  tree: MapNode,
  { name, workingDir, files, disabled, loading: { report, contents } }: Facts,
): Omit<Project, 'environment' | 'sources' | 'warnings' | 'origins'> {
  const services: [string, Service][] = []
  for (const { key, value } of findMap(tree, 'services')?.entries.values() ?? []) {
    if (value.kind === 'map') services.push([key, readService(key, value, { workingDir, report })])
  }
  return {
    name,
    workingDir,
    files,
    services: Object.fromEntries(services),
    ...readResources(tree, contents),
    xKeelson: readProjectExtension(tree),
    extensions: readExtensions(tree),
    disabledServices: [...disabled.keys()],
    tree,
  }
}
