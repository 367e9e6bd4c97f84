import type { Output } from '../../output.ts'
import { oneLine } from '../../text.ts'

/** The log of a gateway that runs in this process: a line each, without what only informs. */
export const logTo = (output: Output) => {
  const line = (facts: object, message: string): void =>
    output.alarm(`${message} ${oneLine(JSON.stringify(facts, errorsAsText))}`)
  return { info: () => {}, warn: line, error: line }
}

/** The same, with all that plugins of one's own say: whoever writes them looks there. */
export const fullLogTo = (output: Output) => ({
  ...logTo(output),
  info: (facts: object, message: string): void =>
    output.message(`${message} ${oneLine(JSON.stringify(facts, errorsAsText))}`),
})

/** An Error has no fields for JSON. */
const errorsAsText = (_key: string, value: unknown): unknown =>
  value instanceof Error ? value.message : value
