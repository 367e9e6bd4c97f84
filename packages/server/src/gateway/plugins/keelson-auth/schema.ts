import { Type } from 'typebox'
import { isPermission, permissions } from '@keelson/contract'
import {
  anonymous,
  config,
  flag,
  nullable,
  oneOf,
  realm,
  runOnPreflight,
} from '../access-fields.ts'

export const keelsonAuthSchema = config({
  object: nullable(
    Type.String({ pattern: '^(platform|gateway|stack:[^/:*]+|service:[^/:*]+/[^/:*]+)$' }),
    'What a permission is asked on and a token is for; the service of the route unless told.',
  ),
  permission: nullable(
    oneOf(permissions.filter(isPermission)),
    'What people and programs must be allowed to do there; without it, everybody known gets through, by a token with scopes where they name account:own.',
  ),
  cookies: flag('Takes the session of the page beside tokens in Authorization.', true),
  hide_credentials: flag(
    'Takes the token off the request before the service sees it; the session never reaches one.',
    true,
  ),
  anonymous,
  run_on_preflight: runOnPreflight,
  realm,
})
