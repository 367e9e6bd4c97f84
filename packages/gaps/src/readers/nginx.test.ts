import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseNginx } from './nginx-grammar.ts'
import { readNginx } from './nginx.ts'

const shape = (text: string) => {
  const plain = (directives: ReturnType<typeof parseNginx>): unknown =>
    directives.map(({ name, words, block }) => [name, ...words, ...(block ? [plain(block)] : [])])
  return plain(parseNginx('nginx.conf', text))
}

const read = (text: string, environment: Record<string, string> = {}) => {
  const { routes = [], listens = [] } = readNginx('nginx.conf', text, (name) => environment[name])
  return {
    listens: listens.map(({ port }) => port),
    routes: routes.map(({ paths, hosts, ports, upstreams, line, column }) => ({
      ...{ paths, hosts, ports, at: `${line}:${column}` },
      to: upstreams.map(({ scheme, host, port, path }) => [scheme, host, port, path]),
    })),
  }
}

describe('the grammar', () => {
  test('words, quotes, comments, nested blocks', () => {
    assert.deepEqual(
      shape(`a 'b ; c' "d { e" f\\;g; # no { block
http { server { listen 80; } }`),
      [
        ['a', 'b ; c', 'd { e', 'f\\;g'],
        ['http', [['server', [['listen', '80']]]]],
      ],
    )
  })

  test('a variable in braces opens no block, a hash inside a word is no comment', () => {
    assert.deepEqual(shape('proxy_pass http://${HOST}:${PORT}/#top;'), [
      ['proxy_pass', 'http://${HOST}:${PORT}/#top'],
    ])
  })

  test('the pairs of a map and the code of Lua are no directives', () => {
    assert.deepEqual(
      shape('map $uri $x { default 1; ~^/a 2; } content_by_lua_block { if x { y(); } } b;'),
      [['map', '$uri', '$x', []], ['content_by_lua_block', []], ['b']],
    )
  })

  test('a text that breaks off gives what was read', () => {
    assert.deepEqual(shape('http { server { listen 80; location / { proxy_pass "http://a'), [
      [
        'http',
        [
          [
            'server',
            [
              ['listen', '80'],
              ['location', '/', []],
            ],
          ],
        ],
      ],
    ])
    assert.deepEqual(shape('} } a; {'), [['a']])
  })

  test('a file made to be slow is read in one pass', () => {
    const started = performance.now()
    for (const text of [
      '{'.repeat(400_000),
      'a{'.repeat(200_000),
      '"'.repeat(400_000),
      'a;'.repeat(200_000),
      '\n'.repeat(400_000),
    ]) {
      parseNginx('nginx.conf', text)
    }
    // Two million characters; a reading of quadratic cost would take hours.
    assert.ok(performance.now() - started < 60_000)
  })
})

describe('routes', () => {
  test('an upstream stands for its servers, with their places', () => {
    const { routes, listens } = read(`upstream api {
  server one:8000 max_fails=0;
  server two;
  server unix:/run/api.sock;
  keepalive 8;
}
server {
  listen [::]:8080 default_server;
  server_name shop.example.com www.shop.example.com;
  location ^~ /api/ { proxy_pass https://api/v1/; }
}`)
    assert.deepEqual(listens, [8080])
    assert.deepEqual(routes, [
      {
        paths: ['^~ /api/'],
        hosts: ['shop.example.com', 'www.shop.example.com'],
        ports: [8080],
        at: '10:23',
        to: [
          ['https', 'one', 8000, '/v1/'],
          ['https', 'two', 443, '/v1/'],
        ],
      },
    ])
  })

  test('templates are filled in with what is known, the rest is unknown', () => {
    const text = `server {
  listen \${PORT};
  location / { proxy_pass http://\${API_HOST}:\${API_PORT}/; }
  location /b { proxy_pass http://$backend; }
  location /c { grpc_pass grpc://\${NOT_SET}:50051; }
}`
    const known = read(text, { PORT: '80', API_HOST: 'api', API_PORT: '3000' })
    assert.deepEqual(known.listens, [80])
    assert.deepEqual(
      known.routes.map(({ to }) => to[0]),
      [
        ['http', 'api', 3000, '/'],
        ['http', undefined, undefined, undefined],
        ['grpc', undefined, 50_051, undefined],
      ],
    )
    assert.deepEqual(read(text).listens, [undefined])
  })

  test('streams have no paths, and may be UDP', () => {
    const { routes = [], listens = [] } = readNginx(
      'nginx.conf',
      'stream { server { listen 53 udp; proxy_pass dns:53; } }',
      () => undefined,
    )
    assert.deepEqual(
      listens.map(({ port, protocol }) => [port, protocol]),
      [[53, 'udp']],
    )
    assert.deepEqual(
      routes.map(({ paths, upstreams }) => [paths, upstreams[0]?.host, upstreams[0]?.port]),
      [[[], 'dns', 53]],
    )
  })
})
