import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { gatewayFolderOf } from './folder.ts'

const howTo = `Save it as keelson-ca.crt (keelson gateway trust > keelson-ca.crt), then once on each machine:
  Debian, Ubuntu   sudo cp keelson-ca.crt /usr/local/share/ca-certificates/ && sudo update-ca-certificates
  Fedora, RHEL     sudo cp keelson-ca.crt /etc/pki/ca-trust/source/anchors/ && sudo update-ca-trust
  macOS            sudo security add-trusted-cert -d -k /Library/Keychains/System.keychain keelson-ca.crt
  Windows          certutil -addstore -f Root keelson-ca.crt
  Firefox          Settings, Privacy & Security, View Certificates, Authorities, Import
  Node             NODE_EXTRA_CA_CERTS=keelson-ca.crt
  curl             curl --cacert keelson-ca.crt https://localhost:8443
Whoever has its key (mode 600 in the data folder) can pass for any site to whoever trusts it.`

/** Prints the certificate of this machine's own authority, which is made if there is none. */
export const trust = async (context: Context): Promise<number> => {
  const { localCertificate } = await import('@keelson/server/gateway')
  const certificate = await localCertificate(gatewayFolderOf(context))
  context.output.data(certificate.trimEnd())
  context.output.message(howTo)
  return exitCodes.ok
}
