import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { openGateway, type TestGateway } from '../../testing/gateway.ts'
import { configOf } from '../testing/index.ts'
import { segmentsOf } from './find-file.ts'
import { staticFiles } from './handler.ts'

const modified = new Date('2026-01-02T03:04:05Z')
const big = 'x'.repeat(300_000)

void test('files over HTTP', async (t) => {
  let folder: string
  let gateway: TestGateway
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-static-'))
    const root = join(folder, 'root')
    await mkdir(join(root, 'sub'), { recursive: true })
    await mkdir(join(root, 'empty'))
    const files = {
      'root/index.html': '<h1>home</h1>',
      'root/sub/index.html': 'sub',
      'root/a b.txt': '0123456789',
      'root/big.bin': big,
      'root/app.js': 'plain',
      'root/app.js.br': 'brotli',
      'root/app.js.gz': 'gzip',
      'root/.env': 'secret',
      'root/empty.txt': '',
      'outside.txt': 'secret',
    }
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(folder, name), text)
      await utimes(join(folder, name), modified, modified)
    }
    await symlink(join(folder, 'outside.txt'), join(root, 'leak.txt'))
    await symlink(folder, join(root, 'up'))
    await symlink(join(root, 'a b.txt'), join(root, 'inside.txt'))
    gateway = await openGateway({
      config: JSON.stringify({
        _format_version: '3.0',
        routes: ['site', 'app'].map((name) => ({
          name,
          paths: [`/${name}`],
          plugins: [
            {
              name: 'static-files',
              config: {
                root,
                cache_control: 'max-age=5',
                ...(name === 'app' ? { fallback: 'index.html' } : {}),
              },
            },
          ],
        })),
      }),
    })
  })
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  await t.test('what is there and what is not', async () => {
    const cases: [path: string, status: number, body: string | null][] = [
      ['/site/', 200, '<h1>home</h1>'],
      ['/site/index.html', 200, '<h1>home</h1>'],
      ['/site/a%20b.txt', 200, '0123456789'],
      ['/site/sub/', 200, 'sub'],
      ['/site/inside.txt', 200, '0123456789'],
      ['/site/empty.txt', 200, ''],
      ['/site/big.bin', 200, big],
      ['/site/empty/', 404, null],
      ['/site/empty', 404, null],
      ['/site/none', 404, null],
      ['/site/a%20b.txt/', 404, null],
      ['/app/some/page', 200, '<h1>home</h1>'],
    ]
    for (const [path, status, body] of cases) {
      const answer = await gateway.fetch(path)
      const text = await answer.text()
      assert.equal(answer.status, status, path)
      if (body !== null) assert.equal(text, body, path)
    }
  })

  await t.test('nothing leads out of the folder, and hidden files stay hidden', async () => {
    const paths = [
      ...['/site/.env', '/site/%2eenv', '/site/leak.txt', '/site/up/outside.txt', '/site/up/'],
      ...['/site/../outside.txt', '/site/..%2foutside.txt', '/site/%2e%2e/outside.txt'],
      ...[
        '/site/sub/..%2f..%2foutside.txt',
        '/site/..%5coutside.txt',
        '/site/%00',
        '/site/a%00.txt',
      ],
      ...['/site/%c0%ae%c0%ae/outside.txt', '/site/....//outside.txt', '/site//etc/passwd'],
      `/site/${'a'.repeat(300)}`,
    ]
    for (const path of paths) {
      const answer = await gateway.raw(
        `GET ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n`,
      )
      assert.match(answer, /^HTTP\/1\.1 40[04] /, path)
      assert.doesNotMatch(answer, /secret/, path)
    }
  })

  await t.test('head, type and validators', async () => {
    const answer = await gateway.fetch('/site/app.js', { method: 'HEAD' })
    assert.equal(answer.headers.get('content-type'), 'text/javascript; charset=utf-8')
    assert.equal(answer.headers.get('last-modified'), modified.toUTCString())
    assert.equal(answer.headers.get('cache-control'), 'max-age=5')
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(await answer.text(), '')
    assert.equal((await gateway.fetch('/site/app.js', { method: 'POST' })).status, 405)
  })

  await t.test('conditions and ranges', async () => {
    const whole = await gateway.fetch('/site/a%20b.txt')
    const etag = whole.headers.get('etag') ?? ''
    await whole.text()
    const later = new Date(modified.getTime() + 1000).toUTCString()
    const cases: [headers: Record<string, string>, status: number, body: string][] = [
      [{ 'if-none-match': etag }, 304, ''],
      [{ 'if-none-match': `"x", W/${etag}` }, 304, ''],
      [{ 'if-none-match': '"x"' }, 200, '0123456789'],
      [{ 'if-modified-since': modified.toUTCString() }, 304, ''],
      [{ 'if-modified-since': later, 'if-none-match': '"x"' }, 200, '0123456789'],
      [{ 'if-modified-since': 'rubbish' }, 200, '0123456789'],
      [{ range: 'bytes=2-4' }, 206, '234'],
      [{ range: 'bytes=7-' }, 206, '789'],
      [{ range: 'bytes=-2' }, 206, '89'],
      [{ range: 'bytes=5-99' }, 206, '56789'],
      [{ range: 'bytes=10-' }, 416, ''],
      [{ range: 'bytes=-0' }, 416, ''],
      [{ range: 'bytes=4-2' }, 200, '0123456789'],
      [{ range: 'bytes=0-1,3-4' }, 200, '0123456789'],
      [{ range: 'bytes=-' }, 200, '0123456789'],
      [{ range: 'bytes=2-4', 'if-range': etag }, 206, '234'],
      [{ range: 'bytes=2-4', 'if-range': '"x"' }, 200, '0123456789'],
      [{ range: 'bytes=2-4', 'if-range': `W/${etag}` }, 200, '0123456789'],
      [{ range: 'bytes=2-4', 'if-range': modified.toUTCString() }, 206, '234'],
    ]
    for (const [headers, status, body] of cases) {
      const answer = await gateway.fetch('/site/a%20b.txt', { headers })
      assert.equal(answer.status, status, JSON.stringify(headers))
      assert.equal(await answer.text(), body, JSON.stringify(headers))
    }
    const part = await gateway.fetch('/site/a%20b.txt', { headers: { range: 'bytes=2-4' } })
    assert.equal(part.headers.get('content-range'), 'bytes 2-4/10')
    await part.text()
  })

  await t.test('compressed neighbours', async () => {
    const ask = (accept: string) =>
      gateway.raw(
        `GET /site/app.js HTTP/1.1\r\nHost: a.test\r\nAccept-Encoding: ${accept}\r\nConnection: close\r\n\r\n`,
      )
    const cases: [accept: string, encoding: string | null, body: string][] = [
      ['gzip, br, zstd', 'br', 'brotli'],
      ['gzip', 'gzip', 'gzip'],
      ['zstd', null, 'plain'],
      ['identity', null, 'plain'],
    ]
    for (const [accept, encoding, body] of cases) {
      const answer = await ask(accept)
      assert.ok(answer.endsWith(`\r\n\r\n${body}`), `${accept}: ${answer}`)
      assert.equal(/content-encoding: (\w+)/i.exec(answer)?.[1] ?? null, encoding)
      assert.match(answer, /vary: accept-encoding/i)
    }
  })

  await t.test('a folder without its slash', async () => {
    const answer = await gateway.fetch('/site/sub?q=1')
    assert.equal(answer.status, 301)
    assert.equal(answer.headers.get('location'), '/site/sub/?q=1')
  })
})

test('defaults', () => {
  const { root, ...rest } = configOf(staticFiles, { root: '/srv' })
  assert.equal(root, '/srv')
  assert.deepEqual(rest, { index: ['index.html'], precompressed: true })
  assert.throws(() => configOf(staticFiles, { root: 'relative' }))
})

test('no path has a segment that is hidden, leads up or holds a separator', () => {
  const piece = fc.constantFrom('..', '.', '%2e', '%2f', '%5c', '/', '\\', 'a', '%00', '%', '..%2f')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      for (const segment of segmentsOf(`/${pieces.join('')}`) ?? []) {
        assert.ok(!segment.startsWith('.') && !/[/\\\0]/.test(segment), segment)
      }
    }),
  )
})
