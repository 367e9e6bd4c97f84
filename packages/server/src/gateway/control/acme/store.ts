import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Clock } from '../../../kernel/clock.ts'
import type { Db } from '../../../kernel/db.ts'
import type { CertificateKeeping, HeldCertificate } from '../../tls/acme/keeper.ts'

/** Certificates in the database. */
export const certificateKeeping = (db: Db, clock: Clock): CertificateKeeping => ({
  load: () => db.many<HeldCertificate>('select source, names, cert, key from gateway.certificate'),
  async save({ source = '', names, cert, key }) {
    await db.execute(
      `insert into gateway.certificate (source, names, cert, key, obtained_at)
       values ($1, $2, $3, $4, $5)
       on conflict (source, names) do update
         set cert = excluded.cert, key = excluded.key, obtained_at = excluded.obtained_at`,
      [source, names, cert, key, clock.now()],
    )
  },
})

/** The key of the platform's accounts at ACME servers; made with the first one. */
export const loadAccountKey = async (db: Db): Promise<KeyObject> => {
  const find = () => db.maybe<{ key: string }>('select key from gateway.acme_account')
  const known = await find()
  if (known !== undefined) return createPrivateKey(known.key)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  await db.execute('insert into gateway.acme_account (key) values ($1) on conflict do nothing', [
    key,
  ])
  return createPrivateKey((await find())?.key ?? key)
}
