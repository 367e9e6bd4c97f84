import { basename } from 'node:path'
import type { Origin, Report } from './diagnostics.ts'
import type { Environment } from './environment.ts'
import { findChild } from './node.ts'
import type { MapNode } from './node.ts'
import { substitute, TemplateError } from './template.ts'

const legalName = /^[a-z0-9][a-z0-9_-]*$/

/** The name Compose makes of a folder: lower case, only letters, digits, `-` and `_`. */
function normaliseProjectName(name: string): string {
  const kept = name.toLowerCase().replaceAll(/[^-_a-z0-9]/g, '')
  return kept.replace(/^[_-]+/, '')
}

export type ProjectNameRequest = {
  given: string | undefined
  environment: Environment
  /** All files, in merge order: the last one with a `name` counts. */
  roots: readonly MapNode[]
  workingDir: string
  file: string
  report: Report
}

/**
 * Precedence of Compose: the name given by the caller, `COMPOSE_PROJECT_NAME`, the top-level `name`,
 * the folder's name. The names of files and folders are made legal; the others must be.
 */
export function findProjectName(request: ProjectNameRequest): { name: string; origin: Origin } {
  const { given, environment, roots, workingDir, file, report } = request
  const check = (name: string, origin: Origin) => {
    if (!legalName.test(name)) {
      const message =
        name === ''
          ? 'project name must not be empty'
          : `invalid project name "${name}": must consist only of lowercase alphanumeric ` +
            'characters, hyphens, and underscores as well as start with a letter or number'
      const normal = normaliseProjectName(name)
      report.error('bad_project_name', origin, message, normal === '' ? undefined : `use ${normal}`)
    }
    return { name, origin }
  }
  const top: Origin = { file, line: 1, column: 1 }
  if (given !== undefined && given !== '') return check(given, { ...top, note: 'given name' })
  const variable = environment.get('COMPOSE_PROJECT_NAME')
  if (variable !== undefined && variable.value !== '') {
    return check(variable.value, variable.origin)
  }
  const node = roots.map((root) => findChild(root, 'name')).findLast((found) => found !== undefined)
  if (node?.kind === 'scalar' && typeof node.value === 'string') {
    const name = interpolateName(node.value, environment)
    // a name that cannot be interpolated is reported by the interpolation stage
    if (name === undefined) return { name: 'invalid', origin: node.at }
    const normal = normaliseProjectName(name)
    if (normal === name || normal === '') return check(name, node.at)
    const message = `the project name "${name}" is used as "${normal}"`
    report.warn('project_name_changed', node.at, message, `write name: ${normal}`)
    return { name: normal, origin: node.at }
  }
  const folder = normaliseProjectName(basename(workingDir))
  const origin = { ...top, note: `folder ${workingDir}` }
  return folder === '' ? check('', origin) : { name: folder, origin }
}

function interpolateName(template: string, environment: Environment): string | undefined {
  try {
    return substitute(template, (name) => environment.get(name)?.value).value
  } catch (error) {
    if (error instanceof TemplateError) return undefined
    throw error
  }
}
