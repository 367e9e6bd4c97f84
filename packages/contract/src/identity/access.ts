import { Type, type Static } from 'typebox'
import { Selector } from '../object.ts'
import { permissions } from '../permissions.ts'
import { UserName } from './people.ts'
import { PermissionName } from '../schemas.ts'

const time = Type.String({ format: 'date-time' })
const nullableTime = Type.Union([time, Type.Null()])
const reason = Type.String({ minLength: 3, maxLength: 1000 })
const shortText = Type.String({ maxLength: 500 })
const permission = PermissionName
/** In lower case, so that none looks like another. */
const roleName = Type.String({
  ...{ pattern: '^[a-z][a-z0-9-]*$', maxLength: 64 },
  'x-fault': 'a role has lower-case letters, digits and - only, and begins with a letter',
})
const idOrName = Type.String({ minLength: 1, maxLength: 100, description: 'Id or name' })
const effect = Type.Enum(['allow', 'deny'])

export const Role = Type.Object(
  {
    name: Type.String(),
    description: Type.String(),
    permissions: Type.Array(permission),
    builtIn: Type.Boolean(),
    grants: Type.Integer({ description: 'How many give or deny it' }),
  },
  { $id: 'Role' },
)
export type Role = Static<typeof Role>

const Member = Type.Object({ id: Type.String(), name: Type.String(), kind: Type.String() })

export const Team = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    description: Type.String(),
    members: Type.Array(Member),
    roles: Type.Array(Type.String(), { description: 'Held by a grant of the team, anywhere' }),
  },
  { $id: 'Team' },
)
export type Team = Static<typeof Team>

export const Grant = Type.Object(
  {
    id: Type.String(),
    holder: Type.Object({
      kind: Type.Enum(['user', 'service_account', 'stack_service', 'team']),
      id: Type.String(),
      name: Type.String(),
    }),
    role: Type.String(),
    effect,
    on: Selector,
    expiresAt: nullableTime,
    reason: Type.Union([Type.String(), Type.Null()]),
    createdBy: Type.String(),
    createdAt: time,
  },
  { $id: 'Grant' },
)
export type Grant = Static<typeof Grant>

export const AccessExplanation = Type.Object(
  {
    allowed: Type.Boolean(),
    sentence: Type.String(),
    who: Type.Object({
      kind: Type.Enum(['user', 'service_account', 'stack_service', 'role']),
      id: Type.String(),
      name: Type.String(),
    }),
    permission,
    object: Type.Object({
      name: Type.String(),
      labels: Type.Record(Type.String(), Type.String()),
      owner: Type.Union([Type.String(), Type.Null()]),
      isThere: Type.Boolean({
        description:
          'Else the answer is what would hold; also of one that whoever asks may not see',
      }),
    }),
    reason: Type.Enum(['disabled', 'denied', 'allowed', 'no_grant', 'everybody']),
    /** The grant that decides, those about the object, then others; at most 100. */
    considered: Type.Array(
      Type.Object({
        grant: Grant,
        why: Type.Enum(['decides', 'agrees', 'overruled', 'other_object', 'expired']),
      }),
    ),
  },
  { $id: 'AccessExplanation' },
)
export type AccessExplanation = Static<typeof AccessExplanation>

const RoleParams = Type.Object({ role: roleName })
const TeamParams = Type.Object({ team: idOrName })
const MemberParams = Type.Object({ team: idOrName, user: idOrName })

export const accessEndpoints = {
  listRoles: {
    method: 'GET',
    path: '/api/v1/roles',
    permission: 'users:read',
    summary: 'Built-in roles and your own, with their permissions',
    response: Type.Object({ items: Type.Array(Role) }),
  },
  putRole: {
    method: 'PUT',
    path: '/api/v1/roles/:role',
    permission: 'access:write',
    fresh: true,
    summary: 'Make a role, or change what it may; a built-in one is refused',
    params: RoleParams,
    body: Type.Object(
      {
        description: Type.Optional(shortText),
        permissions: Type.Array(permission, { maxItems: permissions.length, uniqueItems: true }),
      },
      { additionalProperties: false },
    ),
    response: Role,
  },
  deleteRole: {
    method: 'DELETE',
    path: '/api/v1/roles/:role',
    permission: 'access:write',
    fresh: true,
    summary: 'Delete a role that no grant is about',
    params: RoleParams,
    response: null,
  },
  listTeams: {
    method: 'GET',
    path: '/api/v1/teams',
    permission: 'users:read',
    summary: 'Teams with their members and roles',
    response: Type.Object({ items: Type.Array(Team) }),
  },
  createTeam: {
    method: 'POST',
    path: '/api/v1/teams',
    permission: 'access:write',
    fresh: true,
    summary: 'Make a team',
    body: Type.Object(
      { name: UserName, description: Type.Optional(shortText) },
      { additionalProperties: false },
    ),
    response: Team,
  },
  updateTeam: {
    method: 'PUT',
    path: '/api/v1/teams/:team',
    permission: 'access:write',
    fresh: true,
    summary: 'Change name and description of a team',
    params: TeamParams,
    body: Type.Object(
      { name: Type.Optional(UserName), description: Type.Optional(shortText) },
      { additionalProperties: false },
    ),
    response: Team,
  },
  deleteTeam: {
    method: 'DELETE',
    path: '/api/v1/teams/:team',
    permission: 'access:write',
    fresh: true,
    summary: 'Delete a team with its grants',
    params: TeamParams,
    response: null,
  },
  addTeamMember: {
    method: 'PUT',
    path: '/api/v1/teams/:team/members/:user',
    permission: 'access:write',
    fresh: true,
    summary: 'Make a user or service account a member: the grants of the team are theirs then',
    params: MemberParams,
    response: Team,
  },
  removeTeamMember: {
    method: 'DELETE',
    path: '/api/v1/teams/:team/members/:user',
    permission: 'access:write',
    fresh: true,
    summary: 'Take a member out of a team',
    params: MemberParams,
    response: Team,
  },
  listGrants: {
    method: 'GET',
    path: '/api/v1/grants',
    permission: 'users:read',
    summary: 'Who holds which role on what, oldest first; of a user without those of its teams',
    query: Type.Object(
      {
        user: Type.Optional(idOrName),
        team: Type.Optional(idOrName),
        role: Type.Optional(roleName),
        cursor: Type.Optional(Type.String({ maxLength: 100 })),
        limit: Type.Integer({ minimum: 1, maximum: 1000, default: 200 }),
      },
      { additionalProperties: false },
    ),
    response: Type.Object({
      items: Type.Array(Grant),
      nextCursor: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  createGrant: {
    method: 'POST',
    path: '/api/v1/grants',
    permission: 'access:write',
    fresh: true,
    summary: 'Give or deny a role to one user, service account or team, on everything unless told',
    body: Type.Object(
      {
        user: Type.Optional(idOrName),
        team: Type.Optional(idOrName),
        role: roleName,
        effect: Type.Optional(effect),
        on: Type.Optional(Selector),
        expiresAt: Type.Optional(time),
        reason: Type.Optional(reason),
      },
      { additionalProperties: false },
    ),
    response: Type.Object({
      ...Grant.properties,
      already: Type.Boolean({ description: 'It was there: nothing has been made' }),
    }),
  },
  revokeGrant: {
    method: 'DELETE',
    path: '/api/v1/grants/:grant',
    permission: 'access:write',
    fresh: true,
    summary: 'Take a grant back',
    params: Type.Object({ grant: Type.String({ maxLength: 64 }) }),
    response: null,
  },
  breakGlass: {
    method: 'POST',
    path: '/api/v1/account/break-glass',
    permission: 'access:break-glass',
    fresh: true,
    summary: 'Give yourself a role on everything, for an hour at most; everybody is told why',
    body: Type.Object(
      {
        role: roleName,
        reason,
        minutes: Type.Integer({ minimum: 1, maximum: 60, default: 60 }),
      },
      { additionalProperties: false },
    ),
    response: Grant,
  },
  explainAccess: {
    method: 'GET',
    path: '/api/v1/access/explain',
    permission: 'users:read',
    summary: 'Whether somebody may do something on an object, and which grants say so',
    query: Type.Object(
      {
        who: Type.String({
          minLength: 1,
          maxLength: 110,
          description: 'A user, service account or role; role:viewer where a user has its name',
        }),
        permission,
        object: Type.Optional(
          Type.String({
            maxLength: 300,
            description: 'platform, gateway, stack:shop or service:shop/web; platform unless told',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    response: AccessExplanation,
  },
} as const
