import { posix } from 'node:path'
import { exposeLines, plainUser, type Program } from './program.ts'

const base = 'FROM python:3.13-slim'
const entries = ['main.py', 'app.py', 'server.py', 'run.py']
/** Their applications are started by a server that is configured elsewhere. */
const frameworks = /^(?:fastapi|flask|django|starlette|quart|sanic|falcon|tornado)$/i

/** A program that listens by itself when its file is run. */
export const pythonDockerfile = (program: Program): readonly string[] | undefined => {
  const { manifest, has, sources } = program
  const found = entries.filter(has)
  const [entry] = found
  if (entry === undefined || found.length > 1 || !has('requirements.txt')) return undefined
  const source = sources.find(({ file }) => posix.basename(file) === entry)
  const hasFramework = [...(manifest?.dependencies.keys() ?? [])].some((name) =>
    frameworks.test(name),
  )
  if (hasFramework && (source === undefined || source.listens.length === 0)) return undefined
  return [
    `${base} AS build`,
    'RUN python -m venv /opt/venv',
    'ENV PATH=/opt/venv/bin:$PATH',
    'COPY requirements.txt ./',
    'RUN pip install --no-cache-dir -r requirements.txt',
    '',
    base,
    'COPY --from=build /opt/venv /opt/venv',
    'ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1',
    'WORKDIR /app',
    'COPY . .',
    plainUser,
    ...exposeLines(program),
    `CMD ["python", "${entry}"]`,
  ]
}
