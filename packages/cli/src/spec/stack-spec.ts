import type { SourceFile, StackSpec } from '@keelson/contract'
import { originsOf, type Project } from '@keelson/compose'
import { defined } from '../defined.ts'
import { exitCodes } from '../exit-code.ts'
import { CommandError, type Fault } from '../failure.ts'
import { findingsOf, type Finding } from './refusals.ts'
import { networkSpecsOf, volumeSpecsOf } from './resource-specs.ts'
import { serviceSpecOf } from './service-spec.ts'

export type Conversion = { spec: StackSpec; warnings: Fault[] }

/**
 * A loaded compose project as the platform takes it: every default filled in, durations in
 * milliseconds, and the place in the file of everything a message may have to point at. `sources`
 * are the files it was read from, with their digests.
 *
 * Throws CommandError (exit code 2) with every key that would not be carried out.
 */
export const stackSpecOf = (project: Project, sources: readonly SourceFile[]): Conversion => {
  const { refused, unused } = findingsOf(project)
  const faultOf = (finding: Finding) => faultAt(project, finding)
  if (refused.length > 0) {
    throw new CommandError('not_supported', exitCodes.badInput, refused.map(faultOf))
  }
  const awaited = completionsAwaited(project)
  const spec: StackSpec = {
    name: project.name,
    workingDir: project.workingDir,
    files: project.files,
    sources: [...sources],
    demo: project.xKeelson.demo,
    services: Object.values(project.services).map((service) =>
      serviceSpecOf(service, project, awaited.has(service.name)),
    ),
    networks: networkSpecsOf(project),
    volumes: volumeSpecsOf(project),
    ...defined({ description: project.xKeelson.description }),
  }
  return { spec, warnings: unused.map(faultOf) }
}

const faultAt = (project: Project, { path, message, hint }: Finding): Fault => {
  const [origin] = originsOf(project, path)
  return { message, hint, ...(origin === undefined ? {} : { place: origin }) }
}

/** Services that somebody waits for to complete: they are jobs, and end. */
const completionsAwaited = (project: Project): Set<string> =>
  new Set(
    Object.values(project.services).flatMap((service) =>
      Object.entries(service.dependsOn)
        .filter(([, { condition }]) => condition === 'service_completed_successfully')
        .map(([name]) => name),
    ),
  )
