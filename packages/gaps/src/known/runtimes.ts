import { alpine, bare, debian, opened, unknown, type Entry, type Variant } from './entry.ts'

type Programs = Pick<Entry, 'has' | 'lacks'>

/** Debian with the tools of `buildpack-deps`: curl and wget are there. */
const full: Programs = { has: ['sh', 'bash', 'curl', 'wget'], lacks: [] }

const runtime = (
  name: string,
  programs: Programs,
  source: string,
  variants: readonly Variant[] = [],
): Entry => ({
  ...{ names: [name], kind: 'runtime', ports: [], hasHealthcheck: false, ...programs, data: [] },
  ...{ runsAsRoot: true, source, variants },
})

const withOwn = (programs: Programs, ...own: string[]): Programs => ({
  has: [...programs.has, ...own],
  lacks: programs.lacks,
})

/** The usual tags of an official language image. */
const usual = (...own: string[]): readonly Variant[] => [
  { tag: /alpine/, ...withOwn(alpine, ...own) },
  { tag: /slim/, ...withOwn(debian, ...own) },
  { tag: /windows|nanoserver/, ...unknown },
]

const official = (name: string, commit: string, path: string): string =>
  opened(`docker-library/${name}`, commit, path)
const page = (name: string): string => official('docs', 'c4a9ba4', `${name}/README.md`)
const microsoft = (path: string): string =>
  opened('dotnet/dotnet-docker', '3ed00b6', `src/${path}/amd64/Dockerfile`)

const languages: readonly Entry[] = [
  runtime(
    'node',
    withOwn(full, 'node', 'npm'),
    opened('nodejs/docker-node', 'f27d936', '24/bookworm/Dockerfile'),
    usual('node', 'npm'),
  ),
  runtime(
    'python',
    withOwn(full, 'python', 'python3'),
    official('python', '4f07059', '3.14/bookworm/Dockerfile'),
    usual('python', 'python3'),
  ),
  runtime(
    'golang',
    withOwn(full, 'go'),
    official('golang', '7c8c182', '1.26/bookworm/Dockerfile'),
    [
      { tag: /alpine/, ...withOwn(alpine, 'go') },
      { tag: /windows|nanoserver/, ...unknown },
    ],
  ),
  runtime(
    'rust',
    withOwn(full, 'cargo'),
    opened('rust-lang/docker-rust', '7668ee2', 'stable/bookworm/Dockerfile'),
    usual('cargo'),
  ),
  runtime(
    'ruby',
    withOwn(full, 'ruby'),
    official('ruby', 'd55e25a', '3.4/bookworm/Dockerfile'),
    usual('ruby'),
  ),
  runtime(
    'perl',
    withOwn(full, 'perl'),
    opened('Perl/docker-perl', '8b707a1', '5.040.003-main-bookworm/Dockerfile'),
    usual('perl'),
  ),
  // Both variants keep curl, which PHP's own build scripts want.
  runtime(
    'php',
    { has: ['sh', 'bash', 'curl', 'php'], lacks: ['wget', 'nc'] },
    official('php', '445bf41', '8.4/bookworm/cli/Dockerfile'),
    [{ tag: /alpine/, has: ['sh', 'wget', 'nc', 'curl', 'php'], lacks: ['bash'] }],
  ),
  runtime(
    'tiangolo/uvicorn-gunicorn-fastapi',
    unknown,
    opened(
      'tiangolo/uvicorn-gunicorn-fastapi-docker',
      '072ed47',
      'docker-images/python3.11.dockerfile',
    ),
  ),
  runtime('oven/bun', unknown, opened('oven-sh/bun', '0c532ea', 'dockerhub/debian/Dockerfile')),
  runtime(
    'denoland/deno',
    unknown,
    opened('denoland/deno_docker', 'b7864b7', 'debian.dockerfile'),
    [{ tag: /distroless/, ...bare }],
  ),
]

const java: readonly Entry[] = [
  runtime(
    'openjdk',
    withOwn(unknown, 'java'),
    official('openjdk', 'da2d75f', '27/slim-bookworm/Dockerfile'),
    [
      { tag: /alpine/, ...withOwn(alpine, 'java') },
      { tag: /slim/, ...withOwn(debian, 'java') },
    ],
  ),
  runtime(
    'eclipse-temurin',
    { has: ['sh', 'bash', 'java'], lacks: ['nc'] },
    opened('adoptium/containers', 'd8d18d6', '21/jre/ubuntu/noble/Dockerfile'),
    [
      { tag: /alpine/, has: ['sh', 'wget', 'nc', 'java'], lacks: [] },
      { tag: /windows|nanoserver|ubi|centos/, ...unknown },
    ],
  ),
  runtime(
    'amazoncorretto',
    { has: ['sh', 'bash', 'java'], lacks: [] },
    opened('corretto/corretto-docker', '7075fec', '21/jdk/al2023/Dockerfile'),
    [{ tag: /alpine/, ...withOwn(alpine, 'java') }],
  ),
  runtime(
    'maven',
    withOwn(unknown, 'java'),
    opened('carlossg/docker-maven', '0170c5b', 'eclipse-temurin-21-alpine/Dockerfile'),
  ),
  runtime(
    'gradle',
    withOwn(unknown, 'java'),
    opened('gradle/docker-gradle', '528a647', 'jdk21-noble/Dockerfile'),
  ),
]

const systems: readonly Entry[] = [
  runtime(
    'debian',
    debian,
    opened('debuerreotype/docker-debian-artifacts', 'f5527c9', 'bookworm/rootfs.manifest'),
  ),
  runtime(
    'ubuntu',
    { has: ['sh', 'bash'], lacks: ['curl', 'wget'] },
    official('buildpack-deps', '8330ca1', 'ubuntu/noble/curl/Dockerfile'),
  ),
  runtime('alpine', alpine, opened('alpinelinux/aports', '05253d2', 'main/busybox/busyboxconfig')),
  runtime(
    'busybox',
    { has: ['sh', 'wget', 'nc'], lacks: ['curl', 'bash'] },
    official('busybox', '9c20878', 'latest/glibc/Dockerfile.builder'),
  ),
  runtime(
    'buildpack-deps',
    full,
    official('buildpack-deps', '8330ca1', 'debian/bookworm/curl/Dockerfile'),
  ),
  runtime('fedora', unknown, page('fedora')),
  runtime('rockylinux', unknown, page('rockylinux')),
  runtime('almalinux', unknown, page('almalinux')),
  runtime('amazonlinux', unknown, page('amazonlinux')),
]

const dotnet = (name: string, path: string): Entry =>
  runtime(`dotnet/${name}`, withOwn(debian, 'dotnet'), microsoft(path), [
    { tag: /chiseled|distroless/, ...bare, runsAsRoot: false },
    { tag: /alpine/, ...withOwn(alpine, 'dotnet') },
    { tag: /windows|nanoserver|mariner|azurelinux/, ...unknown },
  ])

export const runtimes: readonly Entry[] = [
  ...languages,
  ...java,
  ...systems,
  runtime('dotnet/sdk', unknown, microsoft('sdk/10.0/alpine3.23')),
  dotnet('aspnet', 'aspnet/8.0/bookworm-slim'),
  dotnet('runtime', 'runtime-deps/8.0/bookworm-slim'),
]

/** `gcr.io/distroless/*`: one family under many names; `debug` tags have BusyBox. */
export const distroless: Entry = {
  names: ['distroless'],
  kind: 'runtime',
  ports: [],
  hasHealthcheck: false,
  ...bare,
  data: [],
  source: opened('GoogleContainerTools/distroless', 'cd08076', 'README.md'),
  variants: [
    { tag: /debug/, ...unknown },
    { tag: /nonroot/, runsAsRoot: false },
  ],
}
