import { stat } from 'node:fs/promises'
import { UserName } from '@keelson/contract'
import { Value } from 'typebox/value'
import { AppError, messageOf } from '../../kernel/errors.ts'
import { readRegularFile } from '../../kernel/read-file.ts'

const limitBytes = 8 * 1024

/**
 * The administrator of an unattended set-up: the name on the first line of the file, the password on the
 * second. Throws AppError `env_invalid`; the message says nothing of what is in the file.
 */
export const readSetupFile = async (path: string): Promise<{ name: string; password: string }> => {
  const text = await readText(path)
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) throw refusal(`${path} can be read by others: chmod 600`)
  const [name = '', password = '', ...rest] = text.split(/\r?\n/)
  if (!Value.Check(UserName, name)) throw refusal(`line 1 of ${path} is no name of a user`)
  if (password === '') throw refusal(`line 2 of ${path} has no password`)
  if (rest.some((line) => line !== '')) throw refusal(`${path} has more than two lines`)
  return { name, password }
}

const refusal = (message: string, cause?: unknown): AppError =>
  new AppError('env_invalid', { message: `KEELSON_SETUP_FILE: ${message}` }, { cause })

const readText = async (path: string): Promise<string> => {
  try {
    const content = await readRegularFile(path, { limitBytes })
    if (content !== null) return content.toString()
  } catch (error) {
    throw refusal(messageOf(error), error)
  }
  throw refusal(`there is no ${path}`)
}
