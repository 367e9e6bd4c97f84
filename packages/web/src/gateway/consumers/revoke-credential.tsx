import type { GatewayConsumerRow, GatewayCredential } from '@keelson/contract'
import { call } from '../../api/call.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { useGatewayChange } from '../use-gateway-change.ts'
import { consumerName, credentialKinds } from './consumer-text.ts'

type RevokeCredentialProps = {
  consumer: GatewayConsumerRow
  credential: GatewayCredential
  onClose: () => void
}

export const RevokeCredential = ({ consumer, credential, onClose }: RevokeCredentialProps) => {
  const { id, kind, label } = credential
  const revoke = useGatewayChange(
    () => call('deleteGatewayCredential', { params: { id } }),
    onClose,
  )
  return (
    <ConfirmDialog
      title={`Revoke ${credentialKinds[kind]} ${label}?`}
      submit="Revoke"
      danger
      change={revoke}
      onClose={onClose}
    >
      Whoever asks with it as {consumerName(consumer)} is turned away at once. A revoked key works
      again only by rolling the configuration back.
    </ConfirmDialog>
  )
}
