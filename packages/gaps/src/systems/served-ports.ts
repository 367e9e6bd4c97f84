import type { Service } from '@keelson/compose'
import type {
  BuildEvidence,
  ImageEvidence,
  ServedPort,
  ServiceEvidence,
  SourceEvidence,
  VariableEvidence,
} from './system.ts'
import { stageOf } from './stage.ts'

type Parts = {
  model: Service
  place: ServiceEvidence['place']
  image: ImageEvidence | undefined
  build: BuildEvidence | undefined
  sources: readonly SourceEvidence[]
  environment: ReadonlyMap<string, VariableEvidence>
}

/**
 * Ports that somebody says are served inside: code that listens, EXPOSE, what is known of the
 * image, a variable that the code listens on.
 */
export const listServedPorts = (parts: Parts): readonly ServedPort[] => {
  const { model, place, image, build, sources, environment } = parts
  const fromSources = sources
    .filter(({ isTest }) => !isTest)
    .flatMap(({ listens }) => listens)
    .flatMap(({ port, variable, file, line, column }): ServedPort[] => {
      const at = { file, line, column }
      const given = variable === undefined ? undefined : environment.get(variable)
      const value = given === undefined ? port : readPort(given.value)
      if (value === undefined) return []
      return given === undefined
        ? [{ ...at, port: value, protocol: 'tcp', by: 'source', confidence: 'certain' }]
        : [{ ...given, port: value, protocol: 'tcp', by: 'environment', confidence: 'certain' }]
    })
  const fromDockerfile = ((build && stageOf(build)?.exposes) ?? []).flatMap(
    ({ port, protocol, file, line, column }): ServedPort[] =>
      port === undefined
        ? []
        : [{ file, line, column, port, protocol, by: 'dockerfile', confidence: 'likely' }],
  )
  const fromImage = (image?.known?.ports ?? []).map(({ port, protocol }): ServedPort => ({
    ...(image?.at ?? place()),
    ...{ port, protocol, by: 'image', confidence: 'likely' },
  }))
  const fromCompose = model.expose.flatMap((text): ServedPort[] => {
    const port = readPort(text.split('/')[0])
    const protocol = text.endsWith('/udp') ? 'udp' : 'tcp'
    return port === undefined
      ? []
      : [{ ...place('expose'), port, protocol, by: 'compose', confidence: 'likely' }]
  })
  return [...fromSources, ...fromDockerfile, ...fromImage, ...fromCompose]
}

const readPort = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,5}$/.test(text.trim()) ? Number(text) : undefined
