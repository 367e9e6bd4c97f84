import { realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import type { ServiceSpec, StackSpec } from '@keelson/contract'
import { AppError, messageOf } from '../../kernel/errors.ts'

export type Copy = { source: string; target: string }

/**
 * Copies with their sources as they are on this host, links followed. Where those lead that somebody
 * put into a watched folder, beyond the stack and what the service watches, is nobody's to copy; what is gone again by now is left out.
 * Throws AppError('sync_refused').
 */
export const realCopies = async (
  stack: StackSpec,
  spec: ServiceSpec,
  copies: readonly Copy[],
): Promise<Copy[]> => {
  const written = [stack.workingDir, ...spec.watch.map(({ path }) => path)].map((path) =>
    resolve(stack.workingDir, path),
  )
  const real = await Promise.all(written.map((path) => realPath(path)))
  const roots = [...written, ...real.filter((path) => path !== null)]
  const found: Copy[] = []
  for (const { source, target } of copies) {
    const path = await realPath(source)
    // The place of a file that is gone can still be told by its name.
    const isInside = roots.some((root) => isWithin(root, path ?? resolve(source)))
    if (!isInside) throw refusal(spec, source, path)
    if (path !== null) found.push({ source: path, target })
  }
  return found
}

/** Is the path the folder, or below it? */
export const isWithin = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

/** Null when nothing is there. */
const realPath = async (path: string): Promise<string | null> => {
  try {
    return await realpath(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new AppError('sync_refused', { message: `${path} cannot be read: ${messageOf(error)}` })
  }
}

const refusal = ({ name }: ServiceSpec, source: string, real: string | null): AppError => {
  const where = real === null || real === source ? source : `${source} (${real})`
  const message = `${where} is neither in the folder of the stack nor watched by service ${name}`
  return new AppError('sync_refused', { message })
}
