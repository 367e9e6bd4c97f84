import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unifiedDiff } from '../fix/changes.ts'
import { createRepository } from '../testing/repository.ts'
import { walkTree } from '../tree/walk.ts'
import { readExcerpts } from './excerpts.ts'
import { coverLine, hiddenLines } from './hidden-lines.ts'
import { maskSecrets } from './mask.ts'

const shownAs: [line: string, shown: string][] = [
  ['image: x:${POSTGRES_PASSWORD:-hunter6default}/y', 'image: x:${POSTGRES_PASSWORD:-…}/y'],
  ['  PASSWORD: ${DB_WORD:-a}${OTHER:-b}', '  PASSWORD: …'],
  ['  PASSWORD: ${DB_WORD:-${OTHER:-hunter22}}', '  PASSWORD: ${DB_WORD:-…}'],
  ['  PASSWORD: $2b$10$abcdefgh', '  PASSWORD: …'],
  ['command: server --password hunter22 --port 80', 'command: server --password … --port 80'],
  ['command: server --password=hunter22 --port 80', 'command: server --password=…'],
  ['command: vpn --user-pass hunter22', 'command: vpn --user-pass …'],
  ['test: redis-cli -h db -a hunter22 ping', 'test: redis-cli -h db -a … ping'],
  [
    'test: ["CMD", "redis-cli", "-a", "hunter22", "ping"]',
    'test: ["CMD", "redis-cli", "-a", …, "ping"]',
  ],
  [
    'command: ["redis-server", "--requirepass","hunter22"]',
    'command: ["redis-server", "--requirepass",…]',
  ],
  [
    'command: redis-server --requirepass ${REDIS_PASSWORD}',
    'command: redis-server --requirepass ${REDIS_PASSWORD}',
  ],
  ['test: mysqladmin ping -uroot -phunter22', 'test: mysqladmin ping -uroot -p…'],
  ['test: curl -u admin:hunter22 http://x', 'test: curl -u … http://x'],
  ["PASSWORD: 'it''s rest'", 'PASSWORD: …'],
  ['PASSWORD: "ab\\"rest" # note', 'PASSWORD: … # note'],
  ['PASSWORD="ab"rest', 'PASSWORD=…'],
  ['PASSWORD: x,rest', 'PASSWORD: …'],
  ['PASSWORD: two words', 'PASSWORD: …'],
  ['{"password": "hunter22", "user": "x"}', '{"password": …, "user": "x"}'],
  ['DB_PASSWORD: /hunter22', 'DB_PASSWORD: …'],
  ['DB_PASSWORD_FILE: hunter22', 'DB_PASSWORD_FILE: …'],
  ['SECRET_PATH=./keys/a', 'SECRET_PATH=./keys/a'],
  ['PW: hunter22', 'PW: …'],
  ['MYSQL_PWD: hunter22', 'MYSQL_PWD: …'],
  ['SIGNING: hunter22', 'SIGNING: …'],
  ['COOKIE_SIGNING_SALT=hunter22', 'COOKIE_SIGNING_SALT=…'],
  ['ENV DB_PASSWORD hunter22', 'ENV DB_PASSWORD …'],
  ['requirepass hunter22', 'requirepass …'],
  ['stripe: sk-live-abcdefghijkl', 'stripe: …'],
  ['stripe: sk_test_abcdefghijkl', 'stripe: …'],
  ['url: postgres://app:hun/ter@22@db:5432/app', 'url: postgres://app:…@db:5432/app'],
  ['url: postgres://app:${DB_PASSWORD}@db/app', 'url: postgres://app:${DB_PASSWORD}@db/app'],
  ['url: postgres://app:${DB_PASSWORD:-hunter22}@db/app', 'url: postgres://app:…@db/app'],
  ['url: https://0123456789abcdef0123@sentry.example.com/1', 'url: https://…@sentry.example.com/1'],
  ['key: -----BEGIN PRIVATE KEY-----\\nMIIEvg\\n', 'key: -----BEGIN PRIVATE KEY-----…'],
  ['API_KEY: >-', 'API_KEY: >-'],
  ['url: postgres://${DB_USER:-app}@db:5432/app', 'url: postgres://${DB_USER:-app}@db:5432/app'],
  ['url: postgres://${DB_USER:-app}:hunter22@db/app', 'url: postgres://${DB_USER:-app}:…@db/app'],
  ['DB_PASSWORD_FILE: secrets/db', 'DB_PASSWORD_FILE: secrets/db'],
  ['secrets: [db, api]', 'secrets: [db, api]'],
  ['credentials: { user: app, password: hunter22 }', 'credentials: { user: app, password: …'],
  [
    'command: server --password-file /run/secrets/x',
    'command: server --password-file /run/secrets/x',
  ],
]

for (const [line, shown] of shownAs) {
  test(`shown as ${shown}`, () => {
    assert.equal(maskSecrets(line), shown)
  })
}

const texts: [name: string, text: string, shown: string][] = [
  ['a folded block', 'API_KEY: >-\n  hunter\n\n  22\nNEXT: a', 'API_KEY: >-\n  …\n\n  …\nNEXT: a'],
  [
    'a literal block in a list',
    '- API_KEY: |\n    hunter\n  NEXT: a',
    '- API_KEY: |\n    …\n  NEXT: a',
  ],
  ['the value on the next line', 'PASSWORD:\n  hunter22\nNEXT: a', 'PASSWORD:\n  …\nNEXT: a'],
  ['a plain value that goes on', 'PASSWORD: a\n  hunter22\nNEXT: a', 'PASSWORD: …\n  …\nNEXT: a'],
  [
    'a quoted value that goes on',
    'PASSWORD="a\nhunter: 22\nb"\nNEXT=a',
    'PASSWORD=…\n…\n…\nNEXT=a',
  ],
  [
    'names below are judged',
    'secrets:\n  db_password:\n    file: ./x',
    'secrets:\n  db_password:\n    file: ./x',
  ],
  ['an option and the next item', '- --requirepass\n- hunter22\n- a', '- --requirepass\n- …\n- a'],
  [
    'a name and its value',
    '- name: DB_PASSWORD\n  value: hunter22\n- a',
    '- name: DB_PASSWORD\n  …\n- a',
  ],
  [
    'a PEM block',
    '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nNEXT',
    '-----BEGIN RSA PRIVATE KEY-----\n…\n…\nNEXT',
  ],
]

const shownText = (text: string): string => {
  const lines = text.split('\n')
  const hidden = hiddenLines(lines)
  return lines
    .map((line, at) => (hidden.has(at + 1) ? coverLine(line) : maskSecrets(line)))
    .join('\n')
}

for (const [name, text, shown] of texts) {
  test(`over several lines: ${name}`, () => {
    assert.equal(shownText(text), shown)
  })
}

test('a secret that is never closed does not hide the rest of a long file', () => {
  const lines = ['-----BEGIN PRIVATE KEY-----', ...Array.from({ length: 2000 }, () => 'a')]
  assert.ok(hiddenLines(lines).size < 600)
})

const secretFile = 'x:\n  API_KEY: >-\n    hunter\n    22\n  NEXT: a\n'

test('excerpts and diffs that begin within a secret do not show it', async () => {
  await using repository = await createRepository({ 'compose.yaml': secretFile })
  const tree = await walkTree(repository.root)
  const fact = { file: 'compose.yaml', line: 4, column: 5, fact: 'x' }
  const finding = { evidence: [fact] } as never
  const shown = (await readExcerpts(tree, [finding]))(fact).map(({ text }) => text)
  assert.deepEqual(shown, ['    …', '    …', '  NEXT: a'])
  const diff = unifiedDiff(
    'compose.yaml',
    secretFile,
    `${secretFile.replace('22', '33')}  MORE: b\n`,
  )
  assert.doesNotMatch(diff, /hunter|22|33/)
  assert.match(diff, /^\+ {2}MORE: b$/m)
})
