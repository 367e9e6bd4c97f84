// Sessions: a short token, and a refresh token that is good once and brings the next one.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { Refusal } from '../../../shared/service.mjs'
import { permissionsOf } from '../../lib/access.mjs'

const tokenLifeSeconds = 300
const sessionLife = '14 days'

export const hashOf = (secret) => createHash('sha256').update(secret).digest('hex')

/**
 * @param {object} parts
 * @param {ReturnType<import('../../../shared/database.mjs').openDatabase>} parts.database
 * @param {Awaited<ReturnType<import('./signing.mjs').openSigner>>} parts.signer
 */
export const createSessions = ({ database, signer }) => {
  const tokenFor = (name, role, session) => ({
    accessToken: signer.signToken(
      { sub: name, role, permissions: permissionsOf[role] ?? [], ...(session && { sid: session }) },
      tokenLifeSeconds,
    ),
    expiresInSeconds: tokenLifeSeconds,
  })

  const nextRefreshToken = async (query, session) => {
    const refreshToken = randomBytes(32).toString('base64url')
    await query('insert into identity.refresh_tokens (hash, session_id) values ($1, $2)', [
      hashOf(refreshToken),
      session,
    ])
    return refreshToken
  }

  const open = async ({ name, role }, agent) => {
    const session = randomUUID()
    await database.query(
      'insert into identity.sessions (id, user_name, agent) values ($1, $2, $3)',
      [session, name, agent.slice(0, 200)],
    )
    const refreshToken = await nextRefreshToken(database.query, session)
    return { ...tokenFor(name, role, session), refreshToken, session }
  }

  /** A token that comes a second time was stolen from one of the two: the session ends for both. */
  const refresh = async (refreshToken) => {
    const outcome = await database.transaction(async (client) => {
      const query = async (text, values) => (await client.query(text, values)).rows
      const [token] = await query(
        `select t.used_at, s.id as session, u.name, u.role,
           s.ended_at is null and s.made_at > now() - $2::interval as is_open
         from identity.refresh_tokens t
         join identity.sessions s on s.id = t.session_id
         join identity.users u on u.name = s.user_name
         where t.hash = $1 for update of t`,
        [hashOf(refreshToken), sessionLife],
      )
      if (token === undefined || !token.is_open) return { refused: 'The session is over: log in' }
      if (token.used_at !== null) {
        await end(query, token.session, 'a refresh token came twice')
        return { refused: 'The refresh token was used before: the session is ended', ...token }
      }
      await query('update identity.refresh_tokens set used_at = now() where hash = $1', [
        hashOf(refreshToken),
      ])
      await query('update identity.sessions set used_at = now() where id = $1', [token.session])
      return { ...token, refreshToken: await nextRefreshToken(query, token.session) }
    })
    if (outcome.refused !== undefined) throw new Refusal(401, outcome.refused)
    const { name, role, session } = outcome
    return { ...tokenFor(name, role, session), refreshToken: outcome.refreshToken, session }
  }

  const end = (query, session, reason) =>
    query(
      `update identity.sessions set ended_at = now(), end_reason = $2
       where id = $1 and ended_at is null returning id`,
      [session, reason],
    )

  return {
    open,
    refresh,
    tokenFor,
    end: (session, reason) => end(database.query, session, reason),
    list: (name) =>
      database.query(
        `select id, agent, made_at, used_at from identity.sessions
         where user_name = $1 and ended_at is null order by used_at desc limit 100`,
        [name],
      ),
    /** Sessions and tokens that nobody can use any more. */
    prune: () =>
      database.query(
        `delete from identity.sessions where coalesce(ended_at, made_at + $1::interval) < now() - interval '30 days'`,
        [sessionLife],
      ),
  }
}
