import { join } from 'node:path'
import type { Context } from '../../context.ts'

/** What a gateway on this machine keeps beside the database: its authority, certificates of ACME. */
export const gatewayFolderOf = ({ dataFolder }: Context): string => join(dataFolder, 'gateway')
