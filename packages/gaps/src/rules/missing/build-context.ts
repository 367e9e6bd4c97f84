import { factAt, wholeFile } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { isAbsent } from './context-paths.ts'

/** The folder a service is built from is not in the repository. */
export const buildContext: Rule = {
  id: 'missing/build-context',
  title: 'Build context that is not there',
  severity: 'error',
  why: `A service was renamed, moved or never committed, and its folder is gone: \`docker compose build\`
fails for whoever clones the repository, while it works for the one who still has the folder.`,
  joins: ['build.context', 'folders of the repository'],
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
  },
  examples: [
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
      },
      finds: [],
    },
  ],
}
