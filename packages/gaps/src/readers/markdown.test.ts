import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Claim } from '../systems/system.ts'
import { createMarkdownReader, documentLimits, isDocument } from './markdown.ts'

const claimsIn = async (text: string, file = 'README.md'): Promise<readonly Claim[]> =>
  (await createMarkdownReader().read(file, text))?.document?.claims ?? []

const say = (claim: Claim): string => {
  switch (claim.kind) {
    case 'count':
      return `${claim.scope}: ${claim.count}${claim.isAtLeast === true ? '+' : ''} ${claim.noun}`
    case 'service':
      return `service ${claim.name}`
    case 'port':
      return `port ${claim.service ?? '-'} ${claim.port}`
    case 'url':
      return `url ${claim.host}:${claim.port ?? ''}${claim.path}`
    case 'command':
      return `${claim.folder === undefined ? '?' : `/${claim.folder}`} ${claim.words.join(' ')}`
    case 'path':
      return `${claim.from ?? ''} ${claim.path}`
    case 'variable':
      return `variable ${claim.name}`
  }
}

const saidBy = async (text: string, kind: Claim['kind'], file?: string): Promise<string[]> =>
  (await claimsIn(text, file)).filter((claim) => claim.kind === kind).map(say)

describe('counts have a scope', () => {
  const table: readonly (readonly [string, ...string[]])[] = [
    ['The platform consists of 25+ microservices.', 'total: 25+ microservices'],
    ['It defines an application with three services `proxy`, `a` and `db`.', 'total: 3 services'],
    ['Listing containers should show three containers running.', 'total: 3 containers'],
    ['## 16 services', 'total: 16 services'],
    ['The stack has more than 12 services.', 'subset: 12+ services'],
    ['Decomposed into three core microservices.', 'subset: 3 microservices'],
    ['You have to start 3 microservices with it.', 'subset: 3 microservices'],
    ['Scripts of each 3 microservices.', 'subset: 3 microservices'],
    ['These two services talk.', 'subset: 2 services'],
    ['For example, all 12 services of a bank.', 'example: 12 services'],
    ['Built with .NET 8 Microservices.', 'product name: 8 microservices'],
    ['Runs with services. Version 1.5 services, 2021-05 services.'],
    ['```\nall 12 services\n```'],
  ]
  for (const [text, ...expected] of table) {
    test(text.replaceAll('\n', ' '), async () =>
      assert.deepEqual(await saidBy(text, 'count'), expected),
    )
  }
})

describe('lists of services', () => {
  test('tables with a column of services, and their ports', async () => {
    const text =
      '# A\n\n| Service | Port | What |\n|---|---|---|\n| `cart` | 7001 | x |\n| [User](user) | 7002/7003 | y |\n'
    assert.deepEqual(await saidBy(text, 'service'), ['service cart', 'service User'])
    assert.deepEqual(await saidBy(text, 'port'), [
      'port cart 7001',
      'port User 7002',
      'port User 7003',
    ])
  })

  test('lists below a heading that speaks of services, or after a sentence that does', async () => {
    const items = '- **Cart**: a\n- `user` - b\n  - inner\n- Order Service (c)\n'
    const expected = ['service Cart', 'service user', 'service Order Service']
    assert.deepEqual(await saidBy(`# A\n\n## Services\n\n${items}`, 'service'), expected)
    assert.deepEqual(
      await saidBy(`# A\n\nThe following services run:\n\n${items}`, 'service'),
      expected,
    )
  })

  test('lists of anything else are none', async () => {
    const items = '- **Cart**: a\n- `user` - b\n'
    assert.deepEqual(await saidBy(`# My Microservice Application\n\n${items}`, 'service'), [])
    assert.deepEqual(
      await saidBy(
        `# A\n\n## Architecture\n\nBuilt with these technologies:\n\n${items}`,
        'service',
      ),
      [],
    )
    assert.deepEqual(
      await saidBy('| Option | Default |\n|---|---|\n| `cart` | 1 |\n', 'service'),
      [],
    )
  })
})

describe('commands', () => {
  test('of a shell block, with the folder that cd enters', async () => {
    const text =
      '```sh\ncd api && npm run dev # now\ncd ..\nmake \\\n  test\ncd /tmp\nmake x\n```\n'
    assert.deepEqual(await saidBy(text, 'command', 'docs/a.md'), [
      ...['/docs cd api', '/docs/api npm run dev', '/docs/api cd ..', '/docs make test'],
      ...['/docs cd /tmp', '? make x'],
    ])
  })

  test('after a clone, and in the blocks after one that left, the folder is not known', async () => {
    const text =
      '## A\n\n```\ngit clone https://x.example/y\ncd y\nmake a\n```\n\n```sh\nmake b\n```\n\n## B\n\n```sh\nmake c\n```\n'
    assert.deepEqual((await saidBy(text, 'command')).slice(2), ['? make a', '? make b', '/ make c'])
  })

  test('of a transcript only what follows a prompt', async () => {
    const text = '```\n$ docker compose up -d\nCreating network\nmake x\n```\n'
    assert.deepEqual(await saidBy(text, 'command'), ['/ docker compose up -d'])
  })

  test('in a sentence; quotes are taken off, variables before it too', async () => {
    assert.deepEqual(await saidBy('Run `docker compose up`, not `hello world`.', 'command'), [
      '/ docker compose up',
    ])
    assert.deepEqual(await saidBy('```sh\nA=1 make "b c"\n```', 'command'), ['/ make b c'])
  })

  test('programs in other languages are none', async () => {
    assert.deepEqual(
      await saidBy('```js\nmake x\n```\n\n```yaml\ncommand: make x\n```', 'command'),
      [],
    )
  })
})

describe('what a document names', () => {
  test('addresses of this machine', async () => {
    assert.deepEqual(
      await saidBy(
        'Open http://localhost:8080/x. Or [it](http://y:1), `curl localhost:81`.',
        'url',
      ),
      [...['url localhost:8080/x', 'url localhost:81/']],
    )
    assert.deepEqual(
      await saidBy('See https://example.com:443 and http://prometheus:9090.', 'url'),
      [],
    )
  })

  test('links and paths in code', async () => {
    const text =
      '[a](docs/a%20b.md#x) ![i](/img.png) [w](https://x.example) [m](mailto:a@b) `deploy/x.yml` `a b/c` `/etc/x`'
    assert.deepEqual(await saidBy(text, 'path'), ['link docs/a b.md', 'code deploy/x.yml'])
  })

  test('drawings of folders', async () => {
    const text =
      '```\nshop/\n├── compose.yaml  # all\n├── api\n│   ├── main.py\n│   └── ...\n└── README.md\n```\n'
    assert.deepEqual(await saidBy(text, 'path'), [
      ...['drawing compose.yaml', 'drawing api', 'drawing api/main.py', 'drawing README.md'],
    ])
  })

  test('variables', async () => {
    const text =
      'Set `DB_HOST` or `$DB_NAME`, `API_KEY=x`.\n\n```env\nA_B=1\n# C_D=1\n```\n\n```sh\nexport E_F=1\n```'
    assert.deepEqual(await saidBy(text, 'variable'), [
      ...[
        'variable DB_HOST',
        'variable DB_NAME',
        'variable API_KEY',
        'variable A_B',
        'variable E_F',
      ],
    ])
  })
})

describe('places', () => {
  test('line and column are those of the file', async () => {
    const text =
      '# A\n\nüber **all** `x`\nand http://localhost:80, `DB_HOST`.\n\n- a\n- see [b](c.md)\n\n```sh\n$ make d\n```\n'
    const places = (await claimsIn(text)).map(
      ({ kind, line, column }) => `${kind} ${line}:${column}`,
    )
    assert.deepEqual(places, ['url 4:5', 'variable 4:27', 'path 7:8', 'command 10:3'])
  })

  test('each claim knows its headings', async () => {
    const claims = await claimsIn('# A\n\n## B\n\n`X_Y`\n\n# C\n\n`Z_Y`\n')
    assert.deepEqual(
      claims.map(({ section }) => section),
      ['A > B', 'C'],
    )
  })
})

describe('what is read', () => {
  test('READMEs anywhere, docs, and documents of the root; not what was once', () => {
    for (const file of ['README.md', 'api/readme.md', 'docs/a/b.md', 'INSTALL.md'])
      assert.ok(isDocument(file), file)
    for (const file of [
      'CHANGELOG.md',
      'api/notes.md',
      'docs/adr/1.md',
      'docs/archive/a.md',
      'a.txt',
    ]) {
      assert.ok(!isDocument(file), file)
    }
  })

  test('documents beyond the limits are told', async () => {
    const large = createMarkdownReader({ ...documentLimits, fileSizeLimitBytes: 10 })
    assert.match(
      String((await large.read('README.md', 'x'.repeat(11)))?.notes?.[0]?.why),
      /more than 10 bytes/,
    )
    const many = createMarkdownReader({ ...documentLimits, countMax: 1 })
    assert.ok((await many.read('README.md', 'x'))?.document)
    assert.match(
      String((await many.read('a/README.md', 'x'))?.notes?.[0]?.why),
      /more than 1 documents/,
    )
    assert.equal(await many.read('b/README.md', 'x'), undefined)
  })

  test('hostile text ends', async () => {
    const texts = [
      '['.repeat(50_000),
      '`'.repeat(50_000),
      '> '.repeat(20_000),
      `${'1 a '.repeat(20_000)}services`,
    ]
    for (const text of texts) assert.ok(Array.isArray(await claimsIn(text)))
  })
})
