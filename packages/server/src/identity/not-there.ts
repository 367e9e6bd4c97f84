import { AppError } from '../kernel/errors.ts'

const listedBy = {
  user: 'keelson user list',
  team: 'keelson team list',
  role: 'keelson role list',
  grant: 'keelson grant list',
  'service account': 'keelson service-account list',
  'API token': 'keelson token list, with --account <name> or --all',
}

/** AppError `not_found`; its way out is the list it would be in. */
export const notThere = (kind: keyof typeof listedBy, name: string): AppError => {
  const hint = `See which there are: ${listedBy[kind]}`
  return new AppError('not_found', { message: `There is no ${kind} ${name}` }, { hint })
}
