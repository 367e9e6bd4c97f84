import { factAt } from '../../place.ts'
import type { ServiceEvidence, SourceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { codeOf, mayGetMore } from './own-code.ts'
import { isForTests } from '../../systems/purpose.ts'

/** Given by the machine, the runtime, a build, or by whoever wants them. */
const fromElsewhere =
  /^(?:PATH|HOME|HOSTNAME|PWD|USER|SHELL|LANG|LC_\w+|TZ|TERM|TMPDIR|TMP|TEMP|NODE_ENV|NODE_OPTIONS|DEBUG|CI|LOG_LEVEL|PORT|HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy|JAVA_HOME|GOPATH|GOOS|GOARCH|PYTHON\w*|npm_\w+|NEXT_\w+|VITE_\w+|REACT_APP_\w+|NUXT_\w+|VUE_APP_\w+|PUBLIC_\w+|EXPO_\w+|VERCEL\w*|NETLIFY\w*|GITHUB_\w+|CI_\w+|KUBERNETES_\w+|POD_\w+|NAMESPACE|AWS_\w+|GOOGLE_\w+|GCP_\w+|AZURE_\w+|ASPNETCORE_\w+|DOTNET_\w+|OTEL_\w+|SENTRY_\w+|DD_\w+|NEW_RELIC_\w+|JEST_\w+|VITEST\w*|APPDATA|LOCALAPPDATA|USERPROFILE|SystemRoot|DISPLAY|EDITOR|COLORTERM|NO_COLOR|FORCE_COLOR|RAILS_ENV|VERSION|BUILD_\w+|GIT_\w+|COMMIT\w*|TRAVIS\w*)$/

/** Where it connects to and how it logs in: without these the rest is no use. */
const isNeeded =
  /(?:URLS?|URI|HOST|ADDR|ADDRESS|ENDPOINT|DSN|PASSWORD|SECRET|KEY|TOKEN|PORT|CONNECTION_STRING|BROKERS?|SERVERS?)$/

/** The code of a service reads a variable that nothing gives it. */
export const variableNotProvided: Rule = {
  id: 'configuration/variable-not-provided',
  title: 'Variable is read and never given',
  severity: 'info',
  why: `The service stops at its first line, or runs on with "undefined" for a host, a key or a password, which
shows only when that path is used. It happens whenever code and compose file change in two commits.
Whether the path is used, or belongs to a provider that is switched off, the code alone does not tell.`,
  joins: ['source code', 'compose environment', 'env_file', 'Dockerfile ENV'],
  fix: 'Give the variable in `environment` or an env file, or a default in the code.',
  *find(system) {
    if (isForTests(system)) return
    for (const service of system.services.values()) {
      if (mayGetMore(service, system)) continue
      const given = givenTo(service, system)
      const told = new Set<string>()
      for (const source of codeOf(service, system)) {
        for (const read of source.reads) {
          const { name } = read
          if (read.default !== undefined || read.isOptional === true || told.has(name)) continue
          if (!read.isRequired && !isNeeded.test(name)) continue
          if (fromElsewhere.test(name) || given.has(name.toUpperCase())) continue
          // Asked for elsewhere in the same service with a default: it can do without.
          if (
            service.sources.some(({ reads }) =>
              reads.some(
                (one) =>
                  one.name === name && (one.default !== undefined || one.isOptional === true),
              ),
            )
          )
            continue
          told.add(name)
          yield notProvided(service, source, read)
        }
      }
    }
  },
  examples: [
    {
      title: 'the compose file has forgotten it',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: api\n    environment: { DB_HOST: db }\n',
        'api/Dockerfile': 'FROM python:3.13\nCOPY . .\nCMD ["python", "main.py"]\n',
        'api/main.py': 'import os\nhost = os.environ["DB_HOST"]\nkey = os.environ["SIGNING_KEY"]\n',
      },
      finds: [{ service: 'api', says: 'api needs SIGNING_KEY and is not given it' }],
    },
    {
      title: 'read without a default, and whether it fails is not seen',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: api\n',
        'api/Dockerfile': 'FROM node:22\nCOPY . .\nCMD ["node", "main.js"]\n',
        'api/main.js': 'connect(process.env.MONGO_URL)\n',
      },
      finds: [{ service: 'api', says: 'api reads MONGO_URL and is not given it' }],
    },
    {
      title: 'given by a file or an image, defaulted, asked for, or read by a test',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: api\n    env_file: api.env\n',
        'api.env': 'A_URL=x\n',
        'api/Dockerfile': 'FROM node:22\nENV B_URL=y\nCOPY . .\nCMD ["node", "main.js"]\n',
        'api/main.js':
          'use(process.env.A_URL, process.env.B_URL, process.env.C_URL || "c")\nif (process.env.D_FLAG) debug()\n// process.env.E_URL\n',
        'api/main.test.js': 'use(process.env.F_URL)\n',
      },
      finds: [],
    },
    {
      title: 'what a module reads when it is tried out by itself',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: api\n',
        'api/Dockerfile': 'FROM python:3.13\nCOPY . .\nCMD ["python", "main.py"]\n',
        'api/mail.py':
          'import os\n\nif __name__ == "__main__":\n    print(os.environ["IMAP_HOST"])\n',
      },
      finds: [],
    },
    {
      title: 'several programs in one folder: whose code it is cannot be told',
      files: {
        'compose.yaml': `services:
  a:
    build: { context: ., dockerfile: a.Dockerfile }
  b:
    build: { context: ., dockerfile: b.Dockerfile }
`,
        'a.Dockerfile': 'FROM golang:1.25\nCOPY . .\nRUN go build ./a\n',
        'b.Dockerfile': 'FROM golang:1.25\nCOPY . .\nRUN go build ./b\n',
        'a/main.go':
          'package main\nfunc main() {\n\tk := os.Getenv("KEY")\n\tif k == "" {\n\t\tpanic("KEY")\n\t}\n}\n',
      },
      finds: [],
    },
    {
      title: 'the env file is not here: what it gives is not known',
      files: {
        'compose.yaml':
          'services:\n  api:\n    build: api\n    env_file: [{ path: api.env, required: false }]\n',
        'api/Dockerfile': 'FROM python:3.13\nCOPY . .\n',
        'api/main.py': 'import os\nos.environ["KEY"]\n',
      },
      finds: [],
    },
  ],
}

/** Also what others that run the same code get: a worker and a web process read different parts. */
const givenTo = (
  service: ServiceEvidence,
  { services, variables }: System,
): ReadonlySet<string> => {
  const same = [...services.values()].filter(
    ({ build }) => build?.context === service.build?.context,
  )
  return new Set(
    [
      ...same.flatMap((one) => [...one.environment.keys(), ...(one.build?.args.keys() ?? [])]),
      ...same.flatMap((one) => Object.keys(one.model.environment)),
      ...variables.filter(({ at }) => at.file === service.at.file).map(({ name }) => name),
    ].map((name) => name.toUpperCase()),
  )
}

const notProvided = (
  service: ServiceEvidence,
  source: SourceEvidence,
  read: SourceEvidence['reads'][number],
): Found => {
  const { name, isRequired } = read
  return {
    service: service.name,
    message: `${service.name} ${isRequired ? 'needs' : 'reads'} ${name} and is not given it`,
    evidence: [
      factAt(read, isRequired ? `stops without ${name}` : `reads ${name}, no default`),
      factAt(service.place('environment'), `no ${name}`),
    ],
    fix: `Add ${name} to the environment of ${service.name}, or a default in ${source.file}`,
    subject: name,
  }
}
