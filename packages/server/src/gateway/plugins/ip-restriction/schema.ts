import { Type } from 'typebox'
import { config, list, nullable } from '../access-fields.ts'

export const ipRestrictionSchema = config({
  allow: nullable(
    Type.Array(Type.String()),
    'Addresses, CIDR ranges and host names that may pass; all others may not.',
  ),
  deny: nullable(
    Type.Array(Type.String()),
    'Addresses, CIDR ranges and host names that may not pass; looked at first.',
  ),
  status: nullable(
    Type.Integer({ minimum: 400, maximum: 599 }),
    'Status of the refusal; 403 when null.',
  ),
  message: nullable(
    Type.String(),
    'Message of the refusal; `IP address not allowed: <address>` when null.',
  ),
  resolvers: list(
    Type.String(),
    [],
    'DNS servers (`address` or `address:port`) for host names; those of the machine when empty.',
  ),
})
