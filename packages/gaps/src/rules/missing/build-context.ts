import { factAt, wholeFile } from '../../place.ts'
import { repositoryPath } from '../../systems/places.ts'
import type { System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { isAbsent } from './context-paths.ts'

/** The folder a service is built from is not in the repository. */
export const buildContext: Rule = {
  id: 'missing/build-context',
  title: 'Build context that is not there',
  severity: 'error',
  why: `A service was renamed, moved or never committed, and its folder is gone: \`docker compose build\`
fails for whoever clones the repository, while it works for the one who still has the folder.`,
  joins: ['build.context', 'build.additional_contexts', 'folders of the repository'],
  fix: 'Correct the path, commit the folder, or take the service out.',
  *find(system) {
    for (const { name, build, place, isWritten } of system.services.values()) {
      const context = build?.context
      if (context === undefined || context === '' || !isAbsent(system, context)) continue
      const at = isWritten('build', 'context') ? place('build', 'context') : place('build')
      yield {
        service: name,
        message: `${name} is built from ${context}, which is not there`,
        evidence: [factAt(at, `context ${context}`), factAt(wholeFile(context), 'no such folder')],
        fix: `Correct build.context of ${name}, or commit ${context}`,
        subject: context,
      }
    }
    yield* additional(system)
  },
  examples: [
    {
      title: 'a second context that two services take from',
      files: {
        'compose.yaml': `services:
  api: { build: { context: api, additional_contexts: { lib: ./lib } } }
  web: { build: { context: api, additional_contexts: { lib: ./lib } } }
`,
        'api/Dockerfile': 'FROM node:22\nCOPY --from=lib . /lib/\n',
      },
      finds: [{ service: 'api', says: 'takes lib from lib, which is not there' }],
    },
    {
      title: 'second contexts that are there, elsewhere, or an image',
      files: {
        'compose.yaml': `services:
  api:
    build:
      context: api
      additional_contexts:
        lib: ./lib
        shared: ../shared
        base: docker-image://node:22
        source: https://github.com/example/source.git
        web: service:web
        any: "\${FOLDER}/any"
  web: { build: api }
`,
        'api/Dockerfile': 'FROM node:22\n',
        'lib/index.js': 'export const one = 1\n',
      },
      finds: [],
    },
    {
      title: 'a folder that was renamed',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: ./backend\n',
        'api/Dockerfile': 'FROM node:22\n',
      },
      finds: [{ service: 'api', says: 'backend, which is not there' }],
    },
    {
      title: 'the folder is there, or elsewhere',
      files: {
        'compose.yaml': `services:
  api: { build: ./api }
  web: { build: "https://github.com/example/web.git" }
  other: { build: ../elsewhere }
  any: { build: "\${FOLDER}/any" }
`,
        'api/Dockerfile': 'FROM node:22\n',
      },
      finds: [],
    },
    {
      title: 'a part that is merged with the stack of the folder above, and has its paths',
      files: {
        'compose.yaml': 'services:\n  web: { image: "example/web:1" }\n',
        'extra/logs-compose.yml': 'services:\n  logs: { build: extra/logs }\n',
        'extra/logs/Dockerfile': 'FROM node:22\n',
        'tests/compose.yaml': 'services:\n  client: { build: tests/client }\n',
        'tests/client/Dockerfile': 'FROM node:22\n',
      },
      finds: [],
    },
  ],
}

/** What Dockerfiles take by `COPY --from=name`; services that share such a folder tell it once. */
function* additional(system: System): Generator<Found> {
  const told = new Set<string>()
  for (const { name, model, place, isUnset } of system.services.values()) {
    for (const [key, value] of Object.entries(model.build?.additionalContexts ?? {})) {
      if (!value.startsWith('/') || isUnset('build', 'additional_contexts', key)) continue
      const path = repositoryPath(system.tree.root, value)
      if (path === undefined || path === '' || told.has(path) || !isAbsent(system, path)) continue
      told.add(path)
      yield {
        service: name,
        message: `${name} takes ${key} from ${path}, which is not there`,
        evidence: [
          factAt(place('build', 'additional_contexts', key), `additional context ${path}`),
          factAt(wholeFile(path), 'no such folder'),
        ],
        fix: `Correct build.additional_contexts of ${name}, or commit ${path}`,
        subject: path,
      }
    }
  }
}
