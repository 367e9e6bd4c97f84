import { Type } from 'typebox'
import { anonymous, config, hideCredentials } from '../access-fields.ts'

export const basicAuthSchema = config({
  anonymous,
  hide_credentials: hideCredentials,
  realm: Type.String({
    pattern: '^[^"\\\\\\r\\n]*$',
    default: 'service',
    description: 'Realm that WWW-Authenticate names.',
  }),
})
