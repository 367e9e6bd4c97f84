import { Type } from 'typebox'
import { config, flag, nullable, oneOf } from '../access-fields.ts'

const storages = ['kong', 'shm', 'redis', 'consul', 'vault'] as const

export const acmeSchema = config({
  account_email: Type.String({
    pattern: '@',
    description: 'Where the certificate authority writes to.',
  }),
  account_key: nullable(Type.Unknown(), 'Refused: the key of the account is made, and kept.'),
  api_uri: Type.String({
    pattern: '^https?://',
    default: 'https://acme-v02.api.letsencrypt.org/directory',
    description: 'Directory of the ACME server; http only on this machine.',
  }),
  tos_accepted: flag('Whether you agree to the terms of the certificate authority.'),
  eab_kid: nullable(Type.String(), 'Refused: external account binding.'),
  eab_hmac_key: nullable(Type.String(), 'Refused: external account binding.'),
  cert_type: oneOf(['rsa', 'ecc'], { default: 'rsa', description: 'Kind of key.' }),
  rsa_key_size: Type.Unsafe<2048 | 3072 | 4096>(
    Type.Enum([2048, 3072, 4096], { default: 4096, description: 'Bits of RSA keys.' }),
  ),
  renew_threshold_days: Type.Number({
    minimum: 0,
    default: 14,
    description:
      'Days before its end at which a certificate is renewed; a third of its life is the least.',
  }),
  domains: nullable(
    Type.Array(Type.String({ minLength: 1 })),
    'Names that get a certificate, each one of its own.',
  ),
  allow_any_domain: flag('Refused: anybody could have certificates ordered for any name.'),
  fail_backoff_minutes: Type.Number({
    minimum: 1,
    default: 5,
    description: 'Minutes after a failure until the next try; they double with each.',
  }),
  storage: oneOf(storages, {
    default: 'shm',
    description:
      'Certificates are kept in the database, or in the data folder of `gateway serve`: `kong` and `shm` mean that, the others are refused.',
  }),
  storage_config: nullable(Type.Unknown(), 'Not used: there is nothing to be configured.'),
  preferred_chain: nullable(Type.String(), 'Refused: the first chain is taken.'),
  enable_ipv4_common_name: flag('Not used: addresses get no certificates.', true),
})
