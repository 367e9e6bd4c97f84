import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { applyEdit } from './apply-edit.ts'
import { EditRefused, type Edit } from './edit.ts'

type Case = [name: string, edit: Edit, before: string, after: string | RegExp]

const file = 'compose.yaml'
const check: Edit = {
  ...{ kind: 'set', file, keys: ['services', 'db', 'healthcheck'] },
  value: { test: ['CMD', 'pg_isready'], retries: 5 },
}
const restart: Edit = {
  ...{ kind: 'set', file, keys: ['services', 'db', 'restart'], value: 'always' },
}
const limit: Edit = {
  ...{ kind: 'set', file, keys: ['services', 'db', 'deploy', 'resources', 'limits', 'memory'] },
  value: '1G',
}
const grace: Edit = {
  ...{ kind: 'set', file, keys: ['services', 'db', 'stop_grace_period'], value: '1m' },
}
const wait = (...targets: string[]): Edit => ({ kind: 'wait', file, service: 'api', targets })
const port: Edit = { kind: 'loopback', file, line: 4, column: 9, service: 'db' }
const job: Edit = {
  ...{ kind: 'add', file, keys: ['scrape_configs'] },
  value: { job_name: 'api', static_configs: [{ targets: ['api:80'] }] },
}
const noBack: Edit = { kind: 'remove', file, keys: ['networks', 'back'] }

const cases: Case[] = [
  [
    'after the last value, before the blank line, with the comment of the line before it',
    restart,
    'services:\n  db:\n    image: postgres # 17\n\n  # the web\n  web: { image: x }\n',
    'services:\n  db:\n    image: postgres # 17\n    restart: always\n\n  # the web\n  web: { image: x }\n',
  ],
  [
    'after items that are switched off',
    restart,
    'services:\n  db:\n    ports:\n      - "1"\n      # - "2"\n    # user: x\n  # web: {}\n',
    'services:\n  db:\n    ports:\n      - "1"\n      # - "2"\n    # user: x\n    restart: always\n  # web: {}\n',
  ],
  [
    'four blanks, CRLF, no end of the last line, single quotes',
    check,
    "services:\r\n    db:\r\n        image: 'postgres'",
    "services:\r\n    db:\r\n        image: 'postgres'\r\n        healthcheck:\r\n            test: ['CMD', 'pg_isready']\r\n            retries: 5",
  ],
  [
    'within a flow mapping, also over several lines with a comma at the end',
    restart,
    'services:\n  db: {\n    image: x, # one\n  }\n',
    'services:\n  db: {\n    image: x, restart: always, # one\n  }\n',
  ],
  [
    'JSON stays JSON',
    check,
    '{"services": {"db": {"image": "x"}}}\n',
    '{"services": {"db": {"image": "x", "healthcheck": { "test": ["CMD", "pg_isready"], "retries": 5 }}}}\n',
  ],
  [
    'behind a block of text, before its blank lines',
    restart,
    'services:\n  db:\n    command: |\n      a\n\n      b\n\n\n  web: {}\n',
    'services:\n  db:\n    command: |\n      a\n\n      b\n    restart: always\n\n\n  web: {}\n',
  ],
  [
    'into what is there of the way',
    limit,
    'services:\n  db:\n    deploy:\n      replicas: 2\n    image: x\n',
    'services:\n  db:\n    deploy:\n      replicas: 2\n      resources:\n        limits:\n          memory: 1G\n    image: x\n',
  ],
  [
    'beside a merge that does not bring the key',
    restart,
    'x-a: &a\n  user: u\nservices:\n  db:\n    <<: *a\n    image: ünïcode # 🚢\n',
    'x-a: &a\n  user: u\nservices:\n  db:\n    <<: *a\n    image: ünïcode # 🚢\n    restart: always\n',
  ],
  [
    'a value in its quotes',
    grace,
    "services:\n  db:\n    stop_grace_period: '1s' # soon\n",
    "services:\n  db:\n    stop_grace_period: '1m' # soon\n",
  ],
  [
    'what is there already',
    restart,
    'services: { db: { restart: always } }\n',
    'services: { db: { restart: always } }\n',
  ],
  [
    'the name stands first, below the head',
    { kind: 'set', file, keys: ['name'], value: 'shop' },
    '# licence\n---\nservices:\n  db: { image: x }\n',
    '# licence\n---\nname: shop\nservices:\n  db: { image: x }\n',
  ],
  ['tabs', restart, 'services:\n\tdb:\n\t\timage: x\n', /Tabs are not allowed/],
  ['an alias', restart, 'x: &a { image: x }\nservices:\n  db: *a\n', /what \*a stands for/],
  [
    'an anchor that is taken',
    restart,
    'services:\n  db: &a\n    image: x\n  b: *a\n',
    /shared .* as &a/,
  ],
  [
    'a key from a merge',
    restart,
    'x: &a\n  restart: "no"\nservices:\n  db:\n    <<: *a\n',
    /comes from </,
  ],
  [
    'a service that is not in the file',
    restart,
    'services:\n  web: { image: x }\n',
    /no services\.db/,
  ],
  ['another value', restart, 'services:\n  db:\n    restart: { a: b }\n', /written already/],
  ['a variable', restart, 'services:\n  db:\n    restart: ${R}\n', /has a variable/],
  ['several documents', restart, 'services: {}\n---\nservices: {}\n', /several YAML documents/],
  ['a key twice', restart, 'services:\n  db: { image: x }\n  db: { image: y }\n', /written twice/],
  [
    'a list of waits: comments, quotes and order stay',
    wait('db'),
    'services:\n  api:\n    depends_on:\n      # first\n      - "db"  # why\n      - cache\n    image: x',
    'services:\n  api:\n    depends_on:\n      # first\n      "db":  # why\n        condition: service_healthy\n      cache:\n        condition: service_started\n    image: x',
  ],
  [
    'a list at the level of its key, with CRLF',
    wait('db'),
    'services:\r\n  api:\r\n    depends_on:\r\n    - db\r\n',
    'services:\r\n  api:\r\n    depends_on:\r\n      db:\r\n        condition: service_healthy\r\n',
  ],
  [
    'a short list within a line',
    wait('db'),
    'services:\n  api:\n    depends_on: [db, "b"] # both\n',
    'services:\n  api:\n    depends_on: { db: { condition: service_healthy }, "b": { condition: service_started } } # both\n',
  ],
  [
    'a long list within a line',
    wait('a-service-with-a-long-name'),
    'services:\n  api:\n    depends_on: [a-service-with-a-long-name, and-one-more-of-them]\n',
    'services:\n  api:\n    depends_on:\n      a-service-with-a-long-name:\n        condition: service_healthy\n      and-one-more-of-them:\n        condition: service_started\n',
  ],
  [
    'the long form',
    wait('db'),
    'services:\n  api:\n    depends_on:\n      db: { condition: service_started, restart: true }\n',
    'services:\n  api:\n    depends_on:\n      db: { condition: service_healthy, restart: true }\n',
  ],
  [
    'a wait that is elsewhere',
    wait('db'),
    'services:\n  api:\n    depends_on: [cache]\n',
    /db is not in depends_on here/,
  ],
  [
    'a list that others take',
    wait('db'),
    'x: &d [db]\nservices:\n  api:\n    depends_on: *d\n',
    /what \*d stands for/,
  ],
  [
    'a port',
    port,
    'services:\n  db:\n    ports:\n      - "5432:5432" # psql\n',
    'services:\n  db:\n    ports:\n      - "127.0.0.1:5432:5432" # psql\n',
  ],
  [
    'a port without quotes, on all addresses',
    port,
    'services:\n  db:\n    ports:\n      - 0.0.0.0:${P:-1}:5432/tcp\n',
    'services:\n  db:\n    ports:\n      - 127.0.0.1:${P:-1}:5432/tcp\n',
  ],
  [
    'a free port',
    port,
    'services:\n  db:\n    ports:\n      - "5432"\n',
    'services:\n  db:\n    ports:\n      - "127.0.0.1::5432"\n',
  ],
  [
    'a port in long form',
    port,
    'services:\n  db:\n    ports:\n      - target: 1\n        published: "1"\n',
    'services:\n  db:\n    ports:\n      - target: 1\n        published: "1"\n        host_ip: "127.0.0.1"\n',
  ],
  [
    'a port that is a variable',
    port,
    'services:\n  db:\n    ports:\n      - "${PORTS}"\n',
    /is a variable/,
  ],
  [
    'a port that has moved',
    port,
    'services:\n  db:\n    image: x\n    ports: ["1"]\n',
    /holds no port|nothing begins/,
  ],
  [
    'a scrape job, as the others are written',
    job,
    'scrape_configs:\n- job_name: a # one\n  static_configs:\n  - targets: ["a:1"]\n# end\nother: 1\n',
    'scrape_configs:\n- job_name: a # one\n  static_configs:\n  - targets: ["a:1"]\n# end\n- job_name: api\n  static_configs:\n  - targets: ["api:80"]\nother: 1\n',
  ],
  ['no list of jobs', job, 'scrape_configs: x\n', /is no list/],
  ['a network', noBack, 'networks:\n  back: {}\n  front: {}\n', 'networks:\n  front: {}\n'],
  ['the last network', noBack, 'a: 1\n\nnetworks:\n  back:\n\nb: 2\n', 'a: 1\n\nb: 2\n'],
  [
    'a network with a comment',
    noBack,
    'networks:\n  # ours\n  back: {}\n  front: {}\n',
    /a comment stands with/,
  ],
  ['a network within a line', noBack, 'networks: { back: {}, front: {} }\n', /within a line/],
  [
    'an anchor in a network',
    noBack,
    'networks:\n  back: &n { driver: bridge }\n  front: *n\n',
    /shared .* as &n/,
  ],
  [
    'a variable, after a line without an end',
    { kind: 'variable', file: '.env.example', name: 'KEY' },
    'A=1\r\nB=2',
    'A=1\r\nB=2\r\nKEY=',
  ],
  [
    'a variable that is there',
    { kind: 'variable', file, name: 'KEY' },
    'export KEY = x\n',
    'export KEY = x\n',
  ],
  [
    'a comment of its own line',
    { kind: 'uncomment', file, line: 2 },
    'a: 1\n  # keelson-ignore health: x\nb: 2\n',
    'a: 1\nb: 2\n',
  ],
  [
    'a comment behind a value',
    { kind: 'uncomment', file, line: 1 },
    'a: 1  # keelson-ignore health: x\r\nb: 2\r\n',
    'a: 1\r\nb: 2\r\n',
  ],
  [
    'a comment in Markdown',
    { kind: 'uncomment', file, line: 1 },
    'Text <!-- keelson-ignore claims: x --> more\n',
    'Text  more\n',
  ],
  [
    'the last line without an end',
    { kind: 'uncomment', file, line: 2 },
    'a: 1\n# keelson-ignore health: x',
    'a: 1',
  ],
  [
    'a reason that goes on',
    { kind: 'uncomment', file, line: 1 },
    '# keelson-ignore health: x\n# and y\na: 1\n',
    /may be the rest/,
  ],
  [
    'a file below its comments',
    { kind: 'create', file, text: 'FROM x\n' },
    '# later\n',
    '# later\n\nFROM x\n',
  ],
  ['a file that is there', { kind: 'create', file, text: 'FROM x\n' }, 'FROM y\n', /is not empty/],
]

describe('an edit', () => {
  for (const [name, edit, before, after] of cases) {
    if (after instanceof RegExp) {
      test(`is refused: ${name}`, () => {
        assert.throws(
          () => applyEdit(before, edit),
          (error) => error instanceof EditRefused && after.test(error.message),
        )
      })
      continue
    }
    test(`${edit.kind}: ${name}`, () => {
      assert.equal(applyEdit(before, edit), after)
    })
    // A place is one of the text before; a file is made once.
    if ('line' in edit || edit.kind === 'create') continue
    test(`made twice changes nothing: ${name}`, () => {
      assert.equal(applyEdit(after, edit), after)
    })
  }

  test('a file that is not there is made, and nothing else is done to it', () => {
    assert.equal(applyEdit(undefined, { kind: 'create', file, text: 'x\n' }), 'x\n')
    assert.throws(() => applyEdit(undefined, restart), EditRefused)
  })
})
