import { posix } from 'node:path'
import { factAt, wholeFile } from '../../place.ts'
import { repositoryPath } from '../../systems/places.ts'
import type { System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'

/** An `env_file` that is not there: `docker compose up` stops with it. */
export const envFileAbsent: Rule = {
  id: 'configuration/env-file-absent',
  title: 'Env file is not there',
  severity: 'info',
  why: `A fresh clone does not start: compose refuses an \`env_file\` that is absent. It works on the machine
of whoever made the file, so nobody notices until somebody new, or a new server, needs it.`,
  joins: ['compose env_file', 'files of the repository'],
  fix: 'Commit an example and say in the README to copy it, or mark the file `required: false`.',
  *find(system) {
    const { services, tree } = system
    const absent = new Map<string, string[]>()
    for (const { name, model } of services.values()) {
      for (const { path, required } of model.envFiles) {
        const file = repositoryPath(tree.root, path)
        // Portainer writes a `stack.env` of what is typed into its form.
        if (file === undefined || posix.basename(file) === 'stack.env') continue
        if (!required || tree.has(file) || tree.isUnknown(file)) continue
        absent.set(file, [...(absent.get(file) ?? []), name])
      }
    }
    for (const [file, [first = '', ...others]] of absent) {
      const service = services.get(first)
      if (service === undefined) continue
      const example = exampleOf(file, system)
      yield {
        service: first,
        message: `${file} is named by ${others.length === 0 ? first : `${first} and ${others.length} more`} and is not there`,
        evidence: [
          factAt(service.place('env_file'), `env_file ${file}`),
          factAt(
            wholeFile(example ?? file),
            example === undefined ? 'not in the repository' : 'only its example is there',
          ),
        ],
        fix:
          example === undefined
            ? `Add ${posix.basename(file)}.example with the names it needs, or write env_file: [{ path: ${posix.basename(file)}, required: false }]`
            : `Copy it: cp ${example} ${file}`,
        subject: file,
      }
    }
  },
  examples: [
    {
      title: 'the file was never committed',
      files: { 'compose.yaml': 'services:\n  api:\n    image: api:1\n    env_file: api.env\n' },
      finds: [{ service: 'api', says: 'api.env is named by api and is not there' }],
    },
    {
      title: 'one that may be absent, and one that Portainer writes',
      files: {
        'compose.yaml':
          'services:\n  api:\n    image: api:1\n    env_file: [{ path: api.env, required: false }, stack.env]\n',
      },
      finds: [],
    },
  ],
}

const exampleOf = (file: string, { tree }: System): string | undefined =>
  ['example', 'sample', 'template', 'dist']
    .flatMap((word) => [
      `${file}.${word}`,
      `${file}-${word}`,
      file.replace(/\.env$/, `.${word}.env`),
      file.replace(/\.env$/, `.env.${word}`),
    ])
    .find((candidate) => candidate !== file && tree.has(candidate))
