import { AppError } from '../../kernel/errors.ts'
import { isCommon } from './common.ts'

const lengthMin = 8
const bytesMax = 1024
const contextLengthMin = 4

const charactersOf = (text: string): number => Array.from(text).length

/**
 * ASVS 5.0 6.2.1 (length), 6.2.4 and 6.2.12 (common and breached ones), 6.2.11 (words of the context).
 * No rules of composition (6.2.5), no expiry (6.2.10). Throws AppError `password_refused`.
 */
export const checkPassword = async (
  password: string,
  context: readonly string[],
): Promise<void> => {
  const refuse = (message: string): never => {
    throw new AppError('password_refused', { message })
  }
  if (charactersOf(password) < lengthMin) refuse(`A password has at least ${lengthMin} characters`)
  if (Buffer.byteLength(password) > bytesMax) refuse(`A password has at most ${bytesMax} bytes`)
  if (new Set(password).size < 3) refuse('This is the same character over and over')
  const lower = password.toLowerCase()
  for (const word of [...context, 'keelson']) {
    if (word.length < contextLengthMin) continue
    const rest = lower.replaceAll(word.toLowerCase(), '')
    if (rest !== lower && charactersOf(rest) < lengthMin) {
      refuse(`Besides “${word}” there is too little in this password`)
    }
  }
  if (await isCommon(password)) refuse('This password is among those that are tried first')
}
