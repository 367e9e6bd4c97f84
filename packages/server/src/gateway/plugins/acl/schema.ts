import { Type } from 'typebox'
import { config, flag, nullable } from '../access-fields.ts'

export const aclSchema = config({
  allow: nullable(Type.Array(Type.String()), 'Groups that may pass; all others may not.'),
  deny: nullable(Type.Array(Type.String()), 'Groups that may not pass; all others may.'),
  hide_groups_header: flag('Sends the service no header with the groups.'),
  always_use_authenticated_groups: flag(
    'Uses the groups that an authentication brought along even where the consumer has groups.',
  ),
})
