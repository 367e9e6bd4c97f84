import type { GatewayConsumerRow, GatewayCredential } from '@keelson/contract'

/** What is asked before something changes. */
export type Asked =
  | { kind: 'key'; consumer: GatewayConsumerRow }
  | { kind: 'remove'; consumer: GatewayConsumerRow }
  | { kind: 'revoke'; consumer: GatewayConsumerRow; credential: GatewayCredential }
