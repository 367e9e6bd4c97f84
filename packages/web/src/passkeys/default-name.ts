const systems: [RegExp, string][] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Mac OS/, 'Mac'],
  [/Windows/, 'Windows'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
]

/** What to call a passkey that is made in this browser, until the person says better. */
export const defaultPasskeyName = (userAgent = navigator.userAgent): string => {
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1]
  return system === undefined ? 'Passkey' : `Passkey on ${system}`
}
