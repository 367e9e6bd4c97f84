import type { FileSpec } from '@keelson/contract'
import { originsOf, type Project, type Service } from '@keelson/compose'
import { defined } from '../defined.ts'

type Kind = 'configs' | 'secrets'

/**
 * Configs and secrets as files of the instances. A container gets Compose's places: `/<name>` and
 * `/run/secrets/<name>`; a process, whose `/` is that of the host, finds them below $KEELSON_FILES
 * unless the file names an absolute place.
 */
export const fileSpecsOf = (service: Service, project: Project): FileSpec[] => [
  ...service.configs.map((_, index) => fileSpecOf('configs', index, service, project)),
  ...service.secrets.map((_, index) => fileSpecOf('secrets', index, service, project)),
]

const fileSpecOf = (kind: Kind, index: number, service: Service, project: Project): FileSpec => {
  const { source = '', uid, gid, mode } = service[kind][index] ?? {}
  const given = project[kind][source]
  return {
    kind: kind === 'configs' ? 'config' : 'secret',
    source,
    target: targetOf(kind, index, service, project),
    // A file is read when an instance starts, and a change of it is drift; the rest is told now.
    ...(given?.file === undefined ? { content: given?.content ?? '' } : { path: given.file }),
    ...defined({ uid, gid, mode }),
  }
}

const targetOf = (kind: Kind, index: number, service: Service, project: Project): string => {
  const { source = '', target } = service[kind][index] ?? {}
  const [origin] = originsOf(project, `services.${service.name}.${kind}.${index}.target`)
  // The loader fills in Compose's place where nobody wrote one.
  const isWritten = target !== undefined && target !== defaultTarget(kind, source)
  if (service.runtime === 'process') {
    return target !== undefined && (isWritten || origin?.note !== 'default') ? target : source
  }
  const name = target ?? source
  return name.startsWith('/') ? name : defaultTarget(kind, name)
}

const defaultTarget = (kind: Kind, name: string): string =>
  kind === 'secrets' ? `/run/secrets/${name}` : `/${name}`
