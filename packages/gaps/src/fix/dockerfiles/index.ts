import { posix } from 'node:path'
import type {
  BuildEvidence,
  ManifestEvidence,
  ServiceEvidence,
  System,
} from '../../systems/system.ts'
import type { Edit } from '../edit.ts'
import { goDockerfile } from './go.ts'
import { mavenDockerfile } from './maven.ts'
import { npmDockerfile } from './npm.ts'
import { pythonDockerfile } from './python.ts'
import type { Program } from './program.ts'

/**
 * A Dockerfile for a service that has none, from the manifest in its build context: two stages, a
 * user that is not root, the port that is known. None where it is not certain what is to be started.
 */
export const writeDockerfile = (
  { tree }: System,
  { manifests, sources, serves, model }: ServiceEvidence,
  { context, dockerfilePath }: BuildEvidence,
): readonly Edit[] => {
  if (context === undefined || dockerfilePath === undefined) return []
  const inContext = (file: string) => posix.join(context, file)
  const manifest = manifests.find(({ file }) => posix.dirname(file) === (context || '.'))
  const port =
    serves.find(({ by }) => by === 'source' || by === 'environment')?.port ?? model.ports[0]?.target
  const program: Program = {
    ...{ manifest, port },
    has: (file) => tree.has(inContext(file)),
    sources: sources.filter(
      ({ file, isTest }) => !isTest && posix.dirname(file) === (context || '.'),
    ),
  }
  const write = manifest === undefined ? undefined : writers[manifest.kind]
  const lines = write?.(program)
  if (lines === undefined) return []
  const ignored = inContext('.dockerignore')
  return [
    { kind: 'create', file: dockerfilePath, text: `${lines.join('\n')}\n` },
    ...(tree.has(ignored) || tree.has(`${dockerfilePath}.dockerignore`)
      ? []
      : [{ kind: 'create' as const, file: ignored, text: '.git\n.env\nnode_modules\ntarget\n' }]),
  ]
}

type Writer = (program: Program) => readonly string[] | undefined

const writers: Partial<Record<ManifestEvidence['kind'], Writer>> = {
  ...{ npm: npmDockerfile, python: pythonDockerfile, go: goDockerfile, maven: mavenDockerfile },
}
