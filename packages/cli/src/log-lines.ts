import type { LogLine } from '@keelson/contract'
import type { Context } from './context.ts'
import type { Colors } from './output.ts'
import { pad, widthOf, withoutControls } from './text.ts'

type LineOptions = { timestamps?: boolean; prefix: boolean }

const prefixWidthMax = 32
// oxlint-disable-next-line no-control-regex -- it is what is looked for
const colorSequence = /(\u001B\[[\d;:]*m)/
const reset = '\u001B[0m'

/**
 * Prints lines with their instance before them, in a colour of its own. The column grows with the
 * longest name so far, so that instances that come later still line up.
 */
export const createLinePrinter = (
  { output, shared }: Context,
  options: LineOptions,
  known: readonly LogLine[],
) => {
  const colors = output.dataColors
  let width = known.reduce((most, { instance }) => Math.max(most, widthOf(instance)), 0)
  return (id: string, line: LogLine): void => {
    if (shared.json) {
      output.data(JSON.stringify({ service: id, ...line }))
      return
    }
    width = Math.min(prefixWidthMax, Math.max(width, widthOf(line.instance)))
    const who = options.prefix
      ? `${colorOf(line.instance, colors)(`${pad(line.instance, width)} |`)} `
      : ''
    const when = options.timestamps === true ? `${colors.dim(line.at)} ` : ''
    const text = colors.isColorSupported ? onlyColors(line.text) : withoutControls(line.text)
    output.data(`${who}${when}${line.stream === 'keelson' ? colors.dim(text) : text}`)
  }
}

/**
 * What a service writes is shown with its colours and without every other power over the terminal:
 * moving the cursor, its title, its clipboard.
 */
const onlyColors = (text: string): string => {
  const parts = text.split(colorSequence)
  const kept = parts.map((part, at) => (at % 2 === 1 ? part : withoutControls(part)))
  return parts.length > 1 ? `${kept.join('')}${reset}` : kept.join('')
}

/** The same instance has the same colour in every run. */
const colorOf = (instance: string, colors: Colors): ((text: string) => string) => {
  const palette = [
    colors.cyan,
    colors.yellow,
    colors.green,
    colors.magenta,
    colors.blue,
    colors.cyanBright,
    colors.yellowBright,
    colors.greenBright,
    colors.magentaBright,
    colors.blueBright,
  ]
  let hash = 0
  for (const character of instance) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  return palette[hash % palette.length] ?? colors.cyan
}
