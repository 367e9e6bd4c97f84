const rooms = '(?<room>kitchen|living room|living|bedroom|hall)'
const the = '(?:the |my )?'

/** What is said in many ways, in one: lower case, no politeness, no punctuation. */
const plain = (text) =>
  text
    .toLowerCase()
    .replaceAll(/\b(?:please|could you|can you|alicia)\b/g, ' ')
    .replaceAll(/[^a-z0-9.\s]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '')

/** The first that fits decides; what a group is called becomes a slot. */
const sentences = [
  ['light.set', `(?:turn|switch) (?<state>on|off) ${the}(?:${rooms} )?(?<it>lights?|it)`],
  ['light.set', `(?:turn|switch) ${the}(?:${rooms} )?(?<it>lights?|it) (?<state>on|off)`],
  ['light.dim', `(?:dim|set) ${the}(?:${rooms} )?(?<it>lights?|it) to (?<percent>\\d{1,3})`],
  ['climate.set', `(?:set|heat|make) ${the}${rooms} to (?<degrees>\\d{1,2}(?:\\.\\d)?)`],
  ['climate.ask', `how (?:warm|cold) is (?:it in )?${the}${rooms}`],
  ['blind.set', `(?<state>open|close) ${the}(?:${rooms} )?blinds?`],
  ['lock.open', `unlock ${the}(?<door>front|garden) door with (?<pin>\\d{4,8})`],
  ['lock.close', `lock ${the}(?<door>front|garden) door`],
  ['home.ask', 'is (?:anybody|anyone|somebody) (?:at )?home'],
  ['night', 'good ?night'],
].map(([intent, pattern]) => ({ intent, pattern: new RegExp(`^${pattern}\\b`) }))

/**
 * @param {string} text
 * @returns {{ intent: string, slots: Record<string, string> } | undefined}
 */
export const readIntent = (text) => {
  const said = plain(text)
  for (const { intent, pattern } of sentences) {
    const found = pattern.exec(said)
    if (found === null) continue
    const slots = Object.fromEntries(
      Object.entries(found.groups ?? {}).filter(([, value]) => value !== undefined),
    )
    if (slots.room !== undefined) slots.room = slots.room.replace(' room', '')
    return { intent, slots }
  }
  return undefined
}
