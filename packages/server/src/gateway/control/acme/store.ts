import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Clock } from '../../../kernel/clock.ts'
import type { Db } from '../../../kernel/db.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { Keyring } from '../../../kernel/keys/index.ts'
import type { CertificateKeeping, HeldCertificate } from '../../tls/acme/keeper.ts'
import { accountBound, accountPurpose, certificatePurpose, rowOf } from './sealed.ts'

type StoreDeps = {
  db: Db
  keyring: Pick<Keyring, 'seal' | 'open'>
  clock: Clock
  log: { warn(facts: object, message: string): void }
}

type TryRow = {
  source: string
  names: string[]
  failures: number
  problem: string | null
  not_before: Date
}

const tryKeptMs = 7 * 86_400_000

type CertificateRow = { source: string; names: string[]; cert: string; sealed_key: string }

/** Certificates in the database, their keys sealed. One whose key does not open is as good as none. */
export const certificateKeeping = (deps: StoreDeps): CertificateKeeping => {
  const { db, keyring, clock, log } = deps
  const opened = (row: CertificateRow): HeldCertificate[] => {
    const { source, names, cert, sealed_key: sealed } = row
    try {
      const key = keyring.open(certificatePurpose, sealed, rowOf(source, names)).toString()
      return [{ source, names, cert, key }]
    } catch (error) {
      log.warn({ names, reason: messageOf(error) }, 'the key of a certificate does not open')
      return []
    }
  }
  return {
    load: async () =>
      (
        await db.many<CertificateRow>(
          'select source, names, cert, sealed_key from gateway.certificate',
        )
      ).flatMap(opened),
    async save({ source = '', names, cert, key }) {
      const sealed = keyring.seal(certificatePurpose, Buffer.from(key), rowOf(source, names))
      await db.execute(
        `insert into gateway.certificate (source, names, cert, sealed_key, obtained_at)
         values ($1, $2, $3, $4, $5)
         on conflict (source, names) do update
           set cert = excluded.cert, sealed_key = excluded.sealed_key,
             obtained_at = excluded.obtained_at`,
        [source, names, cert, sealed, clock.now()],
      )
    },
    async loadTries() {
      // What is over for long says nothing any more.
      const longAgo = new Date(clock.now().getTime() - tryKeptMs)
      await db.execute('delete from gateway.certificate_try where not_before < $1', [longAgo])
      const rows = await db.many<TryRow>(
        'select source, names, failures, problem, not_before from gateway.certificate_try',
      )
      return rows.map(({ not_before: notBefore, ...row }) => ({ ...row, notBefore }))
    },
    async saveTry({ source = '', names, failures, problem, notBefore }) {
      await db.execute(
        `insert into gateway.certificate_try (source, names, failures, problem, not_before)
         values ($1, $2, $3, $4, $5)
         on conflict (source, names) do update
           set failures = excluded.failures, problem = excluded.problem,
             not_before = excluded.not_before`,
        [source, names, failures, problem, notBefore],
      )
    },
  }
}

/**
 * The key of the platform's accounts at ACME servers; made with the first one, and anew when it does
 * not open: an account is no more than the right to order.
 */
export const loadAccountKey = async (deps: StoreDeps): Promise<KeyObject> => {
  const { db, keyring, log } = deps
  const find = () => db.maybe<{ sealed_key: string }>('select sealed_key from gateway.acme_account')
  const open = (sealed: string): KeyObject =>
    createPrivateKey(keyring.open(accountPurpose, sealed, accountBound).toString())
  const known = (await find())?.sealed_key
  if (known !== undefined) {
    try {
      return open(known)
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the key of the ACME account does not open')
    }
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const sealed = keyring.seal(accountPurpose, Buffer.from(pem), accountBound)
  // Two who make one at once use the one that was first.
  await db.execute(
    `insert into gateway.acme_account (sealed_key) values ($1)
     on conflict (singleton) do update set sealed_key = excluded.sealed_key
       where gateway.acme_account.sealed_key = $2`,
    [sealed, known ?? ''],
  )
  return open((await find())?.sealed_key ?? sealed)
}
