/**
 * The model of a compose project as `@keelson/compose` and as Docker Compose see it, path by path:
 * `node scripts/compare-compose.ts [-f file …] [--profile name …]`, without files the project of the
 * current folder. Exit code 1 on any difference, or when only one of the two refuses.
 *
 * Needs `docker-compose`, or `docker` with its compose plugin, on the PATH; no engine.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { canonicalModel, loadProject } from '../packages/compose/src/index.ts'

const { values, positionals } = parseArgs({
  options: {
    file: { type: 'string', short: 'f', multiple: true, default: [] },
    profile: { type: 'string', multiple: true, default: [] },
  },
  allowPositionals: true,
})
const files = [...values.file, ...positionals]

/**
 * What Docker Compose 2.26.1 (the newest Debian packages, seen on 2026-11-21) prints otherwise than
 * compose-go of 2026-07-21, by which the loader is judged. Shown, and not counted for that version.
 */
const newerThan226: readonly [path: RegExp, reason: string][] = [
  [/\.bind\.create_host_path$/, 'the default is left out'],
  [/\.(configs|secrets)\.\d+\.mode$/, 'modes are octal texts'],
  [/\.env_file$/, 'env files are part of the model'],
  [/\.ipam\.options$/, 'options of ipam are kept'],
]

type Loaded = { model: unknown } | { refusal: string }

function findCompose(): string[] | undefined {
  const candidates = [['docker-compose'], ['docker', 'compose']]
  return candidates.find(([command = '', ...args]) => {
    return spawnSync(command, [...args, 'version'], { stdio: 'ignore' }).status === 0
  })
}

function versionOf([command = '', ...args]: string[]): string {
  return spawnSync(command, [...args, 'version', '--short'], { encoding: 'utf8' }).stdout.trim()
}

function loadTheirs([command = '', ...args]: string[]): Loaded {
  const asked = [
    ...args,
    ...files.flatMap((file) => ['-f', file]),
    ...values.profile.flatMap((profile) => ['--profile', profile]),
    ...['config', '--format', 'json'],
  ]
  const run = spawnSync(command, asked, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 })
  if (run.status !== 0) return { refusal: run.stderr.trim() }
  return { model: JSON.parse(run.stdout) }
}

async function loadOurs(): Promise<Loaded> {
  try {
    const project = await loadProject({
      cwd: process.cwd(),
      env: process.env,
      // config leaves out what no service uses
      withoutUnused: true,
      ...(files.length > 0 ? { files } : {}),
      ...(values.profile.length > 0 ? { profiles: values.profile } : {}),
    })
    return { model: canonicalModel(project, { escapeDollars: true }) }
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) }
  }
}

/** `path: theirs → ours` for every leaf that differs. */
function differences(theirs: unknown, ours: unknown, path: string): string[] {
  if (isBranch(theirs) && isBranch(ours) && Array.isArray(theirs) === Array.isArray(ours)) {
    const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)])
    return [...keys].sort().flatMap((key) => {
      return differences(theirs[key], ours[key], path === '' ? key : `${path}.${key}`)
    })
  }
  if (Object.is(theirs, ours)) return []
  return [`${path}: ${JSON.stringify(theirs) ?? 'nothing'} → ${JSON.stringify(ours) ?? 'nothing'}`]
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

const compose = findCompose()
if (compose === undefined) {
  console.log('SKIPPED: neither docker-compose nor docker compose is on the PATH')
} else {
  const theirs = loadTheirs(compose)
  const ours = await loadOurs()
  const name = compose.join(' ')
  if ('refusal' in theirs && 'refusal' in ours) {
    console.log(`Both refuse.\n${name}: ${theirs.refusal}\nours: ${ours.refusal}`)
  } else if ('refusal' in theirs) {
    console.log(`Only ${name} refuses: ${theirs.refusal}`)
    process.exitCode = 1
  } else if ('refusal' in ours) {
    console.log(`Only @keelson/compose refuses: ${ours.refusal}`)
    process.exitCode = 1
  } else {
    const is226 = versionOf(compose).startsWith('2.26.')
    const found = differences(theirs.model, ours.model, '')
    const counted = found.filter((line) => {
      const known = is226
        ? newerThan226.find(([path]) => path.test(line.split(': ')[0] ?? ''))
        : undefined
      console.log(known === undefined ? line : `(newer: ${known[1]}) ${line}`)
      return known === undefined
    })
    const count = counted.length
    console.log(count === 0 ? `The same model as ${name}.` : `${count} differences.`)
    if (count > 0) process.exitCode = 1
  }
}
