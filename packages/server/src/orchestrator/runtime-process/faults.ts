import { AppError, messageOf } from '../../kernel/errors.ts'

/** What the system refuses for reasons that have nothing to do with the service. */
export const startFault = (error: unknown, service: string, folder: string): AppError => {
  if (error instanceof AppError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const path = error instanceof Error && 'path' in error ? String(error.path) : folder
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(service, path, error)
  if (code === 'EMFILE' || code === 'ENFILE') {
    const message = `Service ${service} could not be started: Keelson has no file descriptor left`
    const hint = 'Raise the limit of open files (ulimit -n) for Keelson and start it again.'
    return new AppError('process_start_failed', { message }, { cause: error, hint })
  }
  const message = `The process of service ${service} could not be started: ${messageOf(error)}`
  return new AppError('process_start_failed', { message }, { cause: error })
}

export const diskFull = (service: string, path: string, cause?: unknown): AppError => {
  const message = `Service ${service} could not be started: the disk of ${path} is full`
  return new AppError('disk_full', { message }, { cause })
}
