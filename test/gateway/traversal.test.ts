import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openGateway, startOrigin } from '../../packages/server/src/gateway/testing/gateway.ts'
import { configOf } from './kong-file.ts'

/** Ways of writing `/open/../closed/secret`, or `/closed/secret` so that a router may not see it. */
const disguises: readonly string[] = [
  '/closed/secret',
  '//closed/secret',
  '/./closed/secret',
  '/open/../closed/secret',
  '/open/%2e%2e/closed/secret',
  '/open/%2E%2E/closed/secret',
  '/open/.%2e/closed/secret',
  '/open/%2e./closed/secret',
  '/open/..%2fclosed/secret',
  '/open/..%2Fclosed%2Fsecret',
  '/open%2f..%2fclosed/secret',
  '/open/%2e%2e%2fclosed/secret',
  '/open/..\\closed\\secret',
  '/open/..%5cclosed%5csecret',
  '/open/%252e%252e/closed/secret',
  '/open/..%252fclosed/secret',
  '/open/..;/closed/secret',
  '/open//../closed/secret',
  '/open/x/../../closed/secret',
  '/open/../../../closed/secret',
  '/open/%2e%2e/%2e%2e/closed/secret',
  '/%63losed/secret',
  '/clos%65d/secret',
  '/closed%2fsecret',
  '/open/..',
  '/open/../',
  '/open/%c0%ae%c0%ae/closed/secret',
  '/open/%u002e%u002e/closed/secret',
]

/**
 * What a careful server takes a path for: escapes once, empty segments and dots resolved. An escaped slash is
 * data (RFC 3986 2.2), and goes on as such, as with Kong; a bare backslash goes on escaped.
 */
const resolved = (target: string): string => {
  const text = target.replaceAll('\\', '/').replace(/%(?!2f|5c)[0-9a-f]{2}/gi, (escape) => {
    const code = Number.parseInt(escape.slice(1), 16)
    return code < 0x80 ? String.fromCharCode(code) : escape
  })
  return path.posix.normalize(text).replaceAll('//', '/')
}

const ask = (target: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`

test('a path that is closed stays closed, however it is written', async () => {
  const seen: string[] = []
  await using origin = await startOrigin((request, response) => {
    seen.push(request.url ?? '')
    response.end('ok')
  })
  const config = JSON.stringify({
    _format_version: '3.0',
    services: [
      {
        name: 'app',
        url: `http://127.0.0.1:${origin.port}`,
        routes: [
          { name: 'open', paths: ['/open'], strip_path: false },
          {
            name: 'closed',
            paths: ['/closed'],
            strip_path: false,
            plugins: [{ name: 'request-termination', config: { status_code: 403 } }],
          },
        ],
      },
    ],
  })
  await using gateway = await openGateway({ config })
  for (const target of disguises) {
    seen.length = 0
    const answer = await gateway.raw(ask(target))
    assert.match(answer, /^HTTP\/1\.1 (?:200|400|403|404) /)
    for (const asked of seen) {
      assert.ok(
        !resolved(asked).startsWith('/closed'),
        `${target} was asked of the service as ${asked}`,
      )
      assert.ok(resolved(asked).startsWith('/open'), `${target} left its route: ${asked}`)
    }
  }
})

test('static files: nothing outside of the folder is served, however it is written', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keelson-traversal-'))
  try {
    await mkdir(path.join(folder, 'site/open'), { recursive: true })
    await mkdir(path.join(folder, 'closed'))
    await writeFile(path.join(folder, 'closed/secret'), 'SECRET')
    await writeFile(path.join(folder, 'site/open/page'), 'page')
    await symlink(path.join(folder, 'closed'), path.join(folder, 'site/open/out'))
    await using origin = await startOrigin((_request, response) => response.end('origin'))
    const plugins = [{ name: 'static-files', config: { root: path.join(folder, 'site') } }]
    await using gateway = await openGateway({ config: configOf(origin.port, { plugins }) })
    assert.match(await gateway.raw(ask('/open/page')), /\r\n\r\npage$/)
    const deeper = [
      '/open/out/secret',
      '/open/page/../../../closed/secret',
      '/open/page%00.html',
      '/open/%00',
    ]
    for (const target of [...disguises, ...deeper]) {
      const answer = await gateway.raw(ask(target))
      assert.ok(!answer.includes('SECRET'), target)
      assert.match(answer, /^HTTP\/1\.1 (?:301|308|400|403|404) /, target)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
