/** Opens the page to whoever has it. Identity gives it out; the gateway lets it through to nobody. */
export const sessionCookie = 'keelson_session'
