import type { SealedColumn } from '../../../kernel/keys/index.ts'

export const certificatePurpose = 'acme-certificate'
export const accountPurpose = 'acme-account'

/** What a certificate's key is bound to; neither addresses nor names have a space in them. */
export const rowOf = (source: string, names: readonly string[]): string =>
  [source, ...names].join(' ')

/** There is one row. */
export const accountBound = 'true'

/** What of the gateway is sealed under a master key, as the store seals it. */
export const sealedColumns: readonly SealedColumn[] = [
  {
    what: 'keys of certificates from ACME servers',
    ...{ table: 'gateway.certificate', column: 'sealed_key', purpose: certificatePurpose },
    ...{ id: `(source || ' ' || array_to_string(names, ' '))`, bound: (id) => id },
  },
  {
    what: 'keys of accounts at ACME servers',
    ...{ table: 'gateway.acme_account', column: 'sealed_key', purpose: accountPurpose },
    ...{ id: 'singleton', bound: (id) => id },
  },
]
