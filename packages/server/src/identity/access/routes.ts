import type { ObjectRef } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Events } from '../../kernel/events.ts'
import type { Http } from '../../kernel/http.ts'
import type { Identity } from '../identity.ts'
import type { Asked } from './explain.ts'

type Deps = {
  http: Http
  identity: Pick<Identity, 'roles' | 'teams' | 'grants' | 'explain'>
  events: Pick<Events, 'publish'>
  /** With the labels and the owner of one that is there, and may be seen. */
  objectFor: (object: ObjectRef, actor: Actor) => Asked
}

/** Roles, teams, grants, and why somebody may. */
export const accessRoutes = ({ http, identity, events, objectFor }: Deps): void => {
  const { roles, teams, grants, explain } = identity

  http.route('listRoles', async () => ({ items: await roles.list() }))
  http.route('putRole', ({ actor, params, body }) => roles.put(params.role, body, actor))
  http.route('deleteRole', ({ actor, params }) => roles.remove(params.role, actor))

  http.route('listTeams', async () => ({ items: await teams.list() }))
  http.route('createTeam', ({ actor, body }) => teams.create(body, actor))
  http.route('updateTeam', ({ actor, params, body }) => teams.update(params.team, body, actor))
  http.route('deleteTeam', ({ actor, params }) => teams.remove(params.team, actor))
  http.route('addTeamMember', ({ actor, params }) =>
    teams.addMember(params.team, params.user, actor),
  )
  http.route('removeTeamMember', ({ actor, params }) =>
    teams.removeMember(params.team, params.user, actor),
  )

  http.route('listGrants', ({ query }) => grants.list(query))
  http.route('createGrant', ({ actor, body }) => grants.create(body, actor))
  http.route('revokeGrant', ({ actor, params }) => grants.revoke(params.grant, actor))
  http.route('breakGlass', ({ actor, body }) =>
    grants.breakGlass(body, actor, (tx, payload) =>
      events.publish(tx, {
        ...{ type: 'access.emergency_granted', subject: 'system', actor: actor.name, payload },
      }),
    ),
  )
  http.route('explainAccess', ({ actor, query }) =>
    explain(query, (object) => objectFor(object, actor)),
  )
}
