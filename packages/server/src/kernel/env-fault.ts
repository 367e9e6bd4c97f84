import { AppError } from './errors.ts'

/** `wanted` ends the sentence: `a port between 1 and 65535`. */
export const invalid = (name: string, value: string, wanted: string): AppError =>
  new AppError('env_invalid', { message: `${name} is ${JSON.stringify(value)}, not ${wanted}` })

export type RawEnvironment = Readonly<Record<string, string | undefined>>

export const nonEmpty = (value: string | undefined): string | undefined =>
  value === '' ? undefined : value
