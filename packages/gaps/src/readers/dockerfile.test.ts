import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readIgnores } from './dockerfile-patterns.ts'
import { readDockerfile } from './dockerfile.ts'

const read = (text: string, args: Record<string, string | undefined> = {}) =>
  readDockerfile('Dockerfile', text, new Map(Object.entries(args)))

const last = (text: string, args: Record<string, string | undefined> = {}) => {
  const stage = read(text, args).stages.at(-1)
  assert.ok(stage)
  return stage
}

describe('readDockerfile', () => {
  test('a stage has what the stage below it has', () => {
    const stage = last(`FROM node:22-slim AS base
ENV A=1
EXPOSE 3000
HEALTHCHECK CMD node check.js
RUN apt-get update && apt-get install -y curl
FROM base AS run
USER node
CMD ["node", "server.js"]
`)
    assert.equal(stage.name, 'run')
    assert.equal(stage.base?.reference, 'node:22-slim')
    assert.deepEqual(stage.healthcheck?.test, ['CMD-SHELL', 'node check.js'])
    assert.deepEqual(
      stage.exposes.map(({ port, line }) => [port, line]),
      [[3000, 3]],
    )
    assert.ok(stage.installs.has('curl'))
    assert.equal(stage.environment.get('A')?.value, '1')
    assert.equal(stage.user?.user, 'node')
  })

  test('arguments: of the build, by default, before FROM, and unknown', () => {
    const text = `ARG VERSION=20
ARG OWN
FROM node:\${VERSION}-alpine
ARG VERSION
ARG PORT=80
ENV V=$VERSION P="\${PORT:-1}" Q=\${OWN:-none} U=$NOWHERE
EXPOSE $PORT
`
    assert.equal(last(text).base?.tag, '20-alpine')
    assert.equal(last(text, { VERSION: '22' }).base?.tag, '22-alpine')
    assert.equal(last(text, { VERSION: undefined }).base, undefined)
    const { environment, exposes } = last(text, { PORT: '8080' })
    assert.equal(environment.get('V')?.value, '20')
    assert.equal(environment.get('P')?.value, '8080')
    assert.equal(environment.get('Q')?.value, 'none')
    assert.equal(environment.get('U')?.value, undefined)
    assert.equal(exposes[0]?.port, 8080)
  })

  test('copies: flags, JSON, folders, here-documents', () => {
    const { copies, workdir } = last(`FROM scratch
WORKDIR /app
COPY --chown=1:1 --from=build a b /c/
COPY ["x y", "z"]
COPY <<EOF /etc/motd
FROM nowhere
EOF
COPY \${UNKNOWN} .
`)
    assert.equal(workdir, '/app')
    assert.deepEqual(
      copies.map(({ sources, destination, from }) => ({ sources, destination, from })),
      [
        { sources: ['a', 'b'], destination: '/c/', from: 'build' },
        { sources: ['x y'], destination: '/app/z', from: undefined },
        { sources: [], destination: '/etc/motd', from: undefined },
        { sources: [undefined], destination: '/app/', from: undefined },
      ],
    )
  })

  test('what RUN lines install, and remove again', () => {
    const { installs } = last(`FROM alpine
RUN apk add --no-cache --virtual .build-deps gcc curl && make && apk del .build-deps
RUN apt-get update \\
    # why this one is needed
 && apt-get install -y --no-install-recommends netcat-openbsd wget=1.2
RUN <<EOF
dnf -y install httpd
EOF
RUN pip install requests
`)
    assert.deepEqual(
      ['curl', 'gcc', 'nc', 'wget', 'httpd', 'requests'].map((name) => installs.has(name)),
      [false, false, true, true, true, false],
    )
  })

  test('commands: forms, and the command a new entrypoint drops', () => {
    assert.equal(last('FROM a\nCMD node x && y\n').command?.isShell, true)
    assert.deepEqual(last('FROM a\nCMD ["node", "x"]\n').command?.words, ['node', 'x'])
    const below = 'FROM a AS b\nCMD ["x"]\nFROM b\nENTRYPOINT ["y"]\n'
    assert.equal(last(below).command, undefined)
    assert.deepEqual(last('FROM a\nCMD ["x"]\nENTRYPOINT ["y"]\n').command?.words, ['x'])
    assert.equal(last('FROM a\nHEALTHCHECK CMD x\nHEALTHCHECK NONE\n').healthcheck?.test, 'none')
  })

  test('another escape, an empty file, lines the builder refuses', () => {
    const windows = last('# escape=`\nFROM a\nENV A=c:\\x `\n  B=2\n')
    assert.equal(windows.environment.get('A')?.value, 'c:\\x')
    assert.equal(windows.environment.get('B')?.value, '2')
    assert.ok(read('\n# only words\n').isEmpty)
    assert.deepEqual(
      read('RUN x\nFROM a\nBOGUS y\nCOPY one\nHEALTHCHECK x\n').faults.map(({ line }) => line),
      [1, 3, 4, 5],
    )
    assert.deepEqual(read('# syntax=example/own\nFROM a\nINCLUDE b\n').faults, [])
  })

  test('hostile texts end', () => {
    const texts = [
      `FROM a\nRUN ${'a \\\n'.repeat(24_000)}`,
      `FROM a\nENV A=${'${B:-'.repeat(15_000)}`,
      `FROM a\n${'ONBUILD '.repeat(12_000)}`,
      `FROM a\nRUN apt-get install ${'x'.repeat(90_000)}`,
      `FROM a\nCOPY ${'['.repeat(90_000)} /x`,
    ]
    for (const text of texts) assert.equal(read(text).file, 'Dockerfile')
    assert.deepEqual(read(`FROM a\n${'RUN x\n'.repeat(100_000)}`).stages, [])
  })
})

test('.dockerignore: the last pattern that fits counts, and folders take what is in them along', () => {
  const ignores = readIgnores('# a comment\n*\n!src\nsrc/**/*.log\n!keep/[ab].txt\n/dist/\n')
  assert.deepEqual(
    ['a', 'src', 'src/x.js', 'src/a/b/c.log', 'keep/a.txt', 'keep/c.txt', 'dist/x'].map(ignores),
    [true, false, false, true, false, true, true],
  )
  const stars = readIgnores(`${'*a'.repeat(200)}b\n`)
  assert.equal(stars('a'.repeat(2000)), false)
})
