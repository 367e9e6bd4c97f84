import { factAt, wholeFile, type Place } from '../../place.ts'
import type { Rule } from '../rule.ts'
import { claimsOf } from './documents.ts'
import { judgeCommand } from './commands.ts'

/** A command of a document or a pipeline that cannot work: no such script, target, file or service. */
export const wrongCommand: Rule = {
  id: 'claims/wrong-command',
  title: 'Documented command cannot work',
  severity: 'warning',
  why: `The way to start, test or repair the system, as it is written down, fails at the first line. In an
incident it is copied by somebody who does not know the system.`,
  joins: ['commands of documents', 'package.json scripts', 'Makefile targets', 'compose files', 'files'],
  fix: 'Correct the command, or add what it calls.',
  *find(system) {
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
      title: 'commands that work, and ones of elsewhere',
      files: {
        'compose.yaml': 'services:\n  web:\n    image: nginx:1.27\n',
        'web/package.json': '{ "scripts": { "start:dev": "vite" } }\n',
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
