import { Type, type Static } from 'typebox'
import { OneTimeLink, Session } from './people.ts'
import { orNull, strict, text, time, WebAuthn } from '../schemas.ts'

const challenge = Type.String({ minLength: 1, maxLength: 200 })
const passkeyName = Type.String({ minLength: 1, maxLength: 100 })

/** What `navigator.credentials` is asked with, and the token by which its answer is known. */
export const PasskeyCeremony = Type.Object(
  { challenge, options: WebAuthn },
  { $id: 'PasskeyCeremony' },
)
export type PasskeyCeremony = Static<typeof PasskeyCeremony>

export const PasskeyAnswer = Type.Object({ challenge, response: WebAuthn }, strict)
export type PasskeyAnswer = Static<typeof PasskeyAnswer>

export const Passkey = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    backedUp: Type.Boolean({ description: 'Synchronised by whoever keeps it' }),
    createdAt: time,
    lastUsedAt: orNull(time),
  },
  { $id: 'Passkey' },
)
export type Passkey = Static<typeof Passkey>

export const Factors = Type.Object(
  {
    hasPassword: Type.Boolean(),
    totp: orNull(Type.Object({ since: time })),
    passkeys: Type.Array(Passkey),
    recoveryCodesLeft: Type.Integer(),
    required: Type.Boolean({ description: 'By a role that is held' }),
  },
  { $id: 'Factors' },
)
export type Factors = Static<typeof Factors>

export const RecoveryCodes = Type.Object(
  { codes: Type.Array(Type.String(), { description: 'Each works once; shown once' }) },
  { $id: 'RecoveryCodes' },
)
export type RecoveryCodes = Static<typeof RecoveryCodes>

/** With the first factor of somebody. */
const FactorAdded = Type.Object(
  { recoveryCodes: orNull(Type.Array(Type.String()), { description: 'Shown once' }) },
  { $id: 'FactorAdded' },
)
export type FactorAdded = Static<typeof FactorAdded>

export const FactorsForgotten = Type.Object(
  {
    found: Type.Boolean({ description: 'There was a factor; else nothing was changed' }),
    link: orNull(OneTimeLink, {
      description: 'To join anew, for a user who has neither a password nor a provider',
    }),
  },
  { $id: 'FactorsForgotten' },
)
export type FactorsForgotten = Static<typeof FactorsForgotten>

export const SignInPolicy = Type.Object(
  { factorRoles: Type.Array(text(64), { maxItems: 200, uniqueItems: true }) },
  { $id: 'SignInPolicy', description: 'Whoever holds one of these roles needs a second factor' },
)
export type SignInPolicy = Static<typeof SignInPolicy>

const PasskeyParams = Type.Object({ passkey: text(1400) })

export const factorEndpoints = {
  startPasskey: {
    method: 'POST',
    path: '/api/v1/session/passkey-challenges',
    permission: 'public',
    summary: 'Begin to sign in, or to confirm it is you, with a passkey',
    response: PasskeyCeremony,
  },
  createPasskeySession: {
    method: 'POST',
    path: '/api/v1/session/passkey',
    permission: 'public',
    summary: 'Sign in with a passkey, which is both factors; sets the session cookie',
    body: PasskeyAnswer,
    response: Session,
  },
  createSecondFactorSession: {
    method: 'POST',
    path: '/api/v1/session/second-factor',
    permission: 'public',
    summary: 'End a sign-in that asked for a second factor: a TOTP code or a recovery code',
    body: Type.Object({ challenge, code: text(60) }, strict),
    response: Session,
  },
  confirmSession: {
    method: 'POST',
    path: '/api/v1/session/confirmations',
    permission: 'account:own',
    summary: 'Prove again that it is you: password and, if there is one, code; or a passkey',
    body: Type.Object(
      {
        password: Type.Optional(text(1024)),
        code: Type.Optional(text(60)),
        passkey: Type.Optional(PasskeyAnswer),
      },
      strict,
    ),
    response: null,
  },
  startLinkPasskey: {
    method: 'POST',
    path: '/api/v1/links/passkey-challenges',
    permission: 'public',
    summary: 'Begin to make a passkey instead of a password, with a link that sets up or invites',
    body: Type.Object({ token: text(200), name: Type.Optional(text(64)) }, strict),
    response: PasskeyCeremony,
  },
  getOwnFactors: {
    method: 'GET',
    path: '/api/v1/account/factors',
    permission: 'account:own',
    summary: 'How you prove who you are',
    response: Factors,
  },
  startTotp: {
    method: 'POST',
    path: '/api/v1/account/totp',
    permission: 'account:own',
    fresh: true,
    summary: 'Make a secret for an authenticator app; counts once a code of it was given',
    response: Type.Object({ secret: Type.String(), uri: Type.String() }, { $id: 'TotpSecret' }),
  },
  confirmTotp: {
    method: 'POST',
    path: '/api/v1/account/totp/confirmations',
    permission: 'account:own',
    fresh: true,
    summary: 'Prove that the authenticator app works; other sessions end',
    body: Type.Object({ code: text(10) }, strict),
    response: FactorAdded,
  },
  deleteTotp: {
    method: 'DELETE',
    path: '/api/v1/account/totp',
    permission: 'account:own',
    fresh: true,
    summary: 'Do without the authenticator app',
    response: null,
  },
  startOwnPasskey: {
    method: 'POST',
    path: '/api/v1/account/passkeys/challenges',
    permission: 'account:own',
    fresh: true,
    summary: 'Begin to make a passkey',
    response: PasskeyCeremony,
  },
  createOwnPasskey: {
    method: 'POST',
    path: '/api/v1/account/passkeys',
    permission: 'account:own',
    fresh: true,
    summary: 'Keep the passkey that the browser made',
    body: Type.Object({ ...PasskeyAnswer.properties, name: passkeyName }, strict),
    response: FactorAdded,
  },
  renameOwnPasskey: {
    method: 'PUT',
    path: '/api/v1/account/passkeys/:passkey',
    permission: 'account:own',
    summary: 'Call a passkey something else',
    params: PasskeyParams,
    body: Type.Object({ name: passkeyName }, strict),
    response: null,
  },
  deleteOwnPasskey: {
    method: 'DELETE',
    path: '/api/v1/account/passkeys/:passkey',
    permission: 'account:own',
    fresh: true,
    summary: 'Forget a passkey',
    params: PasskeyParams,
    response: null,
  },
  createRecoveryCodes: {
    method: 'POST',
    path: '/api/v1/account/recovery-codes',
    permission: 'account:own',
    fresh: true,
    summary: 'Make new recovery codes; those before stop working',
    response: RecoveryCodes,
  },
  deleteUserFactors: {
    method: 'DELETE',
    path: '/api/v1/users/:user/factors',
    permission: 'users:write',
    fresh: true,
    summary: 'Forget the factors of a user who has lost them, and sign them out',
    params: Type.Object({ user: text(100) }),
    response: FactorsForgotten,
  },
  getSignInPolicy: {
    method: 'GET',
    path: '/api/v1/sign-in/policy',
    permission: 'users:read',
    summary: 'Whose roles ask for a second factor',
    response: SignInPolicy,
  },
  putSignInPolicy: {
    method: 'PUT',
    path: '/api/v1/sign-in/policy',
    permission: 'access:write',
    fresh: true,
    summary: 'Ask holders of roles for a second factor; without one they can do nothing but add it',
    body: SignInPolicy,
    response: SignInPolicy,
  },
} as const
