import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readGatewayConfig } from '../../config/read.ts'
import { plugins } from '../index.ts'
import { configOf, faultsOf } from '../testing/index.ts'
import { acme } from './handler.ts'

const account = { account_email: 'ops@a.test', tos_accepted: true }

test('defaults are those of Kong', () => {
  assert.deepEqual(configOf(acme, account), {
    ...account,
    api_uri: 'https://acme-v02.api.letsencrypt.org/directory',
    ...{ account_key: null, eab_kid: null, eab_hmac_key: null, domains: null },
    ...{ cert_type: 'rsa', rsa_key_size: 4096, renew_threshold_days: 14, fail_backoff_minutes: 5 },
    ...{ allow_any_domain: false, preferred_chain: null, enable_ipv4_common_name: true },
    ...{ storage: 'shm', storage_config: null },
  })
  assert.equal(acme.priority, 1705)
})

const faulty: { config: object; says: RegExp }[] = [
  {
    config: { account_email: 'ops@a.test', domains: ['a.test'] },
    says: /terms of service must be accepted/,
  },
  { config: { ...account, eab_kid: 'k' }, says: /eab_kid: external account binding/ },
  { config: { ...account, storage: 'redis' }, says: /storage redis is not supported/ },
  { config: { ...account, allow_any_domain: true }, says: /name the domains/ },
  { config: { ...account, preferred_chain: 'X1' }, says: /preferred_chain is not supported/ },
  { config: { ...account, account_key: { key_id: 'x' } }, says: /account_key is not supported/ },
  { config: { ...account, domains: ['*.a.test'] }, says: /wildcard, which HTTP cannot prove/ },
  { config: { ...account, domains: ['192.0.2.1'] }, says: /is an address/ },
  { config: { ...account, domains: ['a b'] }, says: /is not a host name/ },
]
for (const { config, says } of faulty) {
  test(`refused: ${JSON.stringify(config)}`, () => {
    assert.match(faultsOf(acme, config)[0]?.message ?? '', says)
  })
}

test('what Kong exports is taken, and the example of the page', () => {
  const storage = { ...{ kong: {}, shm: { shm_name: 'kong' } }, redis: { host: null, port: 6379 } }
  assert.deepEqual(faultsOf(acme, { ...account, storage_config: storage }), [])
  const page = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const [, example = ''] = /```yaml\n([^]*?)```/.exec(page) ?? []
  const text = `_format_version: "3.0"\n${example}`
  assert.deepEqual(
    readGatewayConfig({ text, file: 'k.yml' }, { environment: {}, plugins }).faults,
    [],
  )
})
