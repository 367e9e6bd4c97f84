import type { Project, Service } from '@keelson/compose'
import type { Told } from './findings.ts'

/** Configs and secrets whose content cannot be had here. */
export const checkFiles = ({ service, refuse }: Told, project: Project): void => {
  const check = (kind: 'configs' | 'secrets', references: Service['configs']) => {
    for (const [index, { source }] of references.entries()) {
      const given = project[kind][source]
      const fault = given === undefined ? undefined : faultOf(kind, source, given)
      if (fault !== undefined) refuse(`${kind}.${index}`, fault.what, fault.hint)
    }
  }
  check('configs', service.configs)
  check('secrets', service.secrets)
}

type Config = Project['configs'][string]
type Fault = { what: string; hint: string }

const faultOf = (
  kind: 'configs' | 'secrets',
  source: string,
  given: Config & { driver?: string },
): Fault | undefined => {
  const name = `the ${kind === 'configs' ? 'config' : 'secret'} "${source}"`
  const hint = 'give it a file:, content: or environment:'
  if (given.external) return { what: `${name} is kept by a Swarm (external)`, hint }
  if (given.driver !== undefined) return { what: `${name} needs the plugin ${given.driver}`, hint }
  if (given.templateDriver !== undefined) {
    const what = `${name} is a template (${given.templateDriver}), which only a Swarm fills in`
    return { what, hint: 'write it out; variables of the file are replaced in content:' }
  }
  if (given.file !== undefined || given.content !== undefined) return undefined
  const what = `${name} takes its content from $${given.environment ?? ''}, which is not set`
  return { what, hint: `set ${given.environment ?? 'it'} in the shell or in .env` }
}
