import { findPortHolder } from '@keelson/contract/listeners'

/** ` by python3 (pid 4121)`: who has a TCP port, as far as the system shows it; else nothing. */
export const byPortOwner = async (port: number): Promise<string> => {
  const holder = await findPortHolder(port)
  if (holder === null || holder.pid === null) return ''
  return ` by ${holder.command ?? 'a program'} (pid ${holder.pid})`
}
