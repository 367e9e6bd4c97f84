/**
 * The gateway without a platform: reading Kong files, and serving one. What the command line needs of
 * the gateway is here, and nothing of a database.
 */
export { describeGatewayConfig, type ConfigDescription } from '../config/describe.ts'
export { addressRangeProblem } from '../../kernel/address-range.ts'
export type { GatewayConfig } from '../config/model.ts'
export { readGatewayConfig, type ReadGatewayConfig } from '../config/read.ts'
export { plugins, type PluginTable } from '../plugins/index.ts'
export { openOwnPlugins, withHouse } from '../plugins/own/index.ts'
export { readApart } from './reading/read-apart.ts'
export { localCertificate, serveGateway, wantsTls, type ServedGateway } from './serve.ts'
