const browsers: [RegExp, string][] = [
  [/\bEdg\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(?:Headless)?Chrom(?:e|ium)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/\bcurl\//, 'curl'],
]
const systems: [RegExp, string][] = [
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

const firstOf = (kinds: readonly [RegExp, string][], text: string): string | undefined =>
  kinds.find(([pattern]) => pattern.test(text))?.[1]

/** `keelson-cli/1.2.0`, as the command line calls itself; anybody may, and gains nothing by it. */
export const isCommandLine = (userAgent: string | null | undefined): boolean =>
  /^keelson-cli\/[\w.+-]{1,64}$/.test(userAgent ?? '')

/** "Firefox on Linux": enough for a person to know their own; a user agent may say anything. */
export const deviceOf = (userAgent: string | null): string => {
  if (userAgent === null) return 'unknown device'
  if (isCommandLine(userAgent)) return 'keelson command line'
  const browser = firstOf(browsers, userAgent) ?? 'another program'
  const system = firstOf(systems, userAgent)
  return system === undefined ? browser : `${browser} on ${system}`
}
