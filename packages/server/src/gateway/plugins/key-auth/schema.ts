import { Type } from 'typebox'
import {
  anonymous,
  config,
  flag,
  hideCredentials,
  list,
  realm,
  runOnPreflight,
} from '../access-fields.ts'

export const keyAuthSchema = config({
  key_names: list(
    Type.String({ pattern: '^[a-zA-Z0-9_-]+$' }),
    ['apikey'],
    'Names of headers, query parameters or body fields in which a key is looked for.',
  ),
  hide_credentials: hideCredentials,
  anonymous,
  key_in_header: flag('Looks for the key among the headers.', true),
  key_in_query: flag('Looks for the key in the query.', true),
  key_in_body: flag('Looks for the key in a form, JSON or multipart body of at most 1 MiB.'),
  run_on_preflight: runOnPreflight,
  realm,
})
