import { posix } from 'node:path'
import { factAt, wholeFile, type Place } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import { splitCommands } from '../../readers/shell-words.ts'
import type { Found, Rule } from '../rule.ts'
import { claimsOf } from './documents.ts'
import { judgeCommand } from './commands.ts'

/** A command of a document or a pipeline that cannot work: no such script, target, file or service. */
export const wrongCommand: Rule = {
  id: 'claims/wrong-command',
  title: 'Documented command cannot work',
  // What a document means by it, and where its reader is by then, is seldom sure.
  severity: 'info',
  why: `The way to start, test or repair the system, as it is written down, fails at the first line. In an
incident it is copied by somebody who does not know the system.`,
  joins: [
    'commands of documents',
    'package.json scripts',
    'Makefile targets',
    'compose files',
    'files',
  ],
  fix: 'Correct the command, or add what it calls.',
  *find(system) {
    yield* inPipelines(system)
    const told = new Set<string>()
    for (const { document, claim } of claimsOf(system, 'command')) {
      const wrong = judgeCommand(claim, document.file, system)
      if (wrong === undefined || told.has(`${document.file} ${wrong.what}`)) continue
      told.add(`${document.file} ${wrong.what}`)
      const other: Place = wrong.at ?? wholeFile(wrong.file)
      yield {
        message: `${document.file} says "${short(claim.text)}", and ${wrong.what}`,
        evidence: [factAt(claim, short(claim.text)), factAt(other, wrong.what)],
        fix: `Correct the command in ${document.file}, or add what it needs`,
        subject: wrong.what,
      }
    }
  },
  examples: [
    {
      title: 'a script, a target, a compose file, a service and a shell script that are not there',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
        'package.json': '{ "scripts": { "test": "node --test" } }\n',
        Makefile: 'up:\n\tdocker compose up\n',
        'README.md': `# Shop

\`\`\`sh
npm run start:dev
make deploy
docker compose -f compose.prod.yaml up -d
docker compose logs api
./scripts/seed.sh
\`\`\`
`,
      },
      finds: [
        { service: '-', says: 'package.json has no script start:dev' },
        { service: '-', says: 'Makefile has no target deploy' },
        { service: '-', says: 'compose.prod.yaml is not there' },
        { service: '-', says: 'no service is called api' },
        { service: '-', says: 'scripts/seed.sh is not there' },
      ],
    },
    {
      title: 'a pipeline that was forgotten when a file was renamed',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
        '.github/workflows/ci.yml':
          'jobs:\n  a:\n    steps:\n      - run: docker compose -f docker-compose.test.yml up\n',
      },
      finds: [{ service: '-', says: 'docker-compose.test.yml is not there' }],
    },
    {
      title: 'what a document says to make, and what lies elsewhere',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
        'scripts/upgrade.sh': 'true\n',
        'docs/setup.md':
          '# Setup\n\n```sh\ncp -R devcontainer-example .devcontainer\ndocker compose -f compose.yaml config > made.yaml\n```\n',
        'README.md':
          '# Shop\n\n```sh\nbash upgrade.sh\ndocker compose -f .devcontainer/compose.yaml up\ndocker compose -f made.yaml up\ndocker compose -f ~/shop/stack.yaml up\n```\n',
      },
      finds: [],
    },
    {
      title: 'commands that work, and ones of elsewhere',
      files: {
        '.github/workflows/ci.yml':
          'jobs:\n  a:\n    steps:\n      - run: docker compose -f ${{ matrix.file }} up\n      - run: docker compose -f made.yml up\n        working-directory: test\n',
        'test/made.yml': 'services: {}\n',
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
        'web/package.json': '{ "scripts": { "start:dev": "vite", "test": "vitest" } }\n',
        'README.md': `# Shop

\`\`\`sh
cd web && npm run start:dev && npm test -- --watch
\`\`\`

\`\`\`sh
git clone https://example.com/other.git
cd other
npm run build
make install
docker compose -f other.yaml up
\`\`\`

\`\`\`
$ docker compose up -d web
Creating web ... done
make nothing
\`\`\`

## The runner

\`\`\`sh
cd ~/runner
\`\`\`

\`\`\`sh
./install.sh
\`\`\`
`,
      },
      finds: [],
    },
  ],
}

const short = (text: string): string => (text.length > 100 ? `${text.slice(0, 97)}...` : text)

/** Where a pipeline runs a command is not known: a compose file must be nowhere to be missed. */
function* inPipelines(system: System): Generator<Found> {
  if (!system.isDefault) return
  for (const { file, commands } of system.ci) {
    for (const { command, ...at } of commands) {
      const words = splitCommands(command).find(([program]) =>
        /^docker(?:-compose)?$/.test(program ?? ''),
      )
      const wrong = words && judgeCommand({ words, folder: system.folder }, '', system)
      if (wrong === undefined || !/\.ya?ml$/.test(wrong.file) || wrong.at !== undefined) continue
      const name = posix.basename(wrong.file)
      if (system.tree.files.some((one) => posix.basename(one) === name)) continue
      yield {
        message: `${file} runs "${short(command)}", and ${wrong.what}`,
        evidence: [factAt(at, short(command)), factAt(wholeFile(wrong.file), wrong.what)],
        fix: `Correct the command in ${file}, or add ${wrong.file}`,
        subject: wrong.what,
      }
    }
  }
}
