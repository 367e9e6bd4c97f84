import { Type } from 'typebox'
import { anonymous, config, flag, list, nullable, oneOf } from '../access-fields.ts'

export const certificateNames = [
  ...(['fingerprint', 'subject_dn', 'subject_cn', 'san_dns', 'san_email', 'san_uri'] as const),
] as const

export const mtlsAuthSchema = config({
  anonymous,
  skip_consumer_lookup: flag('Takes every trusted certificate, without a consumer.'),
  match: list(
    oneOf(certificateNames),
    ['san_dns', 'san_email', 'san_uri', 'subject_cn'],
    'Names of a certificate, in the order in which a consumer is looked for by them.',
  ),
  consumer_by: list(
    oneOf(['username', 'custom_id', 'id']),
    ['username', 'custom_id'],
    'Fields of consumers that are held against these names.',
  ),
  issuers: nullable(
    Type.Array(Type.String()),
    'Distinguished names of issuers that are accepted (`CN=…, O=…`); null accepts all the listener trusts.',
  ),
  fingerprints: nullable(
    Type.Array(Type.String({ pattern: '^[0-9a-fA-F:]+$' })),
    'SHA-256 fingerprints of the only certificates that are accepted, trusted by a CA or not.',
  ),
  authenticated_group_by: nullable(
    oneOf(['CN', 'DN']),
    'With skip_consumer_lookup: part of the subject that is the group of the caller, for acl.',
  ),
})
