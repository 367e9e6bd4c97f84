/** A text with its templates filled in, and the way back from it to what was written. */
export type RenderedText = {
  text: string
  /** Offset in the written text of an offset in the rendered one. */
  writtenOffset(rendered: number): number
  /** What the environment gave; no message may show it. */
  values: readonly string[]
  faults: readonly { offset: number; message: string; hint: string }[]
}

const template = /\$\{\{([^{}\n]*)\}\}/g
const call = /^\s*env\s+"([^"]*)"\s*(?:\|\s*(toInt|toFloat|toBool)\s*)?$/

const isOf: Readonly<Record<string, (value: string) => boolean>> = {
  toInt: (value) => /^[-+]?\d+$/.test(value),
  toFloat: (value) => value.trim() !== '' && !Number.isNaN(Number(value)),
  toBool: (value) => /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value),
}

/**
 * Fills in decK's `${{ env "DECK_X" }}`, with `| toInt`, `| toFloat` and `| toBool`, as decK does: in
 * the text, before it is YAML. Lines of comment are left alone.
 */
export const renderTemplates = (
  written: string,
  environment: Readonly<Record<string, string>>,
): RenderedText => {
  if (!written.includes('${{')) {
    return { text: written, writtenOffset: (offset) => offset, values: [], faults: [] }
  }
  const faults: { offset: number; message: string; hint: string }[] = []
  const shifts: { rendered: number; end: number; written: number; writtenEnd: number }[] = []
  const values: string[] = []
  let text = ''
  let done = 0
  for (const found of written.matchAll(template)) {
    if (isInComment(written, found.index)) continue
    const value = valueOf(found[1] ?? '', environment)
    text += written.slice(done, found.index)
    done = found.index + found[0].length
    if ('message' in value) {
      faults.push({ offset: found.index, ...value })
      continue
    }
    values.push(value.value)
    const filled = inContext(value.value, written, found.index, done)
    const rendered = text.length
    text += filled
    shifts.push({ rendered, end: text.length, written: found.index, writtenEnd: done })
  }
  text += written.slice(done)
  const writtenOffset = (offset: number): number => {
    const shift = shifts.findLast(({ rendered }) => rendered <= offset)
    if (shift === undefined) return offset
    return offset < shift.end ? shift.written : offset - shift.end + shift.writtenEnd
  }
  return { text, writtenOffset, values, faults }
}

const isInComment = (text: string, offset: number): boolean =>
  text
    .slice(text.lastIndexOf('\n', offset) + 1, offset)
    .trimStart()
    .startsWith('#')

/** A value of several lines (a PEM) that stands alone becomes a quoted text of one line. */
const inContext = (value: string, text: string, start: number, end: number): string => {
  const isAlone = text[start - 1] === ' ' && (text[end] === '\n' || end === text.length)
  return isAlone && value.includes('\n') ? JSON.stringify(value) : value
}

const valueOf = (
  expression: string,
  environment: Readonly<Record<string, string>>,
): { value: string } | { message: string; hint: string } => {
  const [, name, conversion] = call.exec(expression) ?? []
  if (name === undefined) {
    const hint = 'It can be ${{ env "DECK_NAME" }}, with | toInt, | toFloat or | toBool.'
    return { message: `This template cannot be read: ${expression.trim()}.`, hint }
  }
  if (!name.startsWith('DECK_')) {
    const hint = `decK takes only variables that start with DECK_: call it DECK_${name}.`
    return { message: `The variable ${name} does not start with DECK_.`, hint }
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined
  if (value === undefined) {
    return {
      message: `The environment variable ${name} is not set.`,
      hint: `Set ${name}, or write the value here.`,
    }
  }
  if (conversion !== undefined && isOf[conversion]?.(value) !== true) {
    const kind = { toInt: 'an integer', toFloat: 'a number', toBool: 'true or false' }[conversion]
    return { message: `The environment variable ${name} is not ${kind}.`, hint: '' }
  }
  return { value: conversion === 'toBool' ? String(/^[1tT]/.test(value)) : value }
}
