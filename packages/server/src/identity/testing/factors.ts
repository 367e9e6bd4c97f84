import { generateSync } from 'otplib'
import type { Actor } from '../../kernel/actor.ts'
import { createAuthenticator, type Authenticator } from './authenticator.ts'
import { callerFrom, type Opened, type SignInFrom } from './open-identity.ts'

/** Where the browser of these tests is. */
export const here = { id: 'localhost', origins: ['http://localhost:7070'] }

/** What the app shows `seconds` from now. */
export const codeOf = (keelson: Opened, secret: string, seconds = 0): string => {
  const epoch = Math.floor(keelson.clock.now().getTime() / 1000) + seconds
  return generateSync({ secret, epoch })
}

/** Somebody with an authenticator app; the step of the code that proved it is behind them. */
export const addTotp = async (keelson: Opened, actor: Actor) => {
  const { own } = keelson.identity.factors
  const { secret } = await own.startTotp(actor)
  const { recoveryCodes } = await own.confirmTotp(actor, codeOf(keelson, secret))
  await keelson.later(60_000)
  return { secret, recoveryCodes: recoveryCodes ?? [] }
}

export const addPasskey = async (
  keelson: Opened,
  actor: Actor,
  authenticator: Authenticator = createAuthenticator(),
) => {
  const { own } = keelson.identity.factors
  const { challenge, options } = await own.startPasskey(actor, here)
  const response = authenticator.create(options)
  const added = await own.createPasskey(actor, { challenge, response, name: 'Laptop' }, here)
  return { authenticator, recoveryCodes: added.recoveryCodes ?? [], id: response.id }
}

/** What the browser answers to a ceremony that was just begun. */
export const passkeyAnswer = async (
  keelson: Opened,
  authenticator: Authenticator,
  twist: Parameters<Authenticator['get']>[1] = {},
) => {
  const { challenge, options } = await keelson.identity.factors.beginProof(here)
  return { challenge, response: authenticator.get(options, twist) }
}

export const signInByPasskey = async (
  keelson: Opened,
  authenticator: Authenticator,
  twist: Parameters<Authenticator['get']>[1] = {},
) => {
  const answer = await passkeyAnswer(keelson, authenticator, twist)
  return keelson.identity.factors.secondStep.byPasskey(answer, here, callerFrom({}))
}

/** The second step. */
export const giveCode = (
  keelson: Opened,
  given: { challenge: string; code: string },
  from: SignInFrom = {},
) =>
  keelson.identity.factors.secondStep.byCode(
    { challenge: given.challenge, code: given.code },
    callerFrom(from),
  )
