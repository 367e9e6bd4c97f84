import { Type, type Static } from 'typebox'
import { orNull, page, PermissionName, strict, text, time, WebAuthn } from '../schemas.ts'

/** As one types it: a letter or digit, then letters, digits and . _ - of any script. */
export const UserName = Type.String({
  'x-fault': 'a name has letters, digits and . _ - only, and begins with a letter or digit',
  minLength: 1,
  maxLength: 64,
  pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}._-]*$',
})
const Email = Type.String({ format: 'email', maxLength: 254 })
/** Bytes are counted by the server: at most 1024. No rule but length and being hard to guess. */
export const NewPassword = Type.String({ minLength: 1, maxLength: 1024 })

export const Preferences = Type.Object(
  {
    theme: Type.Optional(Type.Enum(['light', 'dark', 'system'])),
    timeZone: Type.Optional(text(64)),
    locale: Type.Optional(text(35)),
  },
  { $id: 'Preferences', ...strict },
)
export type Preferences = Static<typeof Preferences>

/** Who is signed in, and what they may do somewhere. */
export const Session = Type.Object(
  {
    actor: Type.String({ description: 'Name to sign in by, or of a program' }),
    displayName: Type.String({ description: 'As others see it; the same name unless chosen' }),
    kind: Type.String(),
    id: Type.String(),
    permissions: Type.Array(PermissionName),
    expiresAt: orNull(time),
    factorNeeded: Type.Boolean({
      description: 'A role asks for a second factor: until there is one, nothing else is allowed',
    }),
    preferences: Preferences,
  },
  { $id: 'Session' },
)
export type Session = Static<typeof Session>

/** The password was right, and is not enough: `createSecondFactorSession`, or a passkey. */
export const SecondFactorAsked = Type.Object(
  {
    challenge: Type.String(),
    factors: Type.Array(Type.Enum(['totp', 'passkey', 'recovery_code'])),
    expiresAt: time,
  },
  { $id: 'SecondFactorAsked' },
)
export type SecondFactorAsked = Static<typeof SecondFactorAsked>

export const SignInAnswer = Type.Union([Session, SecondFactorAsked])
export type SignInAnswer = Static<typeof SignInAnswer>

/** What the sign-in page has to ask. */
export const SignInState = Type.Object(
  {
    setUp: Type.Boolean({ description: 'There was an administrator' }),
    providers: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
      description: 'By which people sign in: GET /sign-in/<id> begins it',
    }),
  },
  { $id: 'SignInState' },
)
export type SignInState = Static<typeof SignInState>

export const User = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    displayName: Type.String(),
    email: orNull(Type.String()),
    disabledAt: orNull(time),
    createdAt: time,
    lastSeenAt: orNull(time),
    teams: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
    roles: Type.Array(Type.String(), { description: 'Held by a grant of their own, anywhere' }),
    hasPassword: Type.Boolean(),
    canSignIn: Type.Boolean({
      description: 'By a password, a passkey or a provider; before that they have not joined',
    }),
  },
  { $id: 'User' },
)
export type User = Static<typeof User>

export const UserSession = Type.Object(
  {
    id: Type.String(),
    current: Type.Boolean(),
    createdAt: time,
    lastUsedAt: time,
    expiresAt: time,
    address: orNull(Type.String()),
    device: Type.String({ description: 'Browser and system as its user agent says' }),
  },
  { $id: 'UserSession' },
)
export type UserSession = Static<typeof UserSession>

/** Shown once and works once; the token is in the fragment, which reaches no server. */
export const OneTimeLink = Type.Object(
  { url: Type.String(), expiresAt: time },
  { $id: 'OneTimeLink' },
)
export type OneTimeLink = Static<typeof OneTimeLink>

export const Invitation = Type.Object(
  {
    ...OneTimeLink.properties,
    roles: Type.Array(Type.String(), {
      description: 'Held by whoever joins by it, of earlier invitations too',
    }),
  },
  { $id: 'Invitation' },
)
export type Invitation = Static<typeof Invitation>

export const LinkFacts = Type.Object(
  {
    purpose: Type.Enum(['setup', 'invitation', 'reset']),
    name: orNull(Type.String({ description: 'Of the person it is for' })),
    expiresAt: time,
  },
  { $id: 'LinkFacts' },
)
export type LinkFacts = Static<typeof LinkFacts>

const linkToken = Type.String({ minLength: 1, maxLength: 200 })
const UserParams = Type.Object({ user: Type.String({ description: 'Id or name', maxLength: 100 }) })
const cursor = Type.Optional(Type.String({ maxLength: 500 }))

export const peopleEndpoints = {
  getSignIn: {
    method: 'GET',
    path: '/api/v1/sign-in',
    permission: 'public',
    summary: 'What the sign-in page has to ask',
    response: SignInState,
  },
  createSession: {
    method: 'POST',
    path: '/api/v1/session',
    permission: 'public',
    summary: 'Sign in with name and password; sets the session cookie, or asks for a second factor',
    body: Type.Object({ name: text(200), password: text(1024) }, strict),
    response: SignInAnswer,
  },
  getSession: {
    method: 'GET',
    path: '/api/v1/session',
    permission: 'public',
    summary: 'Who is signed in, and what they may do',
    response: Session,
  },
  deleteSession: {
    method: 'DELETE',
    path: '/api/v1/session',
    permission: 'public',
    summary: 'Sign out',
    response: null,
  },
  createSetupLink: {
    method: 'POST',
    path: '/api/v1/setup-links',
    permission: 'users:write',
    summary:
      'Make a single-use link to the form that creates the administrator; by the command line of the machine, until there was one',
    response: OneTimeLink,
  },
  readLink: {
    method: 'POST',
    path: '/api/v1/links/read',
    permission: 'public',
    summary: 'What a link is for; does not use it up',
    body: Type.Object({ token: linkToken }, strict),
    response: LinkFacts,
  },
  useLink: {
    method: 'POST',
    path: '/api/v1/links/use',
    permission: 'public',
    summary: 'Create the administrator, accept an invitation or reset a password; signs in',
    body: Type.Object(
      {
        token: linkToken,
        name: Type.Optional(UserName),
        displayName: Type.Optional(text(100)),
        password: Type.Optional(NewPassword),
        passkey: Type.Optional(
          Type.Object({ challenge: text(200), response: WebAuthn, name: text(100) }, strict),
        ),
      },
      strict,
    ),
    response: SignInAnswer,
  },
  listUsers: {
    method: 'GET',
    path: '/api/v1/users',
    permission: 'users:read',
    summary: 'Users with their teams and roles',
    query: Type.Object({
      contains: Type.Optional(text(100)),
      cursor,
      limit: Type.Integer({ minimum: 1, maximum: 1000, default: 200 }),
    }),
    response: page(User),
  },
  getUser: {
    method: 'GET',
    path: '/api/v1/users/:user',
    permission: 'users:read',
    summary: 'One user',
    params: UserParams,
    response: User,
  },
  inviteUser: {
    method: 'POST',
    path: '/api/v1/users/invitations',
    permission: 'users:write',
    fresh: true,
    summary: 'Make a link by which somebody joins under a name; earlier ones for it stop working',
    body: Type.Object(
      {
        name: UserName,
        email: Type.Optional(Email),
        role: Type.Optional(text(64)),
      },
      strict,
    ),
    response: Invitation,
  },
  updateUser: {
    method: 'PUT',
    path: '/api/v1/users/:user',
    permission: 'users:write',
    fresh: true,
    summary: 'Change the profile of a user, disable or enable them',
    params: UserParams,
    body: Type.Object(
      {
        displayName: Type.Optional(text(100)),
        email: Type.Optional(orNull(Email)),
        disabled: Type.Optional(Type.Boolean()),
      },
      strict,
    ),
    response: User,
  },
  deleteUser: {
    method: 'DELETE',
    path: '/api/v1/users/:user',
    permission: 'users:write',
    fresh: true,
    summary: 'Delete a user; what they answer for is handed over',
    params: UserParams,
    query: Type.Object({
      heir: Type.Optional(
        Type.String({ description: 'Who takes over; without: yourself', maxLength: 100 }),
      ),
    }),
    response: null,
  },
  resetUser: {
    method: 'POST',
    path: '/api/v1/users/:user/reset-links',
    permission: 'users:write',
    fresh: true,
    summary: 'Make a link by which the user chooses a new password; factors stay',
    params: UserParams,
    response: OneTimeLink,
  },
  listUserSessions: {
    method: 'GET',
    path: '/api/v1/users/:user/sessions',
    permission: 'users:read',
    summary: 'Where a user is signed in',
    params: UserParams,
    response: page(UserSession),
  },
  revokeUserSessions: {
    method: 'DELETE',
    path: '/api/v1/users/:user/sessions',
    permission: 'users:write',
    summary: 'Sign a user out everywhere',
    params: UserParams,
    response: null,
  },
  revokeUserSession: {
    method: 'DELETE',
    path: '/api/v1/users/:user/sessions/:session',
    permission: 'users:write',
    summary: 'End one session of a user',
    params: Type.Object({ ...UserParams.properties, session: text(64) }),
    response: null,
  },
  getAccount: {
    method: 'GET',
    path: '/api/v1/account',
    permission: 'account:own',
    summary: 'Your own profile and preferences',
    response: Type.Object({ user: User, preferences: Preferences }),
  },
  updateAccount: {
    method: 'PUT',
    path: '/api/v1/account',
    permission: 'account:own',
    summary: 'Change your name as it is shown, and your preferences',
    body: Type.Object(
      {
        displayName: Type.Optional(text(100)),
        preferences: Type.Optional(Preferences),
      },
      strict,
    ),
    response: Type.Object({ user: User, preferences: Preferences }),
  },
  changePassword: {
    method: 'PUT',
    path: '/api/v1/account/password',
    permission: 'account:own',
    summary: 'Choose another password, or the first one; other sessions end',
    body: Type.Object(
      {
        present: Type.Optional(
          Type.String({ maxLength: 1024, description: 'Left out by whoever has no password yet' }),
        ),
        next: NewPassword,
      },
      strict,
    ),
    response: null,
  },
  listOwnSessions: {
    method: 'GET',
    path: '/api/v1/account/sessions',
    permission: 'account:own',
    summary: 'Where you are signed in',
    response: page(UserSession),
  },
  revokeOwnSession: {
    method: 'DELETE',
    path: '/api/v1/account/sessions/:session',
    permission: 'account:own',
    summary: 'End one of your sessions, or with `others` all but this one',
    params: Type.Object({ session: text(64) }),
    response: null,
  },
} as const
