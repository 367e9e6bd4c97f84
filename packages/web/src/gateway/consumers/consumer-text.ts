import type { GatewayConsumerRow, GatewayCredential } from '@keelson/contract'

export const consumerName = ({
  username,
  customId,
  id,
}: Pick<GatewayConsumerRow, 'username' | 'customId' | 'id'>): string => username ?? customId ?? id

export const credentialKinds: Record<GatewayCredential['kind'], string> = {
  keyauth_credentials: 'API key',
  basicauth_credentials: 'User and password',
  hmacauth_credentials: 'HMAC',
  jwt_secrets: 'JWT',
}

/** `gold, partner` → its parts, each once. */
export const listOf = (text: string): string[] => [
  ...new Set(
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ),
]
