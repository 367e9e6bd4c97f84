import type { Static } from 'typebox'
import type { CookieAttributes } from '../cookies.ts'
import type { SessionLimits } from './lifetime.ts'
import type { sessionSchema } from './schema.ts'

type SessionConfig = Static<typeof sessionSchema>

export type SessionSettings = {
  attributes: CookieAttributes
  limits: SessionLimits
  rememberLimits: SessionLimits
  remember: boolean
}

/** The configuration, sorted by what it is about. */
export const settingsOf = (config: SessionConfig): SessionSettings => {
  return {
    attributes: {
      path: config.cookie_path,
      domain: config.cookie_domain,
      sameSite: config.cookie_same_site,
      httpOnly: config.cookie_http_only,
      secure: config.cookie_secure,
    },
    limits: {
      idling: config.idling_timeout,
      rolling: config.rolling_timeout,
      absolute: config.absolute_timeout,
    },
    rememberLimits: {
      idling: 0,
      rolling: config.remember_rolling_timeout,
      absolute: config.remember_absolute_timeout,
    },
    remember: config.remember,
  }
}
