import type { BuildSpec } from '@keelson/contract'
import type { Build, Project } from '@keelson/compose'
import { defined, filled, orNothing } from '../defined.ts'

/** How an image is built; what only attests or caches and has no place here was told before. */
export const buildSpecOf = (build: Build, project: Project): BuildSpec => ({
  context: build.context,
  args: build.args,
  ...defined({
    // An inline text takes the place of the file, whose name the loader fills in.
    dockerfile: build.dockerfileInline === undefined ? build.dockerfile : undefined,
    dockerfileInline: build.dockerfileInline,
    target: build.target,
    additionalContexts: filled(build.additionalContexts),
    cacheFrom: filled(build.cacheFrom),
    cacheTo: filled(build.cacheTo),
    extraHosts: filled(hostLines(build.extraHosts)),
    labels: filled(build.labels),
    network: build.network,
    noCache: orNothing(build.noCache),
    platforms: filled(build.platforms),
    privileged: orNothing(build.privileged),
    pull: orNothing(build.pull),
    secrets: filled(secretFiles(build, project)),
    shmSizeBytes: build.shmSizeBytes,
    ssh: filled(build.ssh.map(({ id, path }) => (path === undefined ? id : `${id}=${path}`))),
    tags: filled(build.tags),
    ulimits: filled(build.ulimits),
  }),
})

/** `host:address`, as the engine takes them for a build. */
const hostLines = (hosts: Build['extraHosts']): string[] =>
  Object.entries(hosts).flatMap(([host, addresses]) =>
    addresses.map((address) => `${host}:${address}`),
  )

/** Id (the target, or the name of the secret) to file; others were refused. */
const secretFiles = (build: Build, project: Project): Record<string, string> =>
  Object.fromEntries(
    build.secrets.flatMap(({ source, target }) => {
      const file = project.secrets[source]?.file
      return file === undefined ? [] : [[target ?? source, file]]
    }),
  )
