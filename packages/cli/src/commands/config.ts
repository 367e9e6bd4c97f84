import { createHash } from 'node:crypto'
import { canonicalModel, type Project } from '@keelson/compose'
import { allOrigins, commentOfOrigins } from '../config/origins.ts'
import { disabledServiceOf, explain, formatExplained } from '../config/explain.ts'
import { toYaml } from '../config/yaml.ts'
import type { Context } from '../context.ts'
import { defined } from '../defined.ts'
import { exitCodes } from '../exit-code.ts'
import { faultOfDiagnostic, usageError } from '../failure.ts'
import { loadFiles } from '../compose-files.ts'
import { saveFile } from '../save-file.ts'
import { showWarnings } from '../warnings.ts'

export type ConfigOptions = {
  format: 'yaml' | 'json'
  origins?: boolean
  explain?: string
  /** False is refused: see `config`. */
  interpolate?: boolean
  /** A folder; true is that of the command. */
  confined?: string | true
  services?: boolean
  images?: boolean
  volumes?: boolean
  profiles?: boolean
  hash?: boolean
  output?: string
}

/** The compose files as one model, in the shape `docker compose config` gives it. */
export const config = async (context: Context, options: ConfigOptions): Promise<number> => {
  const { shared, output } = context
  if (options.interpolate === false) {
    // Docker Compose prints half a model for it: `${DATA:-./d}:/d` is cut at its first colon.
    throw usageError(
      'config has no --no-interpolate: what is printed is what would run',
      'keelson config --origins names the variables in each value, --explain <path> those of one',
    )
  }
  // The names of all profiles are only known with all of them on.
  const asked = options.profiles === true ? { ...shared, profiles: ['*'] } : shared
  const { confined } = options
  const confineTo = confined === true ? '.' : confined
  // Files of somebody else would print the secrets of this shell: `X=${AWS_SECRET_ACCESS_KEY}`.
  const env = confineTo === undefined ? context.env : {}
  const reading = { ...context, env, shared: asked }
  const project = await loadFiles(reading, defined({ confineTo }))
  showWarnings(context, project.warnings.map(faultOfDiagnostic))
  const text =
    options.explain === undefined
      ? textOf(context, project, options)
      : await explained({ ...context, env }, project, options.explain, defined({ confineTo }))
  if (options.output !== undefined) await saveFile(context, options.output, text)
  else if (!shared.quiet) output.data(text.replace(/\n$/, ''))
  return exitCodes.ok
}

const textOf = (context: Context, project: Project, options: ConfigOptions): string => {
  const names = namesOf(project, options)
  if (names !== undefined) {
    return context.shared.json ? `${JSON.stringify(names, null, 2)}\n` : lines(names)
  }
  const isJson = options.format === 'json' || context.shared.json
  const form = isJson ? 'json' : 'yaml'
  const model = canonicalModel(project, { form, escapeDollars: true })
  if (isJson) {
    const whole = options.origins === true ? { model, origins: allOrigins(project, model) } : model
    return `${JSON.stringify(whole, null, 2)}\n`
  }
  return toYaml(
    model,
    options.origins === true ? commentOfOrigins(project, context.cwd) : undefined,
  )
}

/** Of a service whose profiles are off, what it would be with them, and that they are. */
const explained = async (
  context: Context,
  project: Project,
  path: string,
  how: { confineTo?: string },
): Promise<string> => {
  const { shared, cwd, output } = context
  const off = disabledServiceOf(project, path)
  const whole = off === undefined ? project : await loadFiles(context, { ...how, named: [off] })
  const profilesOff = off === undefined ? undefined : whole.services[off]?.profiles
  const found = {
    ...explain(whole, canonicalModel(whole, { form: 'yaml' }), path),
    ...defined({ profilesOff }),
  }
  return shared.json
    ? `${JSON.stringify(found, null, 2)}\n`
    : `${formatExplained(found, cwd, output.dataColors)}\n`
}

const lines = (names: readonly string[]): string => names.map((name) => `${name}\n`).join('')

/** The lists that scripts ask for; undefined: the whole model. */
const namesOf = (project: Project, options: ConfigOptions): string[] | undefined => {
  const services = Object.values(project.services)
  if (options.services === true) return services.map(({ name }) => name)
  if (options.volumes === true) return Object.keys(project.volumes)
  if (options.profiles === true) {
    return [...new Set(services.flatMap(({ profiles }) => profiles))].sort()
  }
  if (options.images === true) {
    const images = services
      .filter(({ image, build }) => image !== undefined || build !== undefined)
      .map(({ image, name }) => image ?? `${project.name}-${name}`)
    return [...new Set(images)]
  }
  return options.hash === true ? digestsOf(project) : undefined
}

/** `web 4f5c…`: another digest means another definition. */
const digestsOf = (project: Project): string[] => {
  const { services = {} } = canonicalModel(project) as { services?: Record<string, unknown> }
  return Object.entries(services).map(([name, service]) => {
    const digest = createHash('sha256').update(JSON.stringify(service)).digest('hex')
    return `${name} ${digest}`
  })
}
