import { alpine, bare, debian, hub, unknown, type Entry, type Variant } from './entry.ts'

type Programs = Pick<Entry, 'has' | 'lacks'>

/** Debian with the tools of `buildpack-deps`: curl and wget are there. */
const full: Programs = { has: ['sh', 'bash', 'curl', 'wget'], lacks: [] }

const runtime = (
  name: string,
  programs: Programs,
  variants: readonly Variant[] = [],
  rest: Partial<Entry> = {},
): Entry => ({
  ...{ names: [name], kind: 'runtime', ports: [], hasHealthcheck: false, ...programs, data: [] },
  ...{ runsAsRoot: true, source: hub(name), variants, ...rest },
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

const microsoft = 'https://github.com/dotnet/dotnet-docker'
const java = (programs: Programs, name: string, variants: readonly Variant[]): Entry =>
  runtime(name, withOwn(programs, 'java'), variants)

export const runtimes: readonly Entry[] = [
  runtime('node', withOwn(full, 'node', 'npm'), usual('node', 'npm')),
  runtime('python', withOwn(full, 'python', 'python3'), usual('python', 'python3')),
  runtime('golang', withOwn(full, 'go'), [{ tag: /alpine/, ...withOwn(alpine, 'go') }]),
  runtime('rust', withOwn(full, 'cargo'), usual('cargo')),
  runtime('ruby', withOwn(full, 'ruby'), usual('ruby')),
  runtime('perl', withOwn(full, 'perl'), usual('perl')),
  // Both variants keep curl, which PHP's own build scripts want.
  runtime('php', { has: ['sh', 'bash', 'curl', 'php'], lacks: ['wget', 'nc'] }, [
    { tag: /alpine/, has: ['sh', 'wget', 'nc', 'curl', 'php'], lacks: ['bash'] },
  ]),
  java(unknown, 'openjdk', [
    { tag: /alpine/, ...withOwn(alpine, 'java') },
    { tag: /slim/, ...withOwn(debian, 'java') },
  ]),
  java({ has: ['sh', 'bash'], lacks: ['nc'] }, 'eclipse-temurin', [
    { tag: /alpine/, has: ['sh', 'wget', 'nc', 'java'], lacks: [] },
    { tag: /windows|nanoserver|ubi/, ...unknown },
  ]),
  java({ has: ['sh', 'bash', 'curl'], lacks: ['wget', 'nc'] }, 'amazoncorretto', [
    { tag: /alpine/, ...withOwn(alpine, 'java') },
    { tag: /al20|headless|windows|debian/, ...unknown },
  ]),
  java(unknown, 'maven', []),
  java(unknown, 'gradle', []),
  runtime('debian', debian),
  runtime('ubuntu', debian),
  runtime('alpine', alpine),
  runtime('busybox', { has: ['sh', 'wget', 'nc'], lacks: ['curl', 'bash'] }),
  runtime('buildpack-deps', full),
  runtime('fedora', { has: ['sh', 'bash', 'curl'], lacks: ['nc'] }),
  runtime('rockylinux', { has: ['sh', 'bash'], lacks: ['wget', 'nc'] }),
  runtime('almalinux', { has: ['sh', 'bash'], lacks: ['wget', 'nc'] }),
  runtime('centos', { has: ['sh', 'bash', 'curl'], lacks: ['wget', 'nc'] }),
  runtime('amazonlinux', { has: ['sh', 'bash', 'curl'], lacks: ['wget', 'nc'] }),
  runtime('oven/bun', unknown, [{ tag: /distroless/, ...bare }]),
  runtime('denoland/deno', unknown, [{ tag: /distroless/, ...bare }]),
  runtime('tiangolo/uvicorn-gunicorn-fastapi', unknown, [], { runsAsRoot: true }),
  runtime('dotnet/sdk', unknown, [], { source: microsoft }),
  runtime(
    'dotnet/aspnet',
    withOwn(debian, 'dotnet'),
    [
      { tag: /chiseled|distroless/, ...bare, runsAsRoot: false },
      { tag: /alpine/, ...withOwn(alpine, 'dotnet') },
      { tag: /windows|nanoserver|mariner|azurelinux/, ...unknown },
    ],
    { source: microsoft },
  ),
  runtime(
    'dotnet/runtime',
    withOwn(debian, 'dotnet'),
    [
      { tag: /chiseled|distroless/, ...bare, runsAsRoot: false },
      { tag: /alpine/, ...withOwn(alpine, 'dotnet') },
      { tag: /windows|nanoserver|mariner|azurelinux/, ...unknown },
    ],
    { source: microsoft },
  ),
]

const distrolessSource = 'https://github.com/GoogleContainerTools/distroless'

/** `gcr.io/distroless/*`: one family under many names; `debug` tags have BusyBox. */
export const distroless: Entry = {
  names: ['distroless'],
  kind: 'runtime',
  ports: [],
  hasHealthcheck: false,
  ...bare,
  data: [],
  source: distrolessSource,
  variants: [
    { tag: /debug/, ...unknown },
    { tag: /nonroot/, runsAsRoot: false },
  ],
}
