import { posix } from 'node:path'
import type { Project, Service } from '@keelson/compose'
import { readDockerfile } from '../readers/dockerfile.ts'
import { readIgnores } from '../readers/dockerfile-patterns.ts'
import { readImage } from '../readers/image.ts'
import type { FileFacts } from '../readers/reader.ts'
import type { Tree } from '../tree/tree.ts'
import { repositoryPath, type Places } from './places.ts'
import { isWithin } from './owners.ts'
import { stageOf } from './stage.ts'
import type { BuildEvidence, ServiceEvidence } from './system.ts'
import { readEnvironment } from './service-environment.ts'
import { listServedPorts } from './served-ports.ts'
import { createUnset } from './unset-values.ts'

type Reading = {
  tree: Tree
  project: Project
  places: Places
  facts: ReadonlyMap<string, FileFacts>
  /** Of a path in the model: is its value not known? */
  isUnset: (path: string) => boolean
}

/** Everything that is known of each service of a model. */
export const readServices = async (
  parts: Omit<Reading, 'isUnset'>,
): Promise<ReadonlyMap<string, ServiceEvidence>> => {
  const services = new Map<string, ServiceEvidence>()
  const reading = { ...parts, isUnset: await createUnset(parts.tree, parts.project) }
  for (const [name, model] of Object.entries(reading.project.services)) {
    services.set(name, await readService(name, model, reading))
  }
  return services
}

const readService = async (
  name: string,
  model: Service,
  reading: Reading,
): Promise<ServiceEvidence> => {
  const { places } = reading
  const place: ServiceEvidence['place'] = (...keys) => places.place('services', name, ...keys)
  const isUnset: ServiceEvidence['isUnset'] = (...keys) =>
    reading.isUnset(['services', name, ...keys].join('.'))
  const build = await readBuild(model, { place, isUnset }, reading)
  const own = ownFiles(model, build, reading)
  const image = readServiceImage(model, build, { place, isUnset })
  const sources = own.flatMap(({ source }) => source ?? [])
  const environment = readEnvironment({ ...reading, name, model, build })
  return {
    name,
    model,
    at: place(),
    isEnabled: model.profiles.length === 0,
    place,
    isWritten: (...keys) => places.isWritten('services', name, ...keys),
    isUnset,
    image,
    build,
    environment,
    serves: listServedPorts({ model, place, image, build, sources, environment }),
    sources,
    manifests: own.flatMap(({ manifest }) => manifest ?? []),
  }
}

type Asking = Pick<ServiceEvidence, 'place' | 'isUnset'>

/** A service that is built runs its last stage's base, whatever its own image is called. */
const readServiceImage = (
  { image }: Service,
  build: BuildEvidence | undefined,
  { place, isUnset }: Asking,
) => {
  if (build !== undefined) return stageOf(build)?.base
  if (image === undefined) return undefined
  if (!isUnset('image')) return readImage(image, place('image'))
  // A tag that is not known is '', whatever stands in for it; of a name nothing may be missing.
  const path = image.split('@')[0] ?? ''
  const colon = path.indexOf(':', path.lastIndexOf('/'))
  const cut = readImage(`${colon === -1 ? path : path.slice(0, colon)}:`, place('image'))
  const isPartial = /^$|^[/._-]|[/._-]$|\/\/|(?:^|[/_-])(?:unknown|1)(?:[/_-]|$)/.test(cut.name)
  return isPartial ? undefined : { ...cut, reference: image }
}

const readBuild = async (
  { build }: Service,
  { place, isUnset }: Asking,
  { tree }: Reading,
): Promise<BuildEvidence | undefined> => {
  if (build === undefined) return undefined
  const isLocal = build.context.startsWith('/') && !isUnset('build', 'context')
  const context = isLocal ? repositoryPath(tree.root, build.context) : undefined
  const args = new Map(
    Object.entries(build.args).map(([name, value]) => [
      name,
      isUnset('build', 'args', name) ? undefined : value,
    ]),
  )
  const parts = { at: place('build'), context, target: build.target, args }
  if (build.dockerfileInline !== undefined) {
    const at = place('build', 'dockerfile_inline')
    const inline = readDockerfile(at.file, build.dockerfileInline, args)
    const ignores = await readIgnoreFile(tree, context, undefined)
    return { ...parts, dockerfilePath: undefined, dockerfile: inline, ignores }
  }
  const dockerfilePath =
    context === undefined || isUnset('build', 'dockerfile')
      ? undefined
      : repositoryPath(tree.root, posix.resolve(build.context, build.dockerfile))
  const text = dockerfilePath === undefined ? undefined : await tree.read(dockerfilePath)
  const dockerfile =
    text === undefined || dockerfilePath === undefined
      ? undefined
      : readDockerfile(dockerfilePath, text, args)
  const ignores = await readIgnoreFile(tree, context, dockerfilePath)
  return { ...parts, dockerfilePath, dockerfile, ignores }
}

/** `Dockerfile.dockerignore` beside the Dockerfile, else the context's own. */
const readIgnoreFile = async (
  tree: Tree,
  context: string | undefined,
  dockerfilePath: string | undefined,
): Promise<(path: string) => boolean> => {
  const own = dockerfilePath === undefined ? undefined : `${dockerfilePath}.dockerignore`
  const text =
    (own === undefined ? undefined : await tree.read(own)) ??
    (context === undefined ? undefined : await tree.read(posix.join(context, '.dockerignore')))
  return text === undefined ? () => false : readIgnores(text)
}

/**
 * Files in the build context, or in the working directory of a process; of an image that is built
 * elsewhere, in the folder that has its name.
 */
const ownFiles = (
  model: Service,
  build: BuildEvidence | undefined,
  reading: Reading,
): readonly FileFacts[] => {
  const { tree, facts } = reading
  const folder =
    build?.context ??
    (model.runtime === 'process' && model.workingDir !== undefined
      ? repositoryPath(tree.root, model.workingDir)
      : namesake(model, reading))
  if (folder === undefined) return []
  return tree
    .under(folder)
    .filter((file) => isWithin(file, folder))
    .flatMap((file) => facts.get(file) ?? [])
}

/**
 * `acme/shop-cart` is made from `shop-cart/`, or from `cart/` when the service is `cart` too:
 * Maven and its kind build images without a compose `build`.
 */
const namesake = (
  { name, image, build }: Service,
  { tree, project }: Reading,
): string | undefined => {
  const [, base] = /\/([\w.-]+?)(?::[^/]*)?$/.exec(image ?? '') ?? []
  if (base === undefined || build !== undefined) return undefined
  return [base, ...(base.endsWith(`-${name}`) ? [name] : [])]
    .map((folder) => repositoryPath(tree.root, posix.join(project.workingDir, folder)))
    .find((folder) => folder !== undefined && tree.isFolder(folder))
}
