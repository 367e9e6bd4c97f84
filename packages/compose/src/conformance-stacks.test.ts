import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { conformanceDir, missingConformance, readCases } from './conformance.ts'
import { canonicalModel, loadProject } from './index.ts'
import type { Project } from './index.ts'

type StackCase = {
  stack: string
  files: string[]
  env_files?: string[]
  expected: string
  expected_all_profiles?: string
  warnings?: string[]
}

const home = '/home/someone'

test(
  'public stacks give the model of docker-compose 2.26.1',
  { skip: missingConformance('stacks/expected.json') },
  async (t) => {
    for (const entry of readCases<StackCase>('stacks/expected.json')) {
      const title = `${entry.stack} ${entry.files.join(' ')} ${entry.env_files?.join(' ') ?? ''}`
      await t.test(title.trim(), async () => {
        const project = await loadStack(entry)
        assert.deepEqual(comparable(canonicalModel(project)), readExpected(entry, entry.expected))
        assert.deepEqual(listWarned(project), listSubjects(entry.warnings ?? []))
      })
      const { expected_all_profiles: all } = entry
      if (all === undefined) continue
      await t.test(`${title.trim()} with all profiles`, async () => {
        const project = await loadStack(entry, ['*'])
        assert.deepEqual(comparable(canonicalModel(project)), readExpected(entry, all))
      })
    }
  },
)

function stackDir(entry: StackCase): string {
  return `${conformanceDir}/stacks/${entry.stack}`
}

function loadStack(entry: StackCase, profiles?: string[]): Promise<Project> {
  const cwd = stackDir(entry)
  const env = { HOME: home, PATH: '/usr/bin', PWD: cwd }
  return loadProject({
    cwd,
    files: entry.files,
    env,
    ...(entry.env_files === undefined ? {} : { envFiles: entry.env_files }),
    ...(profiles === undefined ? {} : { profiles }),
  })
}

function readExpected(entry: StackCase, file: string): unknown {
  const dir = stackDir(entry)
  const raw = readFileSync(`${dir}/${file}`, 'utf8')
    .replaceAll('${DIR}/..', dirname(dir))
    .replaceAll('${DIR}', dir)
  return comparable(unescape(JSON.parse(raw.replaceAll('${HOME}', home))))
}

/** That version wrote every `$` as `$$`. */
function unescape(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('$$', '$'))
}

/** That version printed what newer ones leave out: `create_host_path: true` of a bind mount. */
function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, child: unknown) =>
      key === 'create_host_path' && child === true ? undefined : child,
    ),
  )
}

/** Upstream warns once for a variable, this loader once for each place. */
function listWarned(project: Project): string[] {
  const upstreams = project.warnings.filter(
    ({ code }) => code === 'unset_variable' || code === 'obsolete_version',
  )
  return listSubjects(upstreams.map(({ message }) => message))
}

function listSubjects(messages: string[]): string[] {
  const subjects = messages.map((message) => /"(\w+)" variable/.exec(message)?.[1] ?? 'version')
  return [...new Set(subjects)].sort()
}
