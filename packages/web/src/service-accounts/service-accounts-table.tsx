import type { ServiceAccount } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Tags } from '../ui/tags.tsx'
import { Ago } from '../ui/time.tsx'
import { AccountState } from './account-state.tsx'

type Props = { accounts: readonly ServiceAccount[] }

export const ServiceAccountsTable = ({ accounts }: Props) => (
  <ScrollRegion label="Table of service accounts">
    <table className="table accounts">
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col">State</th>
          <th scope="col">Roles</th>
          <th scope="col" className="accounts-owner">
            Answers for it
          </th>
          <th scope="col" className="accounts-tokens">
            Tokens
          </th>
          <th scope="col" className="accounts-seen">
            Last seen
          </th>
        </tr>
      </thead>
      <tbody>
        {accounts.map((account) => (
          <tr key={account.id} data-account={account.name}>
            <th scope="row">
              <Link
                to="/access/service-accounts/$account"
                params={{ account: account.name }}
                className="break"
              >
                {account.name}
              </Link>
              {account.description !== '' && (
                <span className="muted small block break">{account.description}</span>
              )}
            </th>
            <td>
              <AccountState account={account} />
            </td>
            <td>
              <Tags names={account.roles} />
            </td>
            <td className="accounts-owner">
              {account.owner === null ? (
                <span className="muted">nobody</span>
              ) : (
                <span className="break">{account.owner.name}</span>
              )}
            </td>
            <td className="accounts-tokens num">{account.tokens}</td>
            <td className="accounts-seen nowrap">
              {account.lastSeenAt === null ? 'never' : <Ago at={account.lastSeenAt} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)
