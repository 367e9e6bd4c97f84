import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAuditSinks } from './env-audit.ts'
import { AppError } from './errors.ts'

const secretFile = '/keys/webhook'

const syslogs: [string, object][] = [
  ['udp://192.0.2.1', { protocol: 'udp', host: '192.0.2.1', port: 514 }],
  ['tcp://logs.example.com:601', { protocol: 'tcp', host: 'logs.example.com', port: 601 }],
  ['tls://logs.example.com/', { protocol: 'tls', host: 'logs.example.com', port: 6514 }],
  ['tls://[2001:db8::1]:443', { protocol: 'tls', host: '2001:db8::1', port: 443 }],
]
for (const [given, target] of syslogs) {
  test(`the audit is delivered to ${given}`, () => {
    assert.deepEqual(parseAuditSinks({ KEELSON_AUDIT_SYSLOG: given }).syslog, target)
  })
}

for (const url of [
  'https://logs.example.com/in/s3cret',
  'http://127.0.0.1:8088/',
  'http://[::1]/',
]) {
  test(`the audit is delivered to the webhook ${url}`, () => {
    const { webhook } = parseAuditSinks({
      KEELSON_AUDIT_WEBHOOK: url,
      KEELSON_AUDIT_WEBHOOK_SECRET_FILE: secretFile,
    })
    assert.equal(webhook?.url.reveal(), url)
    assert.deepEqual([webhook.origin, webhook.secretFile], [new URL(url).origin, secretFile])
    assert.doesNotMatch(JSON.stringify(webhook), /s3cret/)
  })
}

test('without a variable, and with empty ones, it is delivered nowhere', () => {
  const nowhere = { syslog: undefined, webhook: undefined }
  assert.deepEqual(parseAuditSinks({}), nowhere)
  assert.deepEqual(
    parseAuditSinks({ KEELSON_AUDIT_SYSLOG: '', KEELSON_AUDIT_WEBHOOK: '' }),
    nowhere,
  )
})

const refused: Record<string, string>[] = [
  ...[
    'logs.example.com',
    'http://logs.example.com',
    'tcp://',
    'tcp://a:b@logs',
    'udp://logs/x',
  ].map((given) => ({ KEELSON_AUDIT_SYSLOG: given })),
  { KEELSON_AUDIT_SYSLOG: 'tls://logs:65536' },
  ...[
    'http://logs.example.com/s3cret',
    'https://ana:s3cret@logs',
    's3cret',
    'ftp://logs/s3cret',
  ].map((url) => ({ KEELSON_AUDIT_WEBHOOK: url, KEELSON_AUDIT_WEBHOOK_SECRET_FILE: secretFile })),
  { KEELSON_AUDIT_WEBHOOK: 'https://logs/s3cret' },
  { KEELSON_AUDIT_WEBHOOK_SECRET_FILE: secretFile },
  { KEELSON_AUDIT_WEBHOOK: 'https://logs/', KEELSON_AUDIT_WEBHOOK_SECRET_FILE: 'webhook' },
]
for (const raw of refused) {
  test(`refused, and without what may be secret: ${JSON.stringify(raw)}`, () => {
    assert.throws(
      () => parseAuditSinks(raw),
      (error: unknown) =>
        error instanceof AppError && error.code === 'env_invalid' && !/s3cret/.test(error.message),
    )
  })
}
