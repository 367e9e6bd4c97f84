import { posix } from 'node:path'
import { factAt } from '../../place.ts'
import { isWithin } from '../../systems/owners.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { codeOf } from './own-code.ts'

/** Read by runtimes, frameworks and agents by their own names. */
const readByOthers =
  /^(?:PATH|HOME|HOSTNAME|USER|TZ|LANG|LC_\w+|PORT|HOST|DEBUG|LOG_LEVEL|ENV|ENVIRONMENT|NODE_\w+|NPM_\w+|npm_\w+|NEXT_\w+|VITE_\w+|REACT_APP_\w+|NUXT_\w+|VUE_\w+|CHOKIDAR_\w+|WATCHPACK_\w+|FAST_REFRESH|WDS_\w+|CI|HTTPS?_PROXY|NO_PROXY|PYTHON\w*|PIP_\w+|FLASK_\w+|DJANGO_\w+|UVICORN_\w+|GUNICORN_\w+|WEB_CONCURRENCY|CELERY_\w+|JAVA_\w+|JVM_\w+|SPRING_\w+|GO\w+|GIN_MODE|OTEL_\w+|SENTRY_\w+|DD_\w+|NEW_RELIC_\w+|ELASTIC_APM_\w+|AWS_\w+|GOOGLE_\w+|AZURE_\w+|ASPNETCORE_\w+|DOTNET_\w+|DATABASE_URL|PG\w+|MYSQL_\w+|REDIS_URL|AUTH_\w+|NEXTAUTH_\w+|KELSON_\w+|KEELSON_\w+|VIRTUAL_\w+|LETSENCRYPT_\w+|MALLOC_\w+|LD_\w+|SSL_\w+|GRPC_\w+|PROMETHEUS_MULTIPROC_DIR|prometheus_multiproc_dir)$/
const readableBases =
  /^(?:node|python|golang|alpine|debian|ubuntu|scratch|busybox|distroless\/\w+|oven\/bun|denoland\/deno|bitnami\/(?:node|python|golang))$/

/** Given to a service whose code, all of it read, never asks for it. */
export const variableNotRead: Rule = {
  id: 'configuration/variable-not-read',
  title: 'Variable is given and never read',
  severity: 'info',
  why: `A name that was changed on one side only: \`DB_HOST\` is set, \`DATABASE_HOST\` is read, and the default
is used without a word. Whoever sets the variable believes that it does something.`,
  joins: ['compose environment', 'source code'],
  fix: 'Remove it, or correct the name on one side.',
  *find(system) {
    for (const service of system.services.values()) {
      if (!isReadFully(service, system)) continue
      const sources = service.sources
      const known = new Set(
        sources.flatMap(({ reads }) => reads).map(({ name }) => name.toUpperCase()),
      )
      for (const { name, from, ...at } of service.environment.values()) {
        if (from !== 'compose' || known.has(name.toUpperCase()) || readByOthers.test(name)) continue
        // Handed on by the command: `sh -c "x --key $$KEY"`.
        const { model } = service
        const words = [
          ...(model.command ?? []),
          ...(model.entrypoint ?? []),
          ...(model.healthcheck?.test ?? []),
        ].join(' ')
        if (words.includes(name)) continue
        const [first] = codeOf(service, system)
        yield {
          service: service.name,
          message: `${name} is given to ${service.name}, whose code does not read it`,
          evidence: [
            factAt({ file: at.file, line: at.line, column: at.column }, `gives ${name}`),
            factAt(
              { file: first?.file ?? service.at.file, line: 0, column: 0 },
              `${sources.length} source files read, none asks for ${name}`,
            ),
          ],
          fix: `Remove ${name}, or read it`,
          subject: name,
        }
      }
    }
  },
  examples: [
    {
      title: 'two names for one thing',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: api\n    environment: { DB_HOST: db }\n',
        'api/Dockerfile': 'FROM python:3.13\nCOPY . .\nCMD ["python", "main.py"]\n',
        'api/main.py': 'import os\nhost = os.environ.get("DATABASE_HOST", "localhost")\n',
      },
      finds: [{ service: 'api', says: 'DB_HOST is given to api, whose code does not read it' }],
    },
    {
      title: 'read by a name that is made up, or by a shell script',
      files: {
        'compose.yaml':
          'services:\n  a:\n    build: a\n    environment: { DB_HOST: db }\n  b:\n    build: b\n    environment: { DB_HOST: db }\n',
        'a/Dockerfile': 'FROM python:3.13\nCOPY . .\n',
        'a/main.py': 'import os\nhost = os.environ["DB_" + name]\nos.environ["X"]\n',
        'b/Dockerfile': 'FROM python:3.13\nCOPY . .\n',
        'b/start.sh': 'echo $DB_HOST\n',
        'b/main.py': 'import os\nos.environ.get("X", "1")\n',
      },
      finds: [],
    },
  ],
}

/** Other languages, scripts and templates may read what the code does not. */
const mayRead =
  /\.(?:sh|bash|php|rb|rs|kt|kts|scala|clj|ex|exs|lua|pl|cs|java|swift|dart|c|cc|cpp|vue|svelte|astro|prisma|tmpl|template|tpl|j2|conf|ya?ml|toml|ini|cfg|properties|xml|Makefile)$/i

const isReadFully = (service: ServiceEvidence, system: System): boolean => {
  const { build, sources } = service
  if (build?.context === undefined || build.dockerfile === undefined || sources.length === 0)
    return false
  const code = codeOf(service, system)
  if (code.length === 0 || !code.some(({ reads }) => reads.length > 0)) return false
  if (
    sources.some(
      ({ readsOthers, language }) =>
        readsOthers === true || language === 'java' || language === 'csharp',
    )
  )
    return false
  const base = service.image?.name
  if (base === undefined || !readableBases.test(base)) return false
  const read = new Set(sources.map(({ file }) => file))
  return (
    system.tree.under(build.context).every((file) => {
      const name = posix.basename(file)
      if (/\.(?:[cm]?[jt]sx?|py|go)$/.test(name))
        return read.has(file) || /\.d\.ts$|\.min\.js$/.test(name) || /(?:^|\/)dist\//.test(file)
      if (
        /^(?:docker-)?compose[\w.-]*\.ya?ml$|^\.|package-lock|pnpm-lock|^(?:tsconfig|package)\b/.test(
          name,
        )
      )
        return true
      return !mayRead.test(name) && !/^(?:Makefile|Procfile|entrypoint)/i.test(name)
    }) && !isWithinMany(build.context, system)
  )
}

/** A context that other services' contexts lie in holds more than this one's code. */
const isWithinMany = (context: string, { services }: System): boolean =>
  [...services.values()].some(
    ({ build }) =>
      build?.context !== undefined && build.context !== context && isWithin(build.context, context),
  )
